package installer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// A planner makes the plan of an install.
type planner struct {
	*plan
	options Options
	binary  []byte
	content func(*version) ([]byte, error) // of what was there before
}

// plan returns what an install has to do. Nothing is written, and nothing may be if there is an
// error: it is what is wrong with the node's files as they are, or would be.
func (i *Installer) plan(o Options) (*plan, error) {
	pf := o.Platform
	r := record{Platform: pf.Name, Service: pf.Service, Config: pf.Config, BinDir: pf.BinDir, Flags: pf.Flags}
	if former := i.state.Installed; former != nil {
		r.Entries, r.Dormant, r.Folders, r.Files = former.Entries, former.Dormant, slices.Clone(former.Folders), slices.Clone(former.Files)
	}
	binary, err := i.Binary()
	if err != nil {
		return nil, fmt.Errorf("read our own program: %w", err)
	}
	if i.Find == nil {
		if err := checkMachine(binary); err != nil {
			return nil, err
		}
	}
	if err := checkPaths(i.Folder, pf); err != nil {
		return nil, err
	}
	b := &planner{plan: &plan{record: &r, used: true}, options: o, binary: binary, content: i.store.content}
	if err := b.planBinary(); err != nil {
		return nil, err
	}
	c, err := b.planConfig()
	if err != nil {
		return nil, err
	}
	flags, err := b.planFlags()
	if err != nil {
		return nil, err
	}
	if err := c.check(pf.BinDir, config{}); err != nil {
		return nil, err
	}
	b.hash, b.config = c.hash(flags), c.hash(nil)
	return b.plan, nil
}

// checkedPlan is plan, for what may be done: an error is all that stops an install before anything is
// written.
func (i *Installer) checkedPlan(ctx context.Context, o Options) (*plan, error) {
	p, err := i.plan(o)
	if err == nil {
		err = i.refuseRejected(p, o.Retry)
	}
	if err == nil {
		err = i.checkRestart(ctx, p, o)
	}
	return p, err
}

// checkPaths refuses files that would be written over each other, or over the state.
func checkPaths(folder string, pf platform.Platform) error {
	paths := []string{filepath.Join(pf.BinDir, Name), pf.Config}
	if pf.Flags != nil {
		paths = append(paths, pf.Flags.Path)
	}
	if _, err := os.Stat(pf.Config); strings.HasSuffix(pf.Config, "/") && errors.Is(err, fs.ErrNotExist) {
		return provider.WithHint(fmt.Errorf("write to %s: there is no such folder", pf.Config), "make the folder first")
	}
	state := realPath(folder)
	for n, path := range paths {
		target := realPath(path)
		if target == state || strings.HasPrefix(target, state+"/") {
			return fmt.Errorf("write %s: in %s there is only what pullpass install remembers", path, folder)
		}
		if slices.ContainsFunc(paths[:n], func(other string) bool { return realPath(other) == target }) {
			return fmt.Errorf("write %s: binary, config and flags have to be in different files", path)
		}
	}
	return nil
}

func (b *planner) planBinary() error {
	path := filepath.Join(b.options.Platform.BinDir, Name)
	if err := checkBinDir(b.options.Platform.BinDir); err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		return provider.WithHint( // whose file it leads to is not known
			fmt.Errorf("write %s: it is a symbolic link", path),
			"remove it, or name another folder with --bin-dir")
	}
	old, oldData, err := read(path)
	if err != nil {
		return err
	}
	if old != nil && bytes.Equal(oldData, b.binary) && old.Mode == 0o755 && old.UID == os.Geteuid() {
		return nil
	}
	return b.add(change{
		file: file{Path: path, Kind: kindBinary},
		old:  old, oldData: oldData,
		new: binaryVersion(b.binary), newData: b.binary,
		accept: canRun,
	})
}

func binaryVersion(data []byte) *version {
	return &version{sum(data), 0o755, os.Geteuid(), os.Getegid()}
}

// checkBinDir refuses a folder in which anybody can replace what the kubelet runs as root. What a
// group may is the distribution's to decide: Debian's staff has had /usr/local.
func checkBinDir(folder string) error {
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	uid, _ := owner(info)
	open := info.Mode()&0o002 != 0 && info.Mode()&os.ModeSticky == 0
	if uid != os.Geteuid() || open {
		return provider.WithHint(
			fmt.Errorf("others than root can write to %s, from which the kubelet runs programs as root", folder),
			"make it root's (chown root, chmod o-w), or name another folder with --bin-dir")
	}
	return nil
}

// errCannotRun is that the system does not run a program where it is.
var errCannotRun = errors.New("a program in this folder cannot be run")

// canRun runs the new binary: its folder may be of a file system without execution, or the
// system may have rules about what is run from where.
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

// planFlags returns the flags' file as it will be, nil if the flags are elsewhere.
func (b *planner) planFlags() ([]byte, error) {
	pf := b.options.Platform
	if pf.Flags == nil {
		return nil, nil
	}
	old, oldData, err := read(pf.Flags.Path)
	if err != nil {
		return nil, err
	}
	data := oldData
	if former, ok := b.record.file(pf.Flags.Path); ok && former.Kind == kindFlags {
		if data, err = former.Flags.Renew(data, pf.Flags.Inherited); err != nil {
			return nil, err
		}
	}
	data, err = platform.MergeFlags(*pf.Flags, data, pf.Config, pf.BinDir)
	if err != nil || old != nil && bytes.Equal(data, oldData) {
		return data, err
	}
	if read, _ := pf.Flags.Paths(oldData); !samePath(read, pf.Config) {
		now, err := readConfig(pf.Config)
		if err != nil {
			return nil, err
		}
		b.record.Dormant = now.others(nil)
	}
	return data, b.add(change{
		file: file{Path: pf.Flags.Path, Kind: kindFlags, Flags: pf.Flags},
		old:  old, oldData: oldData,
		new: newVersion(data, old, 0o644), newData: data,
	})
}

// newVersion is that of a file which keeps what it has but for its content.
func newVersion(data []byte, old *version, mode os.FileMode) *version {
	v := version{Mode: mode, UID: os.Geteuid(), GID: os.Getegid()}
	if old != nil {
		v = *old
	}
	v.SHA256 = sum(data)
	return &v
}

// add adds a change to the plan and to the record.
func (b *planner) add(c change) error {
	c.Original, c.Written = c.old, []string{c.new.SHA256}
	if former, ok := b.record.file(c.Path); ok {
		for _, name := range former.Replaced {
			if !slices.Contains(c.Replaced, name) {
				c.Replaced = append(c.Replaced, name)
			}
		}
		original, err := b.original(c, former)
		if err != nil {
			return err
		}
		c.Original = original
		c.Written = andNext(former.Written, c.old.hash(), c.new.SHA256)
		b.record.Files = slices.DeleteFunc(b.record.Files, func(f file) bool { return f.Path == c.Path })
	}
	b.record.Files = append(b.record.Files, c.file)
	for _, folder := range missingFolders(filepath.Dir(c.Path)) {
		if !slices.Contains(b.record.Folders, folder) {
			b.record.Folders = append(b.record.Folders, folder)
		}
	}
	b.changes = append(b.changes, c)
	return nil
}
