package installer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// A change is what is done to a file.
type change struct {
	file     // as it will be in the record
	old, new nodefile.Content
	accept   func(path string) error // see nodefile.Write
}

func (c change) String() string {
	switch {
	case c.new.Snapshot == nil:
		return "removed " + c.Path
	case c.Kind == kindLink:
		return fmt.Sprintf("linked %s to %s", c.Path, c.new.Data)
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
	config  string   // the hash of only the config
	removal bool
	emptied bool   // a removal leaves no file of the config, and the kubelet does not start without one
	left    config // what a removal leaves of the config
	used    bool   // the running kubelet uses what is changed, and does not read the changes until a restart
	notes   []string
	done    []string // other messages for the end of the changes
}

// atStart reports whether the plan changes anything that a kubelet reads at its start.
func (p *plan) atStart() bool { return slices.ContainsFunc(p.changes, change.atStart) }

// A planner makes the plan of an install.
type planner struct {
	*plan
	options Options
	binary  []byte
}

// plan returns what an install has to do. It writes nothing. An error is about the node's files as they
// are, or as they would be, and forbids the install.
func (i *Installer) plan(ctx context.Context, o Options) (*plan, error) {
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
	if err := b.planBinary(ctx); err != nil {
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
	if err := i.planLink(b); err != nil {
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
	p, err := i.plan(ctx, o)
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
	if err == nil {
		err = i.checkPlaces(p)
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
		return provider.WithHint(fmt.Errorf("write to %s: there is no such directory", pf.Config), "create the directory first")
	}
	state := nodefile.RealPath(stateDir)
	for n, path := range paths {
		target := nodefile.RealPath(path)
		if target == state || strings.HasPrefix(target, state+"/") {
			return fmt.Errorf("write %s: %s is reserved for the state of pullpass install", path, stateDir)
		}
		if slices.ContainsFunc(paths[:n], func(other string) bool { return nodefile.RealPath(other) == target }) {
			return fmt.Errorf("write %s: binary, config and flags must be different files", path)
		}
	}
	return nil
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
