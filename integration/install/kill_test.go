package install_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/integration/node/unit"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// A disturbed run is killed at each of its steps, each time on a node of its own, and run again.
type disturbed struct {
	prepare func(m *machine) // nil for nothing
	args    []string         // after --root
	// from returns the first step to kill at, of all that there are; nil for the first.
	from func(calls []string) int
	code int // of the run that is not killed, and of the one that completes one that was
	// after checks what is to be seen then, when all files are as after a run that was not killed.
	after func(t *testing.T, m *machine)
}

// test returns at how many steps it has killed.
func (d disturbed) test(t *testing.T) int {
	t.Helper()
	undisturbed := d.machine(t)
	args := func(m *machine) []string { return slices.Insert(slices.Clone(d.args), 1, "--root", m.root) }
	r, calls := traced(t, 0, args(undisturbed)...)
	wantCode(t, r, d.code)
	want := withState(undisturbed)
	loader := new(loader)
	first := 0
	if d.from != nil {
		first = d.from(calls)
	}
	t.Logf("the steps from number %d on: %s", first+1, strings.Join(calls[first:], " "))
	var group sync.WaitGroup
	places := make(chan struct{}, 4) // most of the time of these runs is waiting
	for n := first + 1; n <= len(calls); n++ {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			t.Run(fmt.Sprint(n, " ", calls[n-1]), func(t *testing.T) {
				m := d.machine(t)
				if r, _ := traced(t, n, args(m)...); r.Code != -1 {
					t.Fatalf("it is not killed, but ends with exit code %d: %s", r.Code, r.Stderr)
				}
				loader.wantStarts(t, m)
				if n%2 == 0 { // sometimes the kubelet is restarted as well
					m.start()
				}
				wantCode(t, run(t, args(m)...), d.code)
				wantSame(t, withState(m), want)
				d.after(t, m)
			})
		})
	}
	group.Wait()
	return len(calls) - first
}

func (d disturbed) machine(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t)
	if d.prepare != nil {
		d.prepare(m)
	}
	return m
}

func wantCode(t testing.TB, r pullpass.Run, code int) {
	t.Helper()
	if r.Code != code {
		t.Errorf("exit code %d, want %d; stdout %q, stderr %q", r.Code, code, r.Stdout, r.Stderr)
	}
}

// withState is a snapshot with the names of what is remembered.
func withState(m *machine) map[string]string {
	files := snapshot(m.t, m.root)
	for name := range times(m.t, m.root) {
		if strings.HasPrefix("/"+name, statePath+"/") {
			files[name] = ""
		}
	}
	return files
}

// A loader is the kubelet's own code, which is asked once about the same.
type loader struct{ known sync.Map }

// wantStarts checks that a kubelet starts with what is there.
func (l *loader) wantStarts(t *testing.T, m *machine) {
	t.Helper()
	service, err := unit.Read(m.root, "kubelet.service")
	must(t, err)
	flags := map[string]string{}
	for _, arg := range service.Command {
		if name, value, ok := strings.Cut(strings.TrimPrefix(arg, "--image-credential-provider-"), "="); ok {
			flags[name] = value
		}
	}
	config, directory := flags["config"], flags["bin-dir"]
	if config == "" && directory == "" {
		return
	}
	files := snapshot(t, m.root)
	content := files[config[1:]] + files[filepath.Join(directory, "pullpass")[1:]]
	if _, known := l.known.LoadOrStore(content, true); known {
		return
	}
	if result := kubelet.Lookup(t, m.path(config), m.path(directory), nil); result.Refused != "" {
		t.Errorf("the kubelet would not start: %s", result.Refused)
	}
}

// TestKilledInstall kills an install that is not told that the node runs.
func TestKilledInstall(t *testing.T) {
	t.Parallel()
	before := snapshot(t, newMachine(t).root)
	steps := disturbed{
		args: []string{"install"},
		after: func(t *testing.T, m *machine) {
			wantCode(t, m.uninstall(), 0)
			wantSame(t, withState(m), before)
		},
	}.test(t)
	if steps < 20 {
		t.Error("these are not all steps")
	}
}

