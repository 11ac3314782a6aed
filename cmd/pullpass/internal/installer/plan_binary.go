package installer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/provider"
)

func (b *planner) planBinary() error {
	path := filepath.Join(b.options.Platform.BinDir, ownName)
	if err := checkBinDir(b.options.Platform.BinDir); err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		return provider.WithHint( // we do not know whose file it leads to
			fmt.Errorf("write %s: it is a symbolic link", path),
			"remove it, or name another folder with --bin-dir")
	}
	old, err := nodefile.Read(path)
	if err != nil {
		return err
	}
	next := nodefile.New(b.binary, nil, 0o755)
	if old.Same(next.Snapshot) && old.Mode == next.Mode && old.UID == next.UID {
		return nil
	}
	return b.add(change{file: file{Path: path, Kind: kindBinary}, old: old, new: next, accept: canRun})
}

// checkBinDir refuses a directory in which others than root can replace a program that the kubelet runs as
// root. A group may write to it if the distribution wants so: on Debian, /usr/local was the group staff's.
func checkBinDir(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	uid, _ := nodefile.Owner(info)
	open := info.Mode()&0o002 != 0 && info.Mode()&os.ModeSticky == 0
	if uid != os.Geteuid() || open {
		return provider.WithHint(
			fmt.Errorf("others than root can write to %s, from which the kubelet runs programs as root", path),
			"make it root's (chown root, chmod o-w), or name another folder with --bin-dir")
	}
	return nil
}

// errCannotRun says that the system does not run programs from a directory.
var errCannotRun = errors.New("a program in this folder cannot be run")

// canRun runs the new binary. The file system may be mounted without execution, or the system may have
// rules for programs by their path.
func canRun(path string) error {
	command := exec.Command(path, "version")
	command.Stdin, command.Stdout = strings.NewReader(""), new(bytes.Buffer) // an image may have no /dev/null
	command.Stderr = new(bytes.Buffer)
	switch err := command.Run(); {
	case errors.Is(err, syscall.ENOEXEC):
		return provider.WithHint(fmt.Errorf("write %s: the program is for another CPU", filepath.Dir(path)), "use the pullpass for the CPU of this node")
	case err != nil:
		return fmt.Errorf("write %s: %w: %w", filepath.Dir(path), errCannotRun, err)
	}
	return nil
}
