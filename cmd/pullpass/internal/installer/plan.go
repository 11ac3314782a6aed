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

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// A change is what is done to a file.
type change struct {
	file     // as it will be in the record
	old, new nodefile.Content
	accept   func(path string) error // see write
}

func (c change) String() string {
	if c.new.Snapshot == nil {
		return "removed " + c.Path
	}
	return "wrote " + c.Path
}

// A plan has all changes of a run, in their order.
type plan struct {
	store   store
	changes []change
	record  *record  // of the install, once the plan is carried out
	keep    [][]byte // contents that are in the record and in no change
	hash    string   // of all that the kubelet will read at its start
	config  string   // the hash of the config alone
	removal bool
	emptied bool   // a removal leaves no file of the config, and the kubelet does not start without one
	left    config // what a removal leaves of the config
	used    bool   // the running kubelet uses what is changed, and does not read the changes until a restart
	notes   []string
	done    []string // what else to say once the changes are made
}

// atStart reports whether the plan changes anything that a kubelet reads at its start. It reads the binary
// later.
func (p *plan) atStart() bool {
	return slices.ContainsFunc(p.changes, func(c change) bool { return c.Kind != kindBinary })
}

// A planner makes the plan of an install.
type planner struct {
	*plan
	options Options
	binary  []byte
}

// plan returns what an install has to do. It writes nothing. An error is about the node's files as they
// are, or as they would be, and forbids the install.
func (i *Installer) plan(o Options) (*plan, error) {
	pf := o.Platform
	r := record{Platform: pf.Name, Service: pf.Service, Config: pf.Config, BinDir: pf.BinDir, Flags: pf.Flags}
	if former := i.state.Installed; former != nil {
		r.Entries, r.Dormant, r.Directories, r.Files = former.Entries, former.Dormant, slices.Clone(former.Directories), slices.Clone(former.Files)
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
	if err := checkPaths(i.StateDir, pf); err != nil {
		return nil, err
	}
	b := &planner{plan: &plan{store: i.store, record: &r, used: true}, options: o, binary: binary}
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
	if len(b.changes) > 0 {
		b.notes = slices.Concat(pf.Notes, b.notes)
	}
	b.hash, b.config = c.hash(flags), c.hash(nil)
	return b.plan, nil
}

// checkedPlan returns the plan of an install that may be carried out, and the running kubelet. Its error is
// all that stops an install before anything is written.
func (i *Installer) checkedPlan(ctx context.Context, o Options) (*plan, *kubelet.Process, error) {
	p, err := i.plan(o)
	if err != nil {
		return nil, nil, err
	}
	running, err := i.running()
	if err == nil {
		err = i.checkRejected(p, running, o)
	}
	if err == nil {
		err = i.checkRestart(ctx, running, p, o)
	}
	return p, running, err
}

// checkPaths refuses files that would overwrite each other, or the state.
func checkPaths(stateDir string, pf platform.Platform) error {
	paths := []string{filepath.Join(pf.BinDir, ownName), pf.Config}
	if pf.Flags != nil {
		paths = append(paths, pf.Flags.Path)
	}
	if _, err := os.Stat(pf.Config); strings.HasSuffix(pf.Config, "/") && errors.Is(err, fs.ErrNotExist) {
		return provider.WithHint(fmt.Errorf("write to %s: there is no such folder", pf.Config), "make the folder first")
	}
	state := nodefile.RealPath(stateDir)
	for n, path := range paths {
		target := nodefile.RealPath(path)
		if target == state || strings.HasPrefix(target, state+"/") {
			return fmt.Errorf("write %s: in %s there is only what pullpass install remembers", path, stateDir)
		}
		if slices.ContainsFunc(paths[:n], func(other string) bool { return nodefile.RealPath(other) == target }) {
			return fmt.Errorf("write %s: binary, config and flags have to be in different files", path)
		}
	}
	return nil
}

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

// planFlags returns the content that the flags file will have, nil if the flags are elsewhere.
func (b *planner) planFlags() ([]byte, error) {
	pf := b.options.Platform
	if pf.Flags == nil {
		return nil, nil
	}
	old, err := nodefile.Read(pf.Flags.Path)
	if err != nil {
		return nil, err
	}
	data := old.Data
	if former, ok := b.record.file(pf.Flags.Path); ok && former.Kind == kindFlags {
		if data, err = former.Flags.Renew(data, pf.Flags.Inherited); err != nil {
			return nil, err
		}
	}
	data, err = platform.MergeFlags(*pf.Flags, data, pf.Config, pf.BinDir)
	if err != nil || old.Snapshot != nil && bytes.Equal(data, old.Data) {
		return data, err
	}
	if now, _ := pf.Flags.Paths(old.Data); !samePath(now, pf.Config) {
		dormant, err := readConfig(pf.Config)
		if err != nil {
			return nil, err
		}
		b.record.Dormant = dormant.others(nil)
	}
	return data, b.add(change{
		file: file{Path: pf.Flags.Path, Kind: kindFlags, Flags: pf.Flags},
		old:  old, new: nodefile.New(data, old.Snapshot, 0o644),
	})
}

// add adds a change to the plan and to the record.
func (b *planner) add(c change) error {
	c.Original, c.Written = c.old.Snapshot, []string{c.new.SHA256}
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
		c.Written = andNext(former.Written, c.old.Hash(), c.new.SHA256)
		b.record.Files = slices.DeleteFunc(b.record.Files, func(f file) bool { return f.Path == c.Path })
	}
	b.record.Files = append(b.record.Files, c.file)
	for _, path := range nodefile.MissingDirectories(filepath.Dir(c.Path)) {
		if !slices.Contains(b.record.Directories, path) {
			b.record.Directories = append(b.record.Directories, path)
		}
	}
	b.changes = append(b.changes, c)
	return nil
}
