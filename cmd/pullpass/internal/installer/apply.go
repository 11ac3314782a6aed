package installer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"syscall"

	"github.com/pullpass/pullpass/provider"
)

// A change is what is done to a file.
type change struct {
	file             // as it will be in the record
	old, new         *version
	oldData, newData []byte
	accept           func(path string) error // see write
}

// A plan is what is done to all files, in this order.
type plan struct {
	changes []change
	record  *record  // of the install when it is done
	keep    [][]byte // contents that are in the record and in no change
	hash    string   // of all that the kubelet will read at its start
	config  string   // the hash of the config alone
	removal bool
	emptied bool   // the config has no file any more, and the kubelet does not start with one like that
	left    config // of a removal: what stays of the config
	used    bool   // by the kubelet that runs: it does not know of the changes until it is restarted
	notes   []string
	done    []string // what else to say of the changes when they are made
}

// atStart reports whether something is changed that a kubelet reads at its start. That is not the
// binary.
func (p *plan) atStart() bool {
	return slices.ContainsFunc(p.changes, func(c change) bool { return c.Kind != kindBinary })
}

// apply makes the changes. First of all, the state has what is needed to complete and to undo
// them. After an error everything is as it was; if that is not possible either, the state is that
// of a run that was killed.
func (i *Installer) apply(p *plan) error {
	if len(p.changes) == 0 {
		return i.remember(p.record)
	}
	former, next := i.state, i.state
	next.Installed = p.record
	if p.atStart() {
		next.Trial = former.trialOf(p)
		if next.Kubelet = ""; p.used {
			next.Kubelet = i.Boot // one that starts meanwhile may see all of it or a part
		}
	}
	err := i.keep(p, next)
	if err == nil {
		err = i.save(next)
	}
	for n := 0; err == nil && n < len(p.changes); n++ {
		if err = i.make(p.changes[n]); err == nil {
			continue
		}
		if e := i.undo(p.changes[:n+1]); e != nil {
			return withFileHint(also(err, e))
		}
	}
	if err != nil {
		removeFolders(newFolders(p.record, former.Installed))
		return withFileHint(also(err, i.restoreState(former)))
	}
	for _, c := range p.changes {
		i.Done(c.String())
	}
	for _, text := range p.done {
		i.Done(text)
	}
	return i.nameKubelet()
}

// remember puts a record in the state where nothing else changes: the kubelet may have been given
// other paths of files that are as they are to be.
func (i *Installer) remember(r *record) error {
	if i.state.Installed == nil || reflect.DeepEqual(i.state.Installed, r) {
		return nil
	}
	next := i.state
	next.Installed = r
	return i.save(next)
}

// nameKubelet puts the kubelet that runs in place of the boot's ID in the state: no other one is
// older than the changes.
func (i *Installer) nameKubelet() error {
	if i.state.Kubelet != i.Boot || i.Find == nil {
		return nil
	}
	running, err := i.Find()
	if err != nil {
		return err
	}
	next := i.state
	next.Kubelet = ""
	if running != nil {
		next.Kubelet = running.ID
	}
	return i.save(next)
}

// save writes the state.
func (i *Installer) save(next state) error {
	i.state = next
	return i.store.save(next)
}

// restoreState writes the state as it was, which may have been none.
func (i *Installer) restoreState(former state) error {
	i.state = former
	if former.Installed == nil && former.Trial == nil && former.Rejected == nil {
		return i.store.forget()
	}
	return i.store.save(former)
}

// trialOf returns the trial of a plan: what a kubelet last ran with stays what it was before all
// changes of which none was seen to work.
func (s state) trialOf(p *plan) *trial {
	t := trial{Before: before{Installed: s.Installed}}
	if s.Trial != nil {
		t.Before = s.Trial.Before
		t.Before.Files = slices.Clone(t.Before.Files)
	}
	t.Hash, t.Config, t.Removal = p.hash, p.config, p.removal
	for _, c := range p.changes {
		n := slices.IndexFunc(t.Before.Files, func(r restored) bool { return r.Path == c.Path })
		if n < 0 {
			n = len(t.Before.Files)
			t.Before.Files = append(t.Before.Files, restored{Path: c.Path, Version: c.old})
		}
		t.Before.Files[n].Written = c.new.hash()
	}
	return &t
}

// keep stores the contents that the next state needs.
func (i *Installer) keep(p *plan, next state) error {
	needed := next.versions()
	contents := p.keep
	for _, c := range p.changes {
		if c.old != nil && slices.ContainsFunc(needed, c.old.same) {
			contents = append(contents, c.oldData)
		}
	}
	for _, data := range contents {
		if err := i.store.keep(data); err != nil {
			return err
		}
	}
	return nil
}

// make makes one change.
func (i *Installer) make(c change) error {
	if c.new == nil {
		return remove(c.Path)
	}
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o755); err != nil {
		return err
	}
	return write(c.Path, c.newData, c.new, c.accept)
}

// undo takes changes back, the last one first, up to the first one that it cannot: what was changed
// before that one is what it needs. The last one may not have been made.
func (i *Installer) undo(changes []change) error {
	for _, c := range slices.Backward(changes) {
		if now, _, err := read(c.Path); err == nil && now.equal(c.old) {
			continue
		}
		c.new, c.newData, c.accept = c.old, c.oldData, nil
		if err := i.make(c); err != nil {
			return fmt.Errorf("put back %s: %w; the next run goes on", c.Path, err)
		}
	}
	return nil
}

// newFolders are those of r that were not made for former.
func newFolders(r, former *record) []string {
	var folders []string
	for _, folder := range r.Folders {
		if former == nil || !slices.Contains(former.Folders, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

func (c change) String() string {
	if c.new == nil {
		return "removed " + c.Path
	}
	return "wrote " + c.Path
}

// withFileHint says how to go on where a folder cannot be written to.
func withFileHint(err error) error {
	if errors.Is(err, syscall.EROFS) || errors.Is(err, errCannotRun) {
		return provider.WithHint(err, "--bin-dir and --kubelet-config name other places; a kubelet with the flags in its own arguments needs them there, too")
	}
	return err
}

// also is err with another one after it, on the one line that messages have.
func also(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, other)
}
