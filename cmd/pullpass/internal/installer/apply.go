package installer

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"syscall"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/provider"
)

// apply writes the changes of a plan. Before that, the state gets everything that is needed to complete
// and to undo them. After an error, all files are as they were. If that is not possible either, the state
// is that of a killed run.
func (i *Installer) apply(p *plan) error {
	former := i.state
	if len(p.changes) == 0 { // somebody may have given the kubelet other paths
		next := former
		next.Installed = p.record
		return i.update(next)
	}
	next := former.write(p, i.Boot)
	err := i.keep(p, next)
	if err == nil {
		err = i.save(next)
	}
	for n := 0; err == nil && n < len(p.changes); n++ {
		c := p.changes[n]
		if err = nodefile.Replace(c.Path, c.new, c.accept); err == nil {
			continue
		}
		if e := undo(p.changes[:n+1]); e != nil {
			return withFileHint(also(err, e))
		}
	}
	if err != nil {
		nodefile.RemoveDirectories(newDirectories(p.record, former.Installed))
		i.state = former
		if former.phase() == none && former.Rejected == nil {
			return withFileHint(also(err, i.store.forget()))
		}
		return withFileHint(also(err, i.store.save(former)))
	}
	for _, c := range p.changes {
		i.Done(c.String())
	}
	for _, text := range p.done {
		i.Done(text)
	}
	return i.nameOutdated()
}

// nameOutdated replaces the boot's ID in state.Outdated with the ID of the running kubelet.
func (i *Installer) nameOutdated() error {
	if i.state.Outdated != i.Boot || i.Find == nil {
		return nil
	}
	running, err := i.Find()
	if err != nil {
		return err
	}
	return i.save(i.state.written(running))
}

// save makes next the state, also on the disk.
func (i *Installer) save(next state) error {
	i.state = next
	return i.store.save(next)
}

// update is save, unless next is the state already, or has no install to remember.
func (i *Installer) update(next state) error {
	if i.state.Installed == nil || reflect.DeepEqual(next, i.state) {
		return nil
	}
	return i.save(next)
}

// keep stores the contents that the next state needs.
func (i *Installer) keep(p *plan, next state) error {
	needed := next.snapshots()
	contents := p.keep
	for _, c := range p.changes {
		if c.old.Snapshot != nil && slices.ContainsFunc(needed, c.old.Same) {
			contents = append(contents, c.old.Data)
		}
	}
	for _, data := range contents {
		if err := i.store.keep(data); err != nil {
			return err
		}
	}
	return nil
}

// undo reverts changes, the last one first. It stops at the first one that it cannot revert, because that
// one needs the changes before it. The last change may not have been made.
func undo(changes []change) error {
	for _, c := range slices.Backward(changes) {
		if now, err := c.look(); err == nil && now.Equal(c.old.Snapshot) {
			continue
		}
		if err := nodefile.Replace(c.Path, c.old, nil); err != nil {
			return fmt.Errorf("restore %s: %w; the next run finishes the job", c.Path, err)
		}
	}
	return nil
}

// newDirectories returns the directories of r that were not created for former.
func newDirectories(r, former *record) []string {
	var paths []string
	for _, path := range r.Directories {
		if former == nil || !slices.Contains(former.Directories, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// withFileHint adds the hint for a directory that cannot be written to.
func withFileHint(err error) error {
	if errors.Is(err, syscall.EROFS) || errors.Is(err, errCannotRun) {
		return provider.WithHint(err, "choose other paths with --bin-dir and --kubelet-config; if the kubelet has these flags in its own arguments, change them there as well")
	}
	return err
}

// also returns err with another error after it, on the one line that messages have.
func also(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, other)
}
