package install_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	podUID      = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
	containerID = "9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d"
)

// TestKubeletOfPod: root's processes in pods that share the node's PID namespace may be called kubelet. They
// neither stop a command, nor say where it writes.
func TestKubeletOfPod(t *testing.T) {
	t.Parallel()
	for name, cgroup := range map[string]string{
		"systemd":            "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + strings.ReplaceAll(podUID, "-", "_") + ".slice/cri-containerd-" + containerID + ".scope\n",
		"CRI-O":              "0::/kubepods.slice/kubepods-pod" + strings.ReplaceAll(podUID, "-", "_") + ".slice/crio-" + containerID + ".scope/container\n",
		"cgroupfs":           "0::/kubepods/burstable/pod" + podUID + "/" + containerID + "\n",
		"version 1":          "5:pids:/kubepods/pod" + podUID + "/" + containerID + "\n1:name=systemd:/kubepods/pod" + podUID + "/" + containerID + "\n0::/\n",
		"seen from a pod":    "0::/../../pod" + podUID + "/" + containerID + "\n",
		"looks like service": "0::/kubepods/burstable/pod" + podUID + "/" + containerID + "/system.slice/kubelet.service\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.write("/proc/1/cgroup", "0::/init.scope\n")
			before := snapshot(t, m.root)
			m.process(500, []string{"kubelet", "--image-credential-provider-config=/opt/pod.yaml", "--image-credential-provider-bin-dir=/opt/pod"}, cgroup)
			wantRun(t, m.install("--restart"), 0, "wrote "+configPath+"\nwrote "+flagsPath+"\n", nothing)
			wantRestarts(t, m, 1)
			wantRun(t, m.install("--status"), 0, "kubelet: process 1002 runs with it and is healthy\n", nothing)
			wantRun(t, m.uninstall("--restart"), 0, "removed "+binDir+"/pullpass", nothing)
			wantSame(t, snapshot(t, m.root), before)
			m.stop()
			wantRun(t, m.install("--status"), 1, "kubelet: no kubelet is running\n", nothing)
		})
	}

	// One that is in a container, but in no pod, is the node's, as RKE1 has it. Of two, one is too many.
	m := newMachine(t)
	m.process(500, []string{"kubelet"}, "0::/docker/"+containerID+"\n")
	wantRun(t, m.install("--status"), 1, "look for the kubelet: processes 1001 and 500 are both kubelets\n", nothing)
}

// TestKubeletOfRealCgroup: the same with a process and a cgroup of this machine, of which the status is asked.
func TestKubeletOfRealCgroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("only root makes cgroups")
		return
	}
	root := "/sys/fs/cgroup"
	if _, err := os.Stat(root + "/cgroup.procs"); err != nil { // version 1
		root += "/pids"
	}
	status := func() string {
		r := run(t, "install", "--status")
		return r.Stdout + r.Stderr
	}
	before := status()
	process := exec.Command("sleep", "600")
	process.Args[0] = "/usr/bin/kubelet"
	must(t, process.Start())
	ended := func() {
		process.Process.Kill()
		process.Wait()
	}
	defer ended()
	if outside := status(); outside == before {
		t.Errorf("a kubelet in no pod makes no difference: %s", outside)
	}
	kubepods := filepath.Join(root, "kubepods")
	container := filepath.Join(kubepods, "pod"+podUID, containerID)
	made := func() {
		for path := container; path != root; path = filepath.Dir(path) {
			if err := os.Remove(path); err != nil && !errors.Is(err, syscall.EBUSY) && !errors.Is(err, syscall.ENOTEMPTY) {
				t.Error(err)
			}
		}
	}
	defer func() {
		ended()
		made()
	}()
	must(t, os.MkdirAll(container, 0o755))
	must(t, os.WriteFile(filepath.Join(container, "cgroup.procs"), fmt.Append(nil, process.Process.Pid), 0o644))
	if inside := status(); inside != before {
		t.Errorf("with a kubelet in a pod it is\n%s, without\n%s", inside, before)
	}
}
