package install_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

const pendingNote = "note: an earlier run restarted the kubelet and did not see it healthy: waiting for it"

// killed is a machine on which a run was killed after it has restarted the kubelet, which has not
// come back.
func killed(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t)
	m.set(func() { m.refuses = func(config string) bool { return config != "" } })
	p := launch(t, "install", "--root", m.root, "--restart")
	m.awaitRestart(t)
	await(t, func() bool { running, restarts := m.runs(); return restarts == 1 && !running })
	must(t, p.Process.Kill())
	end(t, p)
	return m
}

// reboot makes the state one of an earlier boot.
func (m *machine) reboot(t *testing.T) {
	t.Helper()
	m.stop()
	state, boot := m.read(statePath+"/install.json"), strings.TrimSpace(bootID(t))
	if !strings.Contains(state, boot) {
		t.Errorf("nothing in the state is of this boot:\n%s", state)
	}
	m.write(statePath+"/install.json", strings.ReplaceAll(state, boot, strings.Repeat("0", len(boot))))
}

// TestReboot: before the kubelet is started in another boot, there is nothing to be seen.
func TestReboot(t *testing.T) {
	t.Parallel()
	for _, comesBack := range []bool{true, false} {
		m := killed(t)
		before := snapshot(t, m.root)
		m.reboot(t)
		wantRun(t, m.install("--restart"), 0, anything, "note: no kubelet is running: it will use this configuration when it starts")
		wantSame(t, snapshot(t, m.root), before)
		if comesBack {
			m.set(func() { m.refuses = func(string) bool { return false } })
			m.start()
			wantRun(t, m.install("--restart"), 0, "is healthy after", pendingNote)
			wantRestarts(t, m, 1)
			continue
		}
		m.set(func() { m.refuses = func(string) bool { return false }; m.sick = true })
		m.start()
		wantRun(t, m.restartingInstall(), 1, "restored the previous configuration", pendingNote)
	}
}

// TestRebootInRollback: the rollback is finished before the kubelet starts.
func TestRebootInRollback(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	m.set(func() { m.refuses = func(config string) bool { return config != "" } })
	held := make(chan struct{})
	p := launch(t, "install", "--root", m.root, "--restart", "--restart-timeout", "4s")
	m.awaitRestart(t)
	m.set(func() { m.held = held })
	m.awaitRestart(t) // that of the rollback
	must(t, p.Process.Kill())
	end(t, p)
	m.reboot(t)
	close(held)
	await(t, func() bool { _, restarts := m.runs(); return restarts == 2 })
	m.stop()
	wantRun(t, m.restartingInstall(), 1, "restored the previous configuration", "is not tried again")
	if running, restarts := m.runs(); running || restarts != 2 {
		t.Errorf("the kubelet runs: %v, and was restarted %d times", running, restarts)
	}
	wantSame(t, snapshot(t, m.root), before)
}

// TestSickByHand: a kubelet that was restarted by hand and is not healthy with the change.
func TestSickByHand(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.set(func() { m.broken = "Failed to restart: no way" })
	before := snapshot(t, m.root)
	wantRun(t, m.restartingInstall(), 1, "wrote", "restart the kubelet by hand")
	m.set(func() { m.broken, m.sick = "", true })
	m.start()
	const note = "note: the previous change is still unconfirmed: within 15s: the kubelet at "
	at := times(t, m.root)
	wantRun(t, m.local(t, "install"), 0, "nothing to do", note)
	wantSame(t, times(t, m.root), at)
	r := m.restartingInstall()
	wantRun(t, r, 1, "restored the previous configuration", note)
	wantRun(t, r, 1, anything, "; it does not become healthy with its previous configuration either")
	wantSame(t, snapshot(t, m.root), before)
}

// TestRollbackWithoutRestart: a run that may not restart the kubelet puts the files back.
func TestRollbackWithoutRestart(t *testing.T) {
	t.Parallel()
	m := killed(t)
	m.set(func() { m.refuses = func(string) bool { return false }; m.sick = true })
	m.start()
	r := m.local(t, "install", "--restart-timeout", "2s")
	const note = "note: restart the kubelet to use the restored configuration: systemctl reset-failed kubelet.service; systemctl restart kubelet.service\n"
	wantRun(t, r, 1, "restored the previous configuration", note)
	wantRun(t, r, 1, anything, "is not tried again")
	wantRestarts(t, m, 1)
	if m.read(configPath) != "" {
		t.Error("the config is not restored")
	}
}

// local runs pullpass without --root, in the machine.
func (m *machine) local(t *testing.T, args ...string) pullpass.Run {
	t.Helper()
	const program = "/run/pullpass" // not in snapshots
	must(t, os.MkdirAll(m.path("/run"), 0o755))
	must(t, os.Link(binaries.Released, m.path(program))) // a copy of this process could not be run while others are started
	must(t, os.MkdirAll(m.path("/proc/self"), 0o755))
	must(t, os.Symlink(program, m.path("/proc/self/exe")))
	p := newProcess(t, args...)
	p.SysProcAttr.Chroot, p.Path, p.Dir = m.root, program, "/"
	must(t, p.Start())
	r := end(t, p)
	must(t, os.Remove(m.path(program)))
	must(t, os.RemoveAll(m.path("/proc/self")))
	return r
}
