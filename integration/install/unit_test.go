package install_test

import (
	"os"
	"strings"
	"testing"
)

// TestInheritedArguments: a variable that pullpass has added to a file hides that of the unit, and so
// follows it.
func TestInheritedArguments(t *testing.T) {
	t.Parallel()
	const dropIn = "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"
	m := newMachine(t)
	must(t, os.Remove(m.path(flagsPath)))
	must(t, os.Remove(m.path("/etc/default")))
	unit := strings.Replace(m.read(dropIn), "EnvironmentFile", "Environment=KUBELET_EXTRA_ARGS=--node-ip=192.0.2.1\nEnvironmentFile", 1)
	m.write(dropIn, unit)
	m.start()
	before := snapshot(t, m.root)
	wantCode(t, m.install("--restart"), 0)
	if !strings.Contains(m.read(flagsPath), "--node-ip=192.0.2.1 --image") {
		t.Error(m.read(flagsPath))
	}

	m.write(dropIn, strings.Replace(unit, "192.0.2.1", "192.0.2.2", 1))
	m.start()
	wantRun(t, m.install("--restart"), 0, "wrote "+flagsPath, nothing)
	if !strings.Contains(m.read(flagsPath), "--node-ip=192.0.2.2 --image") || strings.Contains(m.read(flagsPath), "192.0.2.1") {
		t.Error(m.read(flagsPath))
	}
	wantRun(t, m.install("--restart"), 0, "nothing to do", nothing)

	// What somebody has added there stays.
	m.write(flagsPath, strings.Replace(m.read(flagsPath), "--node-ip", "--v=2 --node-ip", 1))
	m.write(dropIn, unit)
	m.start()
	wantRun(t, m.install("--restart"), 0, "nothing to do", nothing)
	m.write(flagsPath, strings.Replace(m.read(flagsPath), "--v=2 ", "", 1))
	m.start()
	wantRun(t, m.install("--restart"), 0, "wrote "+flagsPath, nothing)
	wantCode(t, m.uninstall("--restart"), 0)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestUnknownUnit: a k3s that is in no unit of systemd cannot be restarted by us.
func TestUnknownUnit(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.stop()
	must(t, os.RemoveAll(m.path("/usr/lib/systemd")))
	must(t, os.Remove(m.path("/etc/kubernetes/kubelet.conf")))
	must(t, os.MkdirAll(m.path("/etc/rancher/k3s"), 0o755))
	m.set(func() {
		m.pid = 77
		m.process(m.pid, []string{"k3s", "agent"}, serviceCgroup)
	})
	m.write("/proc/77/cgroup", "0::/\n")
	m.refused(t, "error: the systemd unit of k3s is not known\npullpass: hint: run this without --restart, and restart k3s\n", "--restart")
	wantRun(t, m.local(t, "install"), 0, "wrote", "note: not active yet: restart the kubelet (restart k3s)\n")
}
