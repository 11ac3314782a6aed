//go:build e2e

package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/node"
)

// TestNode runs nodes that are alone. Nothing is left of them in the end. It is not parallel to
// others, whose mounts would be there.
func TestNode(t *testing.T) {
	settings := kernelSettings(t)
	var nodes [2]traces
	t.Run("nodes", func(t *testing.T) {
		t.Run("alone", func(t *testing.T) {
			t.Parallel()
			nodes[0] = tracesOf(t, testAlone(t))
		})
		t.Run("supervised", func(t *testing.T) {
			t.Parallel()
			nodes[1] = tracesOf(t, testSupervised(t))
		})
	})
	for _, n := range nodes {
		if isThere(t, n.namespace) {
			t.Error("processes of a node are left")
		}
		if left := cgroupsOf(t, n.cgroup); len(left) > 0 {
			t.Errorf("cgroups are left: %q", left)
		}
	}
	if now := kernelSettings(t); now != settings {
		t.Errorf("settings of the kernel were\n%s and are\n%s", settings, now)
	}
	for _, mounts := range glob(t, "/proc/self/task/*/mounts") { // of each thread
		if content, err := os.ReadFile(mounts); err == nil && bytes.Contains(content, []byte("pullpass-test")) {
			t.Errorf("mounts are left:\n%s", content)
		}
	}
	for _, path := range []string{"/var/lib/kubelet/config.yaml", "/etc/kubernetes/manifests/public.json", "/etc/containerd/certs.d/registry.example.com",
		"/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf", "/etc/systemd/system/kubelet.service.d/20-test.conf"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
}

// testAlone runs static pods, and restarts the kubelet.
func testAlone(t *testing.T) *node.Node {
	server := startRegistry(t, func(user, password string) bool { return false })
	server.MakePublic("public")
	n := node.Start(t, node.Config{Registries: map[string]string{"registry.example.com": server.Address}})
	for _, repository := range []string{"public", "private"} {
		push(t, server, repository)
		n.RunStatic(t, node.Pod(repository, "registry.example.com/"+repository+":1"))
	}
	started := n.AwaitPod(t, "public-node", node.Running).Status.ContainerStatuses[0].ContainerID
	n.AwaitPod(t, "private-node", node.PullFailed)

	n.Restart(t, "--v=3")
	if again := n.AwaitPod(t, "public-node", node.Running); again.Status.ContainerStatuses[0].ContainerID != started {
		t.Error("the container was started anew with the kubelet")
	}
	n.StopKubelet()
	if err := n.StartKubelet(t.Context(), "--no-such-flag"); err == nil || !strings.Contains(n.Log(t), "unknown flag: --no-such-flag") {
		t.Errorf("a kubelet with a wrong flag has started, or says nothing of it: %v", err)
	}

	setting, err := os.ReadFile(n.Path("/proc/sys/kernel/panic"))
	if err != nil || strings.TrimSpace(string(setting)) != "10" {
		t.Errorf("the kubelet has not set kernel.panic to 10: %q, %v", setting, err)
	}
	return n
}

// testSupervised has a kubelet end by itself, once and for good, and by systemctl.
func testSupervised(t *testing.T) *node.Node {
	n := node.Start(t, node.Config{Supervised: true})
	n.Write(t, "/etc/systemd/system/kubelet.service.d/30-limit.conf", "[Unit]\nStartLimitIntervalSec=infinity\nStartLimitBurst=4\n")
	if err := syscall.Kill(n.Kubelet().PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitTrue(t, "the kubelet is started again", func() bool { return n.Kubelet().Starts == 2 })
	systemctl(t, n, "restart", 0, "")
	systemctl(t, n, "is-active", 0, "active\n")
	n.AwaitHealthy(t)

	n.Write(t, "/etc/default/kubelet", "KUBELET_EXTRA_ARGS='--v=2 --no-such-flag'\n")
	systemctl(t, n, "restart", 0, "")
	awaitTrue(t, "the kubelet is started up to the limit", func() bool { return n.Kubelet().Starts == 4 })
	awaitTrue(t, "the unit has failed", func() bool { return n.Run(exec.Command("/usr/bin/systemctl", "is-active", "kubelet.service")) != nil })
	systemctl(t, n, "restart", 1, "Job for kubelet.service failed: start of the service was attempted too often\n")
	n.Write(t, "/etc/default/kubelet", "KUBELET_EXTRA_ARGS='--v=3'\n")
	systemctl(t, n, "reset-failed", 0, "")
	systemctl(t, n, "start", 0, "")
	n.AwaitHealthy(t)
	if kubelet := n.Kubelet(); kubelet.Starts != 5 || kubelet.Args[len(kubelet.Args)-1] != "--v=3" {
		t.Errorf("the kubelet is %+v", kubelet)
	}
	return n
}

// systemctl runs systemctl on the node, and checks what comes of it.
func systemctl(t *testing.T, n *node.Node, verb string, code int, output string) {
	t.Helper()
	command := exec.Command("/usr/bin/systemctl", verb, "kubelet.service")
	var got strings.Builder
	command.Stdout, command.Stderr = &got, &got
	if err := n.Run(command); command.ProcessState == nil {
		t.Fatal(err)
	}
	if got.String() != output || command.ProcessState.ExitCode() != code {
		t.Errorf("systemctl %s: exit code %d, %q, want %d, %q", verb, command.ProcessState.ExitCode(), got.String(), code, output)
	}
}

// awaitTrue waits until something is true.
func awaitTrue(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so: %s", what)
		}
	}
}

// kernelSettings returns those that a kubelet changes.
func kernelSettings(t *testing.T) string {
	t.Helper()
	var settings strings.Builder
	for _, name := range []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"} {
		value, err := os.ReadFile("/proc/sys/" + name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&settings, "%s: %s", name, value)
	}
	return settings.String()
}

// traces are what may be left of a node: processes in a namespace, and a cgroup.
type traces struct{ namespace, cgroup string }

// tracesOf checks that they are found while the node runs.
func tracesOf(t *testing.T, n *node.Node) traces {
	t.Helper()
	found := traces{namespaceOf(t, n), n.Cgroup()}
	if !isThere(t, found.namespace) {
		t.Error("none of the node's processes is found")
	}
	if len(cgroupsOf(t, found.cgroup)) == 0 {
		t.Error("none of the node's cgroups is found")
	}
	return found
}

// namespaceOf returns the name of the node's namespace for processes.
func namespaceOf(t *testing.T, n *node.Node) string {
	t.Helper()
	command := exec.Command("readlink", "/proc/self/ns/pid")
	var output strings.Builder
	command.Stdout = &output
	if err := n.Run(command); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(output.String())
}

// cgroupsOf returns the directories of a node's cgroup, in version 2 and in all hierarchies of version 1.
func cgroupsOf(t *testing.T, cgroup string) []string {
	t.Helper()
	return append(glob(t, "/sys/fs/cgroup"+cgroup), glob(t, "/sys/fs/cgroup/*"+cgroup)...)
}

// isThere says whether there are processes in a namespace.
func isThere(t *testing.T, namespace string) bool {
	t.Helper()
	for _, link := range glob(t, "/proc/[0-9]*/ns/pid") {
		if name, err := os.Readlink(link); err == nil && name == namespace {
			return true
		}
	}
	return false
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
