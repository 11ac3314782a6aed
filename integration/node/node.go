// Package node runs a real node on this machine for a test: a kubelet with containerd and runc,
// alone or as a member of a cluster. It needs root, Linux and a few minutes for the first time,
// when the programs are built.
//
// A node has mounts and processes of its own. What it writes to /etc, /opt, /run, /usr and /var
// is gone when the test ends, with its processes, containers, mounts and cgroups; the kernel's
// settings that a kubelet changes stay as they are. That is so as well if the test's process is
// killed; if all of a node's processes are killed with it, empty cgroups stay until the next test
// with a node. The network is this machine's.
package node

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A Config says what a node is like.
type Config struct {
	// Name is the node's, "node" if it is empty.
	Name string
	// Registries has, for hosts of images, the addresses (HOST:PORT) of the http servers which
	// containerd asks in their place.
	Registries map[string]string
	// Kubeconfig is the path of the file with which the kubelet joins a cluster. Without it,
	// there are only static pods.
	Kubeconfig string
	// Flags are added to the kubelet's.
	Flags []string
	// Env is added to the kubelet's environment, which is no more than PATH.
	Env []string
	// Supervised has the kubelet run as the unit that kubeadm's packages make of it, by what stands
	// in for systemd, with a systemctl on the node's PATH. Its flags are what the unit's files say:
	// StartKubelet, StopKubelet and Restart are for other nodes.
	Supervised bool
}

// A Node is a running node.
type Node struct {
	config   Config
	programs programs
	machine  *machine
	kubelet  *process // the one that was started last, if it is not supervised
	address  string   // the kubelet's
	logs     string   // a directory

	supervisor *supervisor
}

// Start starts a node that ends with the test. If the test fails, the ends of its logs are
// shown.
func Start(t testing.TB, config Config) *Node {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("a node needs root: for namespaces, mounts and cgroups")
	}
	if config.Name == "" {
		config.Name = "node"
	}
	n := &Node{config: config, programs: getPrograms(t), logs: t.TempDir()}
	n.machine = startMachine(t)
	t.Cleanup(func() { n.showLogs(t) })
	n.startContainerd(t)
	n.configureKubelet(t)
	if config.Supervised {
		n.supervise(t)
		n.AwaitHealthy(t)
		return n
	}
	if err := n.StartKubelet(t.Context(), config.Flags...); err != nil {
		t.Fatal(err)
	}
	return n
}

// Path is where a file of the node is seen from here. It must not lead through a symbolic link
// with an absolute target, which would be one of this machine.
func (n *Node) Path(path string) string { return n.machine.path(path) }

// Write writes a file of the node, which its owner alone can read, and the directories above it.
func (n *Node) Write(t testing.TB, path, content string) {
	t.Helper()
	if err := n.machine.write(path, content); err != nil {
		t.Fatal(err)
	}
}

// Run runs a command on the node to its end, as exec.Cmd.Run does. Its program has to be at the
// same path here and there.
func (n *Node) Run(command *exec.Cmd) error {
	err := n.machine.start(command)
	if err == nil {
		err = command.Wait()
	}
	return err
}

// Cgroup is the path of the node's cgroup, below the root of each hierarchy.
func (n *Node) Cgroup() string { return n.machine.cgroup }

// Log returns what the kubelet has logged, in all of its runs.
func (n *Node) Log(t testing.TB) string {
	t.Helper()
	log, err := os.ReadFile(n.log("kubelet"))
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

func (n *Node) log(name string) string { return filepath.Join(n.logs, name+".log") }

func (n *Node) showLogs(t testing.TB) {
	if !t.Failed() {
		return
	}
	for _, name := range []string{"containerd", "kubelet"} {
		if log, err := os.ReadFile(n.log(name)); err == nil {
			t.Logf("the end of %s.log:\n%s", name, endOf(log))
		}
	}
}

// endOf returns the last lines of a log.
func endOf(log []byte) []byte {
	lines := bytes.SplitAfter(log, []byte("\n"))
	return bytes.Join(lines[max(len(lines)-80, 0):], nil)
}
