package install_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// TestFailingDisk: a disk that fails at some time leaves something that a kubelet starts with and the
// next run completes, when it fails once and when it goes on to fail.
func TestFailingDisk(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(m *machine)
		args    []string
	}{
		"install": {func(m *machine) {
			m.foreign("/etc/own.yaml")
			m.flagsInUnit("/etc/own.yaml")
		}, []string{"install"}},
		"update":    {func(m *machine) { wantCode(m.t, m.install(), 0) }, []string{"install", "--arg", "-v", "--bin-dir", "/opt/plugins"}},
		"uninstall": {func(m *machine) { wantCode(m.t, m.install(), 0) }, []string{"uninstall"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newMachine := func() (m *machine, args []string) {
				m = newMachine(t)
				c.prepare(m)
				return m, slices.Insert(slices.Clone(c.args), 1, "--root", m.root)
			}
			undisturbed, args := newMachine()
			var whole tracer
			wantCode(t, whole.trace(t, args...), 0)
			want := withState(undisturbed)
			if whole.syncs < 4 {
				t.Errorf("there are only %d syncs", whole.syncs)
			}
			loader := new(loader)
			var group sync.WaitGroup
			places := make(chan struct{}, 4)
			for n := 1; n <= whole.syncs; n++ {
				for _, once := range []bool{true, false} {
					places <- struct{}{}
					group.Go(func() {
						defer func() { <-places }()
						t.Run(fmt.Sprint(n, " once: ", once), func(t *testing.T) {
							m, args := newMachine()
							failing := tracer{fails: func(sync int) bool { return sync == n || sync > n && !once }}
							wantRun(t, failing.trace(t, args...), 1, nothing, "input/output error")
							loader.wantStarts(t, m)
							wantCode(t, run(t, args...), 0)
							wantSame(t, withState(m), want)
						})
					})
				}
			}
			group.Wait()
		})
	}
}
