package install_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestImageOfOtherMachines: an image gets no binary that its nodes cannot run.
func TestImageOfOtherMachines(t *testing.T) {
	root := copyTree(t, "kubeadm-debian")
	program, err := os.ReadFile(binaries.Released)
	must(t, err)
	env := filepath.Join(root, "usr/bin/env")
	must(t, os.MkdirAll(filepath.Dir(env), 0o755))
	foreign, name := byte(183), "arm64"
	if runtime.GOARCH == name {
		foreign, name = 62, "amd64"
	}
	head := append([]byte(nil), program[:64]...)
	head[18] = foreign
	must(t, os.WriteFile(env, head, 0o755))
	before := snapshot(t, root)
	for _, args := range [][]string{{}, {"--dry-run"}} {
		wantRun(t, run(t, append([]string{"install", "--root", root}, args...)...), 1, nothing,
			"error: install: /usr/bin/env is for "+name+", this pullpass binary for "+runtime.GOARCH+"\npullpass: hint: use the pullpass binary for "+name+"\n")
	}
	wantSame(t, snapshot(t, root), before)
	must(t, os.WriteFile(env, program[:64], 0o755))
	succeed(t, root, "install")
}

// TestImageHasNoKubelet: what cannot be done with an image has a hint, before anything is written.
func TestImageHasNoKubelet(t *testing.T) {
	root := copyTree(t, "kubeadm-debian")
	unchanged(t, root, func() {
		wantRun(t, run(t, "install", "--root", root, "--restart"), 1, nothing, "hint: no kubelet is running in an image: leave out --restart\n")
	})
	must(t, os.RemoveAll(filepath.Join(root, "var/lib")))
	unchanged(t, root, func() {
		for _, args := range [][]string{{"install"}, {"install", "--dry-run"}, {"uninstall"}, {"uninstall", "--dry-run"}} {
			wantRun(t, run(t, append(args, "--root", root)...), 1, nothing, "hint: this is not the root directory of a Linux system: name one with --root")
		}
	})
}

// TestTwoKinds: with files of two kinds of nodes, the paths alone do not tell where the flags belong.
func TestTwoKinds(t *testing.T) {
	root := copyTree(t, "kubeadm-debian")
	must(t, os.MkdirAll(filepath.Join(root, "etc/rancher/k3s"), 0o755))
	paths := []string{"install", "--root", root, "--kubelet-config", "/etc/pullpass/config.yaml", "--bin-dir", "/opt/pullpass"}
	unchanged(t, root, func() {
		wantRun(t, run(t, paths...), 1, nothing, "error: find the kubelet: there are files of two platforms, and no kubelet is running: k3s and kubeadm\npullpass: hint: name the platform with --platform\n")
		wantRun(t, run(t, append(paths, "--platform", "kubeadmn")...), 2, nothing, `error: unknown platform "kubeadmn", known are aks, `)
	})
	wantRun(t, run(t, append(paths, "--platform", "kubeadm")...), 0, "wrote "+flagsPath, nothing)
}

// TestWholeRestart: who restarts k3s knows what else that is.
func TestWholeRestart(t *testing.T) {
	const note = "note: k3s restarts as a whole, on a server with the API server and any embedded etcd"
	root := copyTree(t, "k3s")
	playKubelet(t, root, "/usr/local/bin/k3s", "server")
	healthz := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer healthz.Close()
	_, port, err := net.SplitHostPort(healthz.Listener.Addr().String())
	must(t, err)
	settings := filepath.Join(root, "var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00.conf")
	must(t, os.MkdirAll(filepath.Dir(settings), 0o755))
	must(t, os.WriteFile(settings, []byte("healthzPort: "+port+"\n"), 0o644))
	wantRun(t, run(t, "install", "--root", root, "--restart", "--dry-run"), 1, nothing, "error: restart kubelet.service: no systemctl in PATH, ")
	must(t, os.MkdirAll(filepath.Join(root, "usr/bin"), 0o755))
	must(t, os.Link(systemctl, filepath.Join(root, "usr/bin/systemctl")))
	wantRun(t, run(t, "install", "--root", root, "--restart", "--dry-run"), 0, "restart kubelet.service\n", note)
	must(t, os.WriteFile(filepath.Join(root, "proc/1077/cgroup"), []byte("0::/system.slice/k3s-agent.service\n"), 0o644))
	wantRun(t, run(t, "install", "--root", root, "--restart", "--dry-run"), 0, "restart k3s-agent.service\n", nothing)
}

// TestDanglingLink: it is named, not only where it leads.
func TestDanglingLink(t *testing.T) {
	root := copyTree(t, "eks-al2023")
	config := "/etc/eks/image-credential-provider/config.json"
	must(t, os.Remove(filepath.Join(root, config)))
	must(t, os.Symlink("/nowhere", filepath.Join(root, config)))
	wantRun(t, run(t, "install", "--root", root), 1, nothing, "error: read "+config+": it is a symbolic link: lstat /nowhere: no such file or directory\n")
}
