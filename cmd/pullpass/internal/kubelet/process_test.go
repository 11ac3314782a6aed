package kubelet

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// entry is what a made-up /proc has of a process.
type entry struct {
	cmdline string // with "|" for the bytes that end arguments
	state   string // "S" by default
	parent  int
	nspid   string // the process's ID by default
	uid     string // that of root by default
	cgroup  string
}

func makeProc(t *testing.T, entries map[int]entry) string {
	t.Helper()
	proc := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	write("sys/kernel/random/boot_id", "0b5f4a3c-6f0e-4d7b-9f0c-1d2e3f4a5b6c\n")
	write("version", "Linux\n")
	for pid, e := range entries {
		directory := fmt.Sprint(pid) + "/"
		if e.state == "" {
			e.state = "S"
		}
		if e.nspid == "" {
			e.nspid = fmt.Sprint(pid)
		}
		if e.uid == "" {
			e.uid = "0\t0\t0\t0"
		}
		write(directory+"cmdline", strings.ReplaceAll(e.cmdline, "|", "\x00"))
		// The name may have spaces and brackets in it.
		write(directory+"stat", fmt.Sprintf("%d (a) b (c) %s %d 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 9 0 %d 0 0\n", pid, e.state, e.parent, 1000+pid))
		write(directory+"status", "Name:\tx\nNStgid:\t"+e.nspid+"\nNSpid:\t"+e.nspid+"\nUid:\t"+e.uid+"\nThreads:\t1\n")
		write(directory+"cgroup", e.cgroup)
	}
	return proc
}

