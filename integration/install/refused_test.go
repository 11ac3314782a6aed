package install_test

import (
	"os"
	"strings"
	"testing"
)

// refused checks that nothing is written and nothing restarted.
func (m *machine) refused(t *testing.T, want string, args ...string) {
	t.Helper()
	before := withState(m)
	wantRun(t, m.install(args...), 1, nothing, want)
	wantSame(t, withState(m), before)
	wantRestarts(t, m, 0)
}

// TestRefusedPlaces: what is not to be written to, or not safe to run from.
func TestRefusedPlaces(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write("/opt/plugins/foreign", "#!/bin/sh\n")
	must(t, os.Symlink("/opt/plugins/foreign", m.path("/opt/plugins/pullpass")))
	m.refused(t, "error: write /opt/plugins/pullpass: it is a symbolic link", "--bin-dir", "/opt/plugins")

	must(t, os.Mkdir(m.path("/opt/open"), 0o755))
	must(t, os.Chmod(m.path("/opt/open"), 0o777))
	m.refused(t, "error: /opt/open: mode 0777 lets group or others change where credentials go\npullpass: hint: choose another directory with --bin-dir, or: chmod go-w /opt/open", "--bin-dir", "/opt/open")
	must(t, os.Chmod(m.path("/opt/open"), 0o777|os.ModeSticky))
	m.refused(t, "error: /opt/open: others can make files in it\npullpass: hint: choose another directory with --bin-dir, or: use a directory that only root can write to", "--bin-dir", "/opt/open")

	must(t, os.Symlink(statePath, m.path("/opt/state")))
	m.refused(t, "error: write /opt/state/install.json: "+statePath+" is reserved for the state of pullpass install", "--kubelet-config", "/opt/state/install.json")
	m.refused(t, "error: write to /etc/kubernetes/providers/: there is no such directory\npullpass: hint: create the directory first\n", "--kubelet-config", "/etc/kubernetes/providers/")
	m.refused(t, "error: write /opt/one/pullpass: binary, config and flags must be different files", "--kubelet-config", "/opt/one/pullpass", "--bin-dir", "/opt/one")
	m.refused(t, "error: write "+flagsPath+": binary, config and flags must be different files", "--kubelet-config", flagsPath)
}

// TestForeignState: a state that others can write is not read.
func TestForeignState(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install(), 0)
	for _, args := range [][]string{{}, {"--dry-run"}, {"--status"}} {
		must(t, os.Chmod(m.path(statePath), 0o777))
		wantRun(t, m.install(args...), 1, nothing, statePath+" is not a directory that only root can write to")
		must(t, os.Chmod(m.path(statePath), 0o700))
	}
	must(t, os.Rename(m.path(statePath), m.path("/opt")))
	must(t, os.Symlink("/opt", m.path(statePath)))
	wantRun(t, m.install(), 1, nothing, statePath+" is not a directory that only root can write to")
}

// TestUselessRestart: a kubelet with other flags, which are not in a file, would not read what is
// installed.
func TestUselessRestart(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.flagsInUnit("/etc/own.yaml")
	m.write("/etc/own.yaml", "{}")
	m.write(binDir+"/pullpass", "#!/bin/sh\n")
	m.start()
	for _, args := range [][]string{{"--restart"}, {"--restart", "--dry-run"}} {
		m.refused(t, "error: the kubelet runs with --image-credential-provider-config=/etc/own.yaml instead of "+configPath+", and a restart does not change that\n"+
			"pullpass: hint: add --image-credential-provider-config="+configPath+" and ", append(args, "--kubelet-config", configPath)...)
	}

	// Without a restart, it is said what is missing.
	const hint = "--image-credential-provider-config=" + configPath + " and --image-credential-provider-bin-dir=" + binDir
	r := m.local(t, "install", "--kubelet-config", configPath)
	wantRun(t, r, 0, "wrote "+configPath, "note: the kubelet runs with --image-credential-provider-config=/etc/own.yaml instead of "+configPath+", and a restart does not change that: add "+hint+" to the kubelet's arguments\n")
	m.stop()
	wantRun(t, m.local(t, "install", "--kubelet-config", configPath), 0, anything, "note: no kubelet is running: start it with "+hint+"\n")
}

// flagsInUnit gives the kubelet its flags in its unit, where pullpass does not write.
func (m *machine) flagsInUnit(config string) {
	m.write("/etc/systemd/system/kubelet.service.d/20-own.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/kubelet --config=/run/kubelet.yaml --image-credential-provider-config="+config+" --image-credential-provider-bin-dir="+binDir+"\n")
}

// TestSickBefore: a kubelet that is not healthy is not restarted, as nothing could be told by it.
func TestSickBefore(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.set(func() { m.sick = true })
	m.refused(t, "error: the kubelet is not healthy, so a failed restart would not be noticed: within 15s: the kubelet at ", "--restart")
	m.refused(t, "error: the kubelet is not healthy, ", "--restart", "--dry-run")
	m.set(func() { m.sick = false })
	wantCode(t, m.install("--restart"), 0)
	m.set(func() { m.sick = true })
	before := withState(m)
	r := m.uninstall("--restart")
	wantRun(t, r, 1, nothing, "hint: fix it first, or leave out --restart")
	wantSame(t, withState(m), before)
	wantRestarts(t, m, 1)
}

// TestPrivateConfig: a config with variables is for root alone, and as it was afterwards.
func TestPrivateConfig(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(configPath, "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders: []\n")
	before := snapshot(t, m.root)
	wantCode(t, m.install("--env", "TOKEN=hunter2"), 0)
	info, err := os.Stat(m.path(configPath))
	must(t, err)
	if info.Mode() != 0o600 || !strings.Contains(m.read(configPath), "hunter2") {
		t.Errorf("mode %v of\n%s", info.Mode(), m.read(configPath))
	}
	wantRun(t, m.install("--env", "TOKEN=hunter2"), 0, "nothing to do", nothing)
	wantCode(t, m.uninstall(), 0) // the kubelet does not read the empty list, as it has no flags then
	wantSame(t, snapshot(t, m.root), before)
}