// TestKilledUpdate kills an install over another one.
func TestKilledUpdate(t *testing.T) {
	t.Parallel()
	before := snapshot(t, newMachine(t).root)
	steps := disturbed{
		prepare: func(m *machine) { wantCode(m.t, m.install(), 0) },
		args:    []string{"install", "--registry", "docker.io/acme/", "--bin-dir", "/opt/plugins"},
		after: func(t *testing.T, m *machine) {
			wantCode(t, m.uninstall(), 0)
			wantSame(t, withState(m), before)
		},
	}.test(t)
	if steps < 15 {
		t.Error("these are not all steps")
	}
}

// TestKilledRestart kills an install from its last file on.
func TestKilledRestart(t *testing.T) {
	t.Parallel()
	before := snapshot(t, newMachine(t).root)
	steps := disturbed{
		args: []string{"install", "--restart"},
		from: func(calls []string) int { return beforeRestart(calls) - 6 },
		after: func(t *testing.T, m *machine) {
			wantRun(t, m.install("--status"), 0, "runs with it and is healthy", nothing)
			_, restarts := m.runs()
			if restarts > 2 {
				t.Errorf("the kubelet was restarted %d times", restarts)
			}
			wantRun(t, m.install("--restart"), 0, "nothing to do", nothing)
			wantRestarts(t, m, restarts)
			wantCode(t, m.uninstall("--restart"), 0)
			wantSame(t, withState(m), before)
		},
	}.test(t)
	if steps < 7 {
		t.Error("these are not all steps")
	}
}

// beforeRestart is the number of steps before systemctl is started for the first time. Before it,
// only the new binary is.
func beforeRestart(calls []string) int {
	steps := 0
	for range 3 { // Go tries once whether it can follow the processes that it starts
		steps += 1 + slices.Index(calls[steps:], "fork")
	}
	return steps - 1
}

// TestKilledRollback kills a rollback.
func TestKilledRollback(t *testing.T) {
	t.Parallel()
	before := snapshot(t, newMachine(t).root)
	steps := disturbed{
		prepare: func(m *machine) {
			m.set(func() { m.refuses = func(config string) bool { return config != "" } })
		},
		args: []string{"install", "--restart", "--restart-timeout", "3s"},
		from: beforeRestart,
		code: 1,
		after: func(t *testing.T, m *machine) {
			wantSame(t, snapshot(t, m.root), before)
			if running, restarts := m.runs(); !running || restarts < 2 || restarts > 3 {
				t.Errorf("the kubelet runs: %v, and was restarted %d times", running, restarts)
			}
			wantRun(t, m.install("--status"), 1, "rejected", nothing)
		},
	}.test(t)
	if steps < 10 {
		t.Error("these are not all steps")
	}
}

// TestKilledUninstall kills an uninstall that is not told that the node runs.
func TestKilledUninstall(t *testing.T) {
	t.Parallel()
	before := snapshot(t, newMachine(t).root)
	steps := disturbed{
		prepare: func(m *machine) { wantCode(m.t, m.install(), 0) },
		args:    []string{"uninstall"},
		after:   func(t *testing.T, m *machine) { wantSame(t, withState(m), before) },
	}.test(t)
	if steps < 10 {
		t.Error("these are not all steps")
	}
}

// TestKilledUninstallWithRestart kills an uninstall that has the plugin taken from a kubelet.
func TestKilledUninstallWithRestart(t *testing.T) {
	t.Parallel()
	before := snapshot(t, newMachine(t).root)
	steps := disturbed{
		prepare: func(m *machine) { wantCode(m.t, m.install("--restart"), 0) },
		args:    []string{"uninstall", "--restart"},
		after: func(t *testing.T, m *machine) {
			wantSame(t, withState(m), before)
			if running, restarts := m.runs(); !running || restarts > 3 {
				t.Errorf("the kubelet runs: %v, and was restarted %d times", running, restarts)
			}
		},
	}.test(t)
	if steps < 15 {
		t.Error("these are not all steps")
	}
}