func TestFind(t *testing.T) {
	const kubeletCgroup = "0::/system.slice/kubelet.service\n"
	for name, c := range map[string]struct {
		entries map[int]entry
		pid     int // 0: none
		args    []string
		service string
		hidden  bool
	}{
		"none": {entries: map[int]entry{
			1:  {cmdline: "/sbin/init|"},
			2:  {cmdline: ""}, // a thread of the kernel
			3:  {cmdline: "kubelet-wrapper|"},
			4:  {cmdline: "kubelet|", state: "Z"},
			5:  {cmdline: "/usr/bin/kubelet|--version|"},
			6:  {cmdline: "kubelet|-h|"},
			7:  {cmdline: "vi|/usr/bin/kubelet|"},
			8:  {cmdline: "k3s|kubectl|get|nodes|"},
			9:  {cmdline: "k3s|"},
			10: {cmdline: " "},
		}},
		"kubelet": {
			entries: map[int]entry{1: {cmdline: "/sbin/init|"}, 700: {cmdline: "/usr/bin/kubelet|--v=2|--x||", parent: 1, cgroup: kubeletCgroup}},
			pid:     700, args: []string{"/usr/bin/kubelet", "--v=2", "--x"}, service: "kubelet.service",
		},
		"not the one in a container": {
			entries: map[int]entry{
				600: {cmdline: "kubelet|--container|", nspid: "600\t12", cgroup: kubeletCgroup},
				700: {cmdline: "kubelet|--machine|", cgroup: kubeletCgroup},
			},
			pid: 700, args: []string{"kubelet", "--machine"}, service: "kubelet.service",
		},
		"not one that a user calls so": {
			entries: map[int]entry{
				600: {cmdline: "kubelet|--user|", uid: "1000\t1000\t1000\t1000", cgroup: kubeletCgroup},
				601: {cmdline: "kubelet|--setuid|", uid: "1000\t0\t0\t0", cgroup: kubeletCgroup},
			},
		},
		"not one in a pod that shares the node's processes": {
			entries: map[int]entry{
				1:   {cmdline: "/sbin/init|", cgroup: "0::/init.scope\n"},
				600: {cmdline: "kubelet|--pod|", cgroup: "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod3f2504e0_4f89_11d3_9a0c_0305e82c3301.slice/cri-containerd-0123.scope\n"},
				601: {cmdline: "k3s|server|", cgroup: "5:pids:/kubepods/pod3f2504e0-4f89-11d3-9a0c-0305e82c3301/0123\n0::/\n"},
				700: {cmdline: "kubelet|--machine|", parent: 1, cgroup: kubeletCgroup},
			},
			pid: 700, args: []string{"kubelet", "--machine"}, service: "kubelet.service",
		},
		"in a container that is in no pod, as RKE1 has it": {
			entries: map[int]entry{
				1:   {cmdline: "/sbin/init|", cgroup: "0::/init.scope\n"},
				700: {cmdline: "kubelet|", cgroup: "0::/system.slice/docker-9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d.scope\n"},
			},
			pid: 700, args: []string{"kubelet"},
		},
		"not one with more arguments than the kubelet can have": {
			entries: map[int]entry{700: {cmdline: "kubelet|" + strings.Repeat("x", 1<<20)}},
		},
		"in a session": {
			entries: map[int]entry{700: {cmdline: "kubelet|", cgroup: "0::/user.slice/user-0.slice/user@0.service/app.slice/a.service\n"}},
			pid:     700, args: []string{"kubelet"},
		},
		"not what it is about to start": {
			entries: map[int]entry{700: {cmdline: "kubelet|", parent: 1}, 701: {cmdline: "kubelet|", parent: 700}},
			pid:     700, args: []string{"kubelet"},
		},
		"k3s, with its argv written over": {
			entries: map[int]entry{700: {cmdline: "/usr/local/bin/k3s server||||||", cgroup: "0::/system.slice/k3s.service\n"}},
			pid:     700, args: []string{"/usr/local/bin/k3s", "server"}, service: "k3s.service", hidden: true,
		},
		"k3s, with its own argv": {
			entries: map[int]entry{700: {cmdline: "/usr/local/bin/k3s|agent|--token|x|", cgroup: "1:name=systemd:/system.slice/k3s-agent.service\n"}},
			pid:     700, args: []string{"/usr/local/bin/k3s", "agent", "--token", "x"}, service: "k3s-agent.service", hidden: true,
		},
		"RKE2's": {
			entries: map[int]entry{
				690: {cmdline: "/usr/local/bin/rke2 server||", cgroup: "0::/system.slice/rke2-server.service\n"},
				700: {cmdline: "kubelet|--v=2|", parent: 690, cgroup: "0::/system.slice/rke2-server.service\n"},
			},
			pid: 700, args: []string{"kubelet", "--v=2"}, service: "rke2-server.service",
		},
		"kubelite": {
			entries: map[int]entry{700: {cmdline: "/snap/microk8s/1/kubelite|--kubelet-args-file=/x|", cgroup: "0::/system.slice/snap.microk8s.daemon-kubelite.service\n"}},
			pid:     700, args: []string{"/snap/microk8s/1/kubelite", "--kubelet-args-file=/x"}, service: "snap.microk8s.daemon-kubelite.service", hidden: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Find(makeProc(t, c.entries))
			if err != nil || (p == nil) != (c.pid == 0) {
				t.Fatalf("%+v, %v", p, err)
			}
			if p == nil {
				return
			}
			id := fmt.Sprintf("0b5f4a3c-6f0e-4d7b-9f0c-1d2e3f4a5b6c/%d/%d", c.pid, 1000+c.pid)
			if p.ID != id || p.PID != c.pid || !slices.Equal(p.Args, c.args) || p.Service != c.service || p.Hidden != c.hidden {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestFindTwo(t *testing.T) {
	_, err := Find(makeProc(t, map[int]entry{700: {cmdline: "kubelet|"}, 800: {cmdline: "kubelet|"}}))
	if err == nil || !strings.Contains(err.Error(), "700") || !strings.Contains(err.Error(), "800") {
		t.Error(err)
	}
}

// TestFindVanishing: a process may end while it is looked at.
func TestFindVanishing(t *testing.T) {
	for _, gone := range []string{"cmdline", "stat", "status", "cgroup"} {
		proc := makeProc(t, map[int]entry{700: {cmdline: "kubelet|"}, 800: {cmdline: "kubelet|"}})
		if err := os.Remove(filepath.Join(proc, "700", gone)); err != nil {
			t.Fatal(err)
		}
		if p, err := Find(proc); err != nil || p == nil || p.PID != 800 {
			t.Errorf("%s: %+v, %v", gone, p, err)
		}
	}
}

func TestFindBroken(t *testing.T) {
	if _, err := Find(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no /proc is no error")
	}
	proc := makeProc(t, map[int]entry{700: {cmdline: "kubelet|"}})
	if err := os.Chmod(filepath.Join(proc, "700", "stat"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(proc, "700", "stat"), []byte("700 (kubelet) S 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(proc); err == nil || !strings.Contains(err.Error(), "too few fields") {
		t.Errorf("a stat with too few fields: %v", err)
	}
}

// TestFindReal: the real /proc can be read, and holds no kubelet of this test's.
func TestFindReal(t *testing.T) {
	if _, err := os.Stat("/proc/sys/kernel/random/boot_id"); err != nil {
		t.Logf("no /proc: %v", err)
		return
	}
	self, err := read(filepath.Join("/proc", fmt.Sprint(os.Getpid())), nil)
	if self != nil || err != nil {
		t.Errorf("this test is taken for a kubelet: %+v, %v", self, err)
	}
	if _, err := Find("/proc"); err != nil {
		t.Error(err)
	}
}

func TestFlag(t *testing.T) {
	args := []string{"kubelet", "--a=1", "--b", "2", "--c", "x", "--a", "3", "--d_e=4", "-f=5", "--g=", "--h"}
	for name, want := range map[string]string{"a": "3", "b": "2", "c": "x", "d-e": "4", "g": ""} {
		if got, ok := Flag(args, name); !ok || got != want {
			t.Errorf("--%s: %q %t, want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"f", "h", "i", "3"} {
		if got, ok := Flag(args, name); ok {
			t.Errorf("--%s: %q", name, got)
		}
	}
}

func TestGone(t *testing.T) {
	if gone(nil) || gone(fs.ErrInvalid) || !gone(fs.ErrNotExist) {
		t.Error("gone is wrong")
	}
}
