package installer

import (
	"reflect"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

const (
	thisBoot = "boot"
)

func process(id, config string) *kubelet.Process {
	return &kubelet.Process{ID: id, Args: []string{"kubelet", "--" + platform.ConfigFlag + "=" + config, "--" + platform.BinDirFlag + "=/bin"}}
}

// The kubelets that a run may find. Only the old one started before the change.
func oldKubelet() *kubelet.Process     { return process("boot/1/1", "/config") }
func newKubelet() *kubelet.Process     { return process("boot/2/2", "/config") }
func foreignKubelet() *kubelet.Process { return process("boot/3/3", "/other") }

func testRecord() *record {
	return &record{Platform: "kubeadm", Config: "/config", BinDir: "/bin", Files: []file{{Path: "/config", Kind: kindConfig, Written: []string{"new"}}}}
}

func testChange() change {
	return change{file: file{Path: "/config", Kind: kindConfig}, old: nodefile.Content{Snapshot: &nodefile.Snapshot{SHA256: "old"}}, new: nodefile.Content{Snapshot: &nodefile.Snapshot{SHA256: "new"}}}
}

func testPlan() *plan {
	return &plan{record: testRecord(), changes: []change{testChange()}, hash: "plan", config: "config", used: true}
}

// at returns a state in a phase, as the functions under test make it.
func at(p phase) state {
	s := state{Version: stateVersion}
	switch p {
	case installed:
		s.Installed = testRecord()
	case pending:
		s = s.write(testPlan(), thisBoot).written(oldKubelet())
	case restarted:
		s = at(pending).restart(oldKubelet(), testPlan(), thisBoot)
	case failed:
		s, _ = at(restarted).unhealthy("sick", time.Unix(1, 0), thisBoot)
	}
	return s
}

func with(s state, change func(*state)) state {
	if s.Trial != nil {
		t := *s.Trial
		s.Trial = &t
	}
	change(&s)
	return s
}

func removal(s *state)  { s.Trial.Removal = true }
func rejected(s *state) { s.Rejected = &Rejected{Hash: "plan"} }
func known(s *state)    { s.Read = &reading{newKubelet().ID, "config"} }
func noFiles(s *state)  { s.Trial.Before.Files = nil }

// TestTransitions has a case for each row of the table in the package comment, in its order.
func TestTransitions(t *testing.T) {
	begin := func(running *kubelet.Process, boot string) func(state) (state, action) {
		return func(s state) (state, action) { return s, s.begin(running, boot) }
	}
	refuses := func(p *plan, running *kubelet.Process, retry bool) func(state) (state, action) {
		return func(s state) (state, action) {
			if s.refuses(p, running, retry) {
				return s, "refuse"
			}
			return s, toProceed
		}
	}
	settle := func(running *kubelet.Process, restart bool) func(state) (state, action) {
		return func(s state) (state, action) { return s.settle(running, testPlan(), restart) }
	}
	write := func(p *plan) func(state) (state, action) {
		return func(s state) (state, action) { return s.write(p, thisBoot), "" }
	}
	written := func(s state) (state, action) { return s.written(oldKubelet()), "" }
	removes := func(used, restart bool) func(state) (state, action) {
		return func(s state) (state, action) { return s, removed(used, restart) }
	}
	restart := func(s state) (state, action) { return s.restart(oldKubelet(), testPlan(), thisBoot), "" }
	notRestarted := func(s state) (state, action) { return s.notRestarted(), "" }
	healthy := func(s state) (state, action) { return s.healthy(newKubelet()), "" }
	unhealthy := func(s state) (state, action) { return s.unhealthy("sick", time.Unix(1, 0), thisBoot) }
	rolledBack := func(s state) (state, action) { return s.rolledBack(nil), "" }

	unchanged, binary := testPlan(), testPlan()
	unchanged.changes = nil
	binary.changes = []change{{file: file{Path: "/bin/pullpass", Kind: kindBinary}, new: nodefile.Content{Snapshot: &nodefile.Snapshot{}}}}
	link := testPlan()
	link.changes = []change{{file: file{Path: linkPath, Kind: kindLink}, new: nodefile.NewLink("/bin/pullpass")}}
	works := with(with(at(installed), rejected), known)
	second := with(at(installed), func(s *state) { *s = s.write(testPlan(), thisBoot) })

	for _, c := range []struct {
		name  string
		state state
		event func(state) (state, action)
		next  phase
		do    action
	}{
		{"begin none: anything", at(none), begin(newKubelet(), thisBoot), none, toProceed},
		{"begin installed: anything", at(installed), begin(newKubelet(), thisBoot), installed, toProceed},
		{"begin pending: started with the change", at(pending), begin(newKubelet(), thisBoot), pending, toConfirm},
		{"begin pending: started without the plugin", with(at(pending), removal), begin(newKubelet(), thisBoot), pending, toProceed},
		{"begin pending: started before", at(pending), begin(oldKubelet(), thisBoot), pending, toProceed},
		{"begin pending: other flags", at(pending), begin(foreignKubelet(), thisBoot), pending, toProceed},
		{"begin pending: none runs", at(pending), begin(nil, thisBoot), pending, toProceed},
		{"begin restarted: started after", at(restarted), begin(newKubelet(), thisBoot), restarted, toDecide},
		{"begin restarted: started after, other flags", at(restarted), begin(foreignKubelet(), thisBoot), restarted, toDecide},
		{"begin restarted: none, same boot", at(restarted), begin(nil, thisBoot), restarted, toDecide},
		{"begin restarted: none, later boot", at(restarted), begin(nil, "next boot"), restarted, toProceed},
		{"begin restarted: started before", at(restarted), begin(oldKubelet(), thisBoot), restarted, toProceed},
		{"begin failed: none, later boot", at(failed), begin(nil, "next boot"), failed, toRestoreFiles},
		{"begin failed: none, same boot", at(failed), begin(nil, thisBoot), failed, toRollBack},
		{"begin failed: a kubelet", at(failed), begin(oldKubelet(), "next boot"), failed, toRollBack},

		{"refuses: rejected", with(at(installed), rejected), refuses(testPlan(), nil, false), installed, "refuse"},
		{"refuses: rejected, a kubelet with other flags", with(at(installed), rejected), refuses(unchanged, foreignKubelet(), false), installed, "refuse"},
		{"refuses: --retry", with(at(installed), rejected), refuses(testPlan(), nil, true), installed, toProceed},
		{"refuses: works nevertheless", works, refuses(unchanged, newKubelet(), false), installed, toProceed},
		{"refuses: works, but something is to be written", works, refuses(testPlan(), newKubelet(), false), installed, "refuse"},
		{"refuses: not rejected", at(installed), refuses(testPlan(), nil, false), installed, toProceed},

		{"write none", at(none), write(testPlan()), pending, ""},
		{"write installed", at(installed), write(testPlan()), pending, ""},
		{"write restarted", at(restarted), write(testPlan()), pending, ""},
		{"write the binary alone", at(installed), write(binary), installed, ""},
		{"write the link alone", at(installed), write(link), installed, ""},
		{"write the binary alone, pending", at(pending), write(binary), pending, ""},
		{"written", at(pending), written, pending, ""},

		{"settle pending: read, known", with(at(pending), known), settle(newKubelet(), false), installed, toSave},
		{"settle installed: read", at(installed), settle(newKubelet(), true), installed, toSave},
		{"settle pending: read, --restart", at(pending), settle(newKubelet(), true), pending, toDecide},
		{"settle pending: read", at(pending), settle(newKubelet(), false), pending, toProceed},
		{"settle pending: not read, --restart", at(pending), settle(oldKubelet(), true), pending, toRestart},
		{"settle installed: other flags, --restart", at(installed), settle(foreignKubelet(), true), installed, toRestart},
		{"settle pending: not read", at(pending), settle(oldKubelet(), false), pending, toTellRestart},
		{"settle pending: none runs", at(pending), settle(nil, true), pending, toTellNone},
		{"settle installed: none runs", at(installed), settle(nil, true), installed, toProceed},

		{"removed: not used", at(pending), removes(false, true), pending, toRemoveBinary},
		{"removed: used, --restart", at(pending), removes(true, true), pending, toRestart},
		{"removed: used", at(pending), removes(true, false), pending, toTellRestart},

		{"restart installed", at(installed), restart, restarted, ""},
		{"restart pending", at(pending), restart, restarted, ""},
		{"not restarted", at(restarted), notRestarted, pending, ""},
		{"healthy pending", at(pending), healthy, installed, ""},
		{"healthy restarted", at(restarted), healthy, installed, ""},
		{"unhealthy pending", at(pending), unhealthy, failed, toRollBack},
		{"unhealthy restarted", at(restarted), unhealthy, failed, toRollBack},
		{"unhealthy, no file changed", with(at(restarted), noFiles), unhealthy, installed, toFail},
		{"rolled back to an install", second, rolledBack, installed, ""},
		{"rolled back to nothing", at(failed), rolledBack, none, ""},
	} {
		next, do := c.event(c.state)
		if next.phase() != c.next || do != c.do {
			t.Errorf("%s: %s, %q; want %s, %q", c.name, next.phase(), do, c.next, c.do)
		}
	}
}

// TestTrialKeepsBefore: what a rollback restores is what a kubelet last ran with, however many changes
// came after it.
func TestTrialKeepsBefore(t *testing.T) {
	first := at(installed).write(testPlan(), thisBoot)
	again := testPlan()
	again.changes[0].old, again.changes[0].new = again.changes[0].new, nodefile.Content{Snapshot: &nodefile.Snapshot{SHA256: "newer"}}
	second := first.written(oldKubelet()).write(again, thisBoot)
	want := before{Installed: testRecord(), Files: []restored{{Path: "/config", Snapshot: &nodefile.Snapshot{SHA256: "old"}, Written: "newer"}}}
	if !reflect.DeepEqual(second.Trial.Before, want) {
		t.Errorf("%+v, want %+v", second.Trial.Before, want)
	}
	if first.Trial.Before.Files[0].Written != "new" {
		t.Error("the state before has changed")
	}
	if got := second.restart(oldKubelet(), again, thisBoot).Trial.Before; !reflect.DeepEqual(got, want) {
		t.Errorf("after the restart: %+v", got)
	}
}

// TestTrialOfFirstInstall: a rollback to nothing also removes the link that a later run has made.
func TestTrialOfFirstInstall(t *testing.T) {
	later := testPlan()
	later.changes = []change{{file: file{Path: linkPath, Kind: kindLink}, new: nodefile.NewLink("/bin/pullpass")}}
	for _, c := range []struct {
		name  string
		first state
		want  int
	}{{"nothing before", at(none), 2}, {"an install before", at(installed), 1}} {
		first := c.first.write(testPlan(), thisBoot).written(oldKubelet())
		got := first.write(later, thisBoot)
		if files := got.Trial.Before.Files; len(files) != c.want || c.want == 2 && (files[1].Path != linkPath || files[1].Snapshot != nil) {
			t.Errorf("%s: it restores %+v", c.name, files)
		}
		if len(first.Trial.Before.Files) != 1 || got.Outdated != first.Outdated {
			t.Errorf("%s: the trial is another", c.name)
		}
	}
}

// TestOutdated: while it is not known which kubelet was running, all of the boot count as outdated.
func TestOutdated(t *testing.T) {
	s := at(installed).write(testPlan(), thisBoot)
	if !s.outdated(oldKubelet()) || !s.outdated(newKubelet()) || s.outdated(process("boot2/1/1", "")) {
		t.Errorf("before the look: %q", s.Outdated)
	}
	if s = s.written(oldKubelet()); !s.outdated(oldKubelet()) || s.outdated(newKubelet()) || s.outdated(process("boot/1/10", "")) {
		t.Errorf("with a kubelet: %q", s.Outdated)
	}
	if s = s.written(nil); s.outdated(oldKubelet()) {
		t.Errorf("without a kubelet: %q", s.Outdated)
	}
	if s = at(restarted).rolledBack(newKubelet()); !s.outdated(newKubelet()) {
		t.Errorf("after a rollback: %q", s.Outdated)
	}
}

// TestRejectedIsRemembered until a kubelet is healthy with the same.
func TestRejectedIsRemembered(t *testing.T) {
	s, _ := at(restarted).unhealthy("sick", time.Unix(1, 5), thisBoot)
	want := &Rejected{Hash: "plan", Time: time.Unix(1, 0).UTC(), Reason: "sick"}
	if s = s.rolledBack(nil); !reflect.DeepEqual(s.Rejected, want) {
		t.Fatalf("%+v, want %+v", s.Rejected, want)
	}
	other := testPlan()
	other.hash = "other"
	if got := s.write(other, thisBoot).healthy(newKubelet()); got.Rejected == nil {
		t.Error("forgotten after another change")
	}
	if got := s.write(testPlan(), thisBoot).healthy(newKubelet()); got.Rejected != nil || !reflect.DeepEqual(got.Read, &reading{newKubelet().ID, "config"}) {
		t.Errorf("%+v, %+v", got.Rejected, got.Read)
	}
}

// TestFormer: a rollback keeps the record of a binary that it does not restore.
func TestFormer(t *testing.T) {
	s := at(installed).write(testPlan(), thisBoot)
	binary := file{Path: "/bin/pullpass", Kind: kindBinary, Written: []string{"binary"}}
	s.Installed.Files = append(s.Installed.Files, binary)
	want := testRecord()
	want.Files = append(want.Files, binary)
	if got := s.former(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestUses says when a running kubelet keeps the binary from being removed.
func TestUses(t *testing.T) {
	unchanged, removing := testPlan(), testPlan()
	unchanged.changes, removing.removal = nil, true
	begun := at(installed).write(removing, thisBoot).written(oldKubelet())
	for _, c := range []struct {
		name    string
		state   state
		running *kubelet.Process
		plan    *plan
		want    bool
	}{
		{"none runs", at(installed), nil, testPlan(), false},
		{"started with it", at(installed), newKubelet(), testPlan(), true},
		{"other flags", at(installed), foreignKubelet(), testPlan(), false},
		{"older than the install", at(pending), oldKubelet(), testPlan(), false},
		{"nothing to change", at(installed), newKubelet(), unchanged, false},
		{"an earlier run took it away", begun, oldKubelet(), unchanged, true},
		{"restarted since", begun, newKubelet(), unchanged, false},
	} {
		if got := c.state.uses(c.running, c.plan); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
