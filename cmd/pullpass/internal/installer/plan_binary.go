package installer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/provider"
)

// binaryMode lets every kubelet run the binary, and only root change it.
const binaryMode = 0o755

// binaryFile returns where the binary is in a plugin directory.
func binaryFile(binDir string) file {
	return file{Path: filepath.Join(binDir, ownName), Kind: kindBinary}
}

func (b *planner) planBinary(ctx context.Context) error {
	f := binaryFile(b.options.Platform.BinDir)
	if info, err := os.Lstat(f.Path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		return provider.WithHint( // we do not know whose file it leads to
			fmt.Errorf("write %s: it is a symbolic link", f.Path),
			"remove it, or choose another directory with --bin-dir")
	}
	now, err := f.look()
	if hint := provider.Hint(err); hint != "" { // who can write there also changes what the kubelet runs as root
		return provider.WithHint(err, "choose another directory with --bin-dir, or: "+hint)
	}
	if err != nil {
		return err
	}
	next := nodefile.New(b.binary, nil, binaryMode)
	if now.Same(next.Snapshot) && now.Mode == next.Mode && now.UID == next.UID {
		return nil
	}
	old, err := f.read()
	if err != nil {
		return err
	}
	return b.add(change{file: f, old: old, new: next, accept: func(path string) error { return canRun(ctx, path) }})
}

// errCannotRun says that the system does not run programs from a directory.
var errCannotRun = errors.New("a program in this directory cannot be run")

// runTime is how long the new binary may take to say its version, which it does within milliseconds.
const runTime = 10 * time.Second

// canRun runs the new binary. The file system may be mounted without execution, or the system may have
// rules for programs by their path. Nothing else than what this process has just written is run: it is at
// path before it gets its name, where only root can write.
func canRun(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	command := exec.CommandContext(ctx, path, "version")
	// An image may have no /dev/null.
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(""), io.Discard, io.Discard
	command.WaitDelay = time.Second
	switch err := command.Run(); {
	case errors.Is(err, syscall.ENOEXEC):
		return provider.WithHint(fmt.Errorf("write %s: the binary is for another CPU", filepath.Dir(path)), "use the pullpass binary for the CPU of this node")
	case err != nil:
		return cannotRun(path, err)
	}
	return nil
}

// cannotRun returns the error for a binary that cannot be run at path.
func cannotRun(path string, err error) error {
	return fmt.Errorf("write %s: %w: %w", filepath.Dir(path), errCannotRun, err)
}

// checkBinary returns nil if the binary of an install is there as it was written: with the bytes that the
// state has for it, and only root can change it. Without a record of it, as in an image that had the binary
// already, it has to be this pullpass. It is not run to find that out: it may be anybody's.
func (i *Installer) checkBinary(r *record) error {
	f := binaryFile(r.BinDir)
	now, err := f.look()
	switch {
	case err != nil:
		return err
	case now == nil:
		return fmt.Errorf("there is no %s", f.Path)
	}
	written, recorded := r.file(f.Path)
	if !recorded {
		own, err := i.Binary()
		if err != nil {
			return fmt.Errorf("read our own program: %w", err)
		}
		written.Written = []string{nodefile.Sum(own)}
	}
	again := func(text string, values ...any) error {
		return provider.WithHint(fmt.Errorf("%s "+text, append([]any{f.Path}, values...)...), "run pullpass install again")
	}
	switch {
	case !written.wrote(now) && recorded:
		return again("is not what was installed: its SHA-256 is %s", now.SHA256)
	case !written.wrote(now):
		return again("is not this pullpass, and no install is recorded")
	case now.UID != os.Geteuid():
		return again("belongs to user %d", now.UID)
	case now.Mode != binaryMode:
		return again("has the mode %s instead of %s", octal(now.Mode), octal(binaryMode))
	}
	return nil
}

// octal returns a mode as chmod(1) takes it.
func octal(mode fs.FileMode) string {
	bits := mode.Perm()
	for bit, is := range map[fs.FileMode]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if mode&is != 0 {
			bits |= bit
		}
	}
	return fmt.Sprintf("%04o", uint32(bits))
}
