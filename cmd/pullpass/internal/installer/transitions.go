package installer

import (
	"slices"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
)

// The functions in this file are the table in the package comment. They depend on nothing but their
// arguments. In all of them, a nil kubelet means that none runs.

// A phase says how far the last change has come.
type phase string

const (
	none      phase = "none"
	installed phase = "installed"
	pending   phase = "pending"
	restarted phase = "restarted"
	failed    phase = "failed"
)

func (s state) phase() phase {
	switch t := s.Trial; {
	case t == nil && s.Installed == nil:
		return none
	case t == nil:
		return installed
	case t.Failed != "":
		return failed
	case t.Restarted:
		return restarted
	}
	return pending
}

// An action is what a run does after an event.
type action string

const (
	toProceed      action = "proceed"
	toSave         action = "save"            // save the state; there is nothing else to do
	toConfirm      action = "confirm"         // see for a short time whether the kubelet is healthy; if not, proceed
	toDecide       action = "decide"          // wait for a healthy kubelet, and roll back without one
	toRestoreFiles action = "restore files"   // there is no kubelet to restart
	toRollBack     action = "roll back"       // restore the files, and restart the kubelet if that is allowed
	toRestart      action = "restart"         // restart the kubelet
	toTellRestart  action = "tell: restart"   // say that the kubelet has to be restarted
	toTellNone     action = "tell: none runs" // say that no kubelet is running
	toRemoveBinary action = "remove binary"   // and forget the state
	toFail         action = "fail"            // there is nothing to roll back
)

// begin is for a run that begins, in the boot with this ID.
func (s state) begin(running *kubelet.Process, boot string) action {
	switch s.phase() {
	case pending:
		if running != nil && !s.Trial.Removal && s.checkStarted(running) == nil {
			return toConfirm
		}
	case restarted:
		if running == nil && s.Trial.Boot == boot || running != nil && !s.outdated(running) {
			return toDecide
		}
	case failed:
		if running == nil && s.Trial.Boot != boot {
			return toRestoreFiles
		}
		return toRollBack
	}
	return toProceed
}

// refuses reports whether a plan was rejected and is not to be tried again. If there is nothing to write
// and a kubelet runs with it after all, somebody else has tried it.
func (s state) refuses(p *plan, running *kubelet.Process, retry bool) bool {
	if s.Rejected == nil || s.Rejected.Hash != p.hash || retry {
		return false
	}
	works := running != nil && !p.removal && len(p.changes) == 0 && s.checkRead(running, p.record, p.config) == nil
	return !works
}

// write is for the changes of a plan that are about to be written. What is restored in a rollback is what
// a kubelet last ran with, also if other changes of this trial came before these.
func (s state) write(p *plan, boot string) state {
	before := s.before()
	s.Installed = p.record
	switch {
	case p.atStart():
		before = before.with(p.changes)
	case s.Trial != nil && before.Installed == nil: // a rollback to nothing leaves nothing
		t := *s.Trial
		t.Before = before.with(p.changes)
		s.Trial = &t
		return s
	default:
		return s
	}
	s.Trial = &trial{Hash: p.hash, Config: p.config, Removal: p.removal, Before: before}
	if s.Outdated = ""; p.used {
		s.Outdated = boot // a kubelet that starts now may read all changes, or some
	}
	return s
}

// before returns what a kubelet last ran with.
func (s state) before() before {
	if s.Trial != nil {
		return s.Trial.Before
	}
	return before{Installed: s.Installed}
}

// with returns what is restored if these changes follow.
func (b before) with(changes []change) before {
	b.Files = slices.Clone(b.Files)
	for _, c := range changes {
		n := slices.IndexFunc(b.Files, func(r restored) bool { return r.Path == c.Path })
		if n < 0 {
			n = len(b.Files)
			b.Files = append(b.Files, restored{Path: c.Path, Snapshot: c.old.Snapshot})
		}
		b.Files[n].Written = c.new.Hash()
	}
	return b
}

// written is for changes that have just been written: no kubelet but the running one can be older.
func (s state) written(running *kubelet.Process) state {
	s.Outdated = ""
	if running != nil {
		s.Outdated = running.ID
	}
	return s
}

// settle is for an install that is written.
func (s state) settle(running *kubelet.Process, p *plan, mayRestart bool) (state, action) {
	switch {
	case running == nil && s.Trial != nil:
		return s, toTellNone
	case running == nil:
		return s, toProceed
	case s.checkRead(running, p.record, p.config) != nil && mayRestart:
		return s, toRestart
	case s.checkRead(running, p.record, p.config) != nil:
		return s, toTellRestart
	case s.Trial == nil || s.knows(running):
		s.Outdated, s.Trial, s.Read = "", nil, &reading{running.ID, p.config}
		return s, toSave
	case mayRestart:
		t := *s.Trial
		t.Hash, t.Config = p.hash, p.config // the kubelet may have been given other paths
		s.Trial = &t
		return s, toDecide
	}
	return s, toProceed
}

// removed is for an uninstall of which all but the binary is written. used says that a kubelet uses the
// binary.
func removed(used, mayRestart bool) action {
	switch {
	case !used:
		return toRemoveBinary
	case mayRestart:
		return toRestart
	}
	return toTellRestart
}

// restart is for a kubelet that is about to be restarted for a plan, in the boot with this ID.
func (s state) restart(running *kubelet.Process, p *plan, boot string) state {
	s.Trial = &trial{Hash: p.hash, Config: p.config, Removal: p.removal, Before: s.before(), Restarted: true, Boot: boot}
	s.Installed, s.Outdated = p.record, running.ID
	return s
}

// notRestarted is for a kubelet that still runs after its restart: there is nothing to decide.
func (s state) notRestarted() state {
	t := *s.Trial
	t.Restarted = false
	s.Trial = &t
	return s
}

// healthy is for a kubelet that is healthy with the change on trial.
func (s state) healthy(running *kubelet.Process) state {
	if s.Rejected != nil && s.Rejected.Hash == s.Trial.Hash {
		s.Rejected = nil
	}
	s.Outdated, s.Read, s.Trial = "", &reading{running.ID, s.Trial.Config}, nil
	return s
}

// unhealthy is for a change on trial with which no kubelet has become healthy. now and boot are the time
// and the ID of the boot.
func (s state) unhealthy(reason string, now time.Time, boot string) (state, action) {
	t := *s.Trial
	s.Rejected = &Rejected{Hash: t.Hash, Time: now.UTC().Truncate(time.Second), Reason: reason}
	if len(t.Before.Files) == 0 {
		s.Trial = nil
		return s, toFail
	}
	t.Failed, t.Boot = reason, boot
	s.Trial = &t
	return s, toRollBack
}

// rolledBack is for files that are restored. outdated is the running kubelet if it has not read them.
func (s state) rolledBack(outdated *kubelet.Process) state {
	next := state{Version: s.Version, Installed: s.former(), Rejected: s.Rejected}
	return next.written(outdated)
}

// former returns the record of what a kubelet last ran with. Files that a rollback does not restore are as
// they are now: a binary may have been replaced while the kubelet was running.
func (s state) former() *record {
	b := s.Trial.Before
	if b.Installed == nil {
		return nil
	}
	stays := func(f file) bool {
		return !slices.ContainsFunc(b.Files, func(r restored) bool { return r.Path == f.Path })
	}
	r := *b.Installed
	r.Files = slices.DeleteFunc(slices.Clone(r.Files), stays)
	for _, f := range s.Installed.Files {
		if stays(f) {
			r.Files = append(r.Files, f)
		}
	}
	return &r
}
