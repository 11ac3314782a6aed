package install_test

import (
	"strings"
	"testing"
)

// edit changes our provider in the config, as a user may.
func (m *machine) edit(from, to string) {
	m.t.Helper()
	text := m.read(configPath)
	if !strings.Contains(text, from) {
		m.t.Errorf("there is no %q in\n%s", from, text)
	}
	m.write(configPath, strings.Replace(text, from, to, 1))
}

// TestEditedAfterStart: what a kubelet that runs has not read is not what it runs with.
func TestEditedAfterStart(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install("--restart"), 0)
	const edited = "note: " + configPath + ": the provider pullpass was edited or added by hand, and is kept"
	const since = "the kubelet was not restarted since " + configPath + " was changed"
	m.edit("5m", "4m")
	wantRun(t, m.install("--status"), 1, "kubelet: "+since, nothing)
	wantRun(t, m.local(t, "install"), 0, anything, "note: not active yet: restart the kubelet (systemctl restart kubelet.service, or pullpass install --restart, which rolls back on failure)")
	wantRun(t, m.install("--restart", "--dry-run"), 0, "restart kubelet.service\n", edited)
	m.edit("4m", "5m")
	wantRun(t, m.install("--status"), 0, "runs with it", nothing)
	wantRun(t, m.install("--restart"), 0, "nothing to do", nothing)
	wantRestarts(t, m, 1)
	m.edit("5m", "4m")
	wantRun(t, m.install("--restart"), 0, "the kubelet was restarted and is healthy after", edited)
	wantRestarts(t, m, 2)
	wantRun(t, m.install("--status"), 0, "runs with it", nothing)

	// A kubelet that has been restarted by somebody else.
	m.start()
	wantRun(t, m.install("--status"), 0, "runs with it", nothing)
	wantRun(t, m.install("--restart"), 0, "nothing to do", edited)
	m.edit("4m", "3m")
	wantRun(t, m.install("--status"), 1, "kubelet: "+since, nothing)

	// What is wrong with an edit is not rolled back, as it is not ours, and not tried again.
	before := snapshot(t, m.root)
	m.set(func() { m.refuses = func(config string) bool { return strings.Contains(config, "3m") } })
	wantRun(t, m.restartingInstall(), 1, nothing, "error: within 4s: no kubelet is running; nothing was rolled back: someone else changed its configuration\n")
	if _, restarts := m.runs(); restarts != 3 {
		t.Errorf("the kubelet was restarted %d times", restarts)
	}
	wantSame(t, snapshot(t, m.root), before)
	wantRun(t, m.restartingInstall(), 1, nothing, "is not tried again")
	m.set(func() { m.refuses = func(string) bool { return false } })
	m.start()
	wantRun(t, m.install("--restart"), 0, "nothing to do", edited)
}

// TestSameAgain: what was taken off and put on again while the same kubelet runs does not need a
// restart.
func TestSameAgain(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install("--restart"), 0)
	installed := snapshot(t, m.root)
	wantRun(t, m.local(t, "uninstall"), 0, "removed "+configPath, "which is kept")
	wantRun(t, m.install("--status"), 1, "pending: the kubelet has not run with the latest change yet", nothing)
	wantRun(t, m.install("--restart"), 0, "wrote "+flagsPath, nothing)
	wantRestarts(t, m, 1)
	wantSame(t, snapshot(t, m.root), installed)
	wantRun(t, m.install("--status"), 0, "runs with it and is healthy\n", nothing)
	if text := m.install("--status").Stdout; strings.Contains(text, "pending: the kubelet has not run with the latest change yet") {
		t.Error(text)
	}
}

// TestMovedConfig: the kubelet is given another config with the same content.
func TestMovedConfig(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.foreign("/etc/a.yaml")
	m.write(binDir+"/pullpass", "#!/bin/sh\n") // the kubelet of this machine wants it
	m.flagsInUnit("/etc/a.yaml")
	m.start()
	wantRun(t, m.install("--restart"), 0, "is healthy after", nothing)
	m.write("/etc/b.yaml", m.read("/etc/a.yaml"))
	m.flagsInUnit("/etc/b.yaml")
	m.start()
	wantRun(t, m.install("--restart"), 0, "nothing to do", nothing)
	wantRun(t, m.install("--status"), 0, "runs with it and is healthy", nothing)
	wantRun(t, m.uninstall("--restart"), 0, anything, "note: "+binDir+"/pullpass stays: /etc/b.yaml names it")
	new(loader).wantStarts(t, m)
}
