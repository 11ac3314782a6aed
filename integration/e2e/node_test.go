//go:build e2e

package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullpass/pullpass/integration/cluster"
	"github.com/pullpass/pullpass/integration/fakes/registry"
	"github.com/pullpass/pullpass/integration/node"
)

// TestPullSecret has a kubelet without any plugin pull private images, with Secrets that come
// from pullpass.
func TestPullSecret(t *testing.T) {
	s := newSite(t)
	namespace := newNamespace(t, s.admin, "team")
	s.admin.Kubectl(t, "", "create", "serviceaccount", "default", "-n", namespace)
	for _, host := range []string{hubHost, ecrHost} {
		t.Run("none for "+host, func(t *testing.T) {
			pod := s.run(t, namespace, "none", host)
			s.fails(t, pod, "insufficient_scope: authorization failed")
		})
	}

	s.apply(t, namespace)
	for _, host := range []string{hubHost, ecrHost} {
		t.Run("one for "+host, func(t *testing.T) {
			s.runs(t, s.run(t, namespace, "one", host, "regcred"))
		})
	}

	t.Run("another password", func(t *testing.T) {
		s.newPassword()
		stale := s.run(t, namespace, "stale", hubHost, "regcred")
		s.fails(t, stale, "401 Unauthorized")

		before := get[secret](t, s.admin, "secret", namespace, "regcred")
		s.apply(t, namespace)
		if after := get[secret](t, s.admin, "secret", namespace, "regcred"); after.Metadata.UID != before.Metadata.UID {
			t.Error("the Secret has another UID: it was deleted and made anew")
		}
		s.runs(t, s.run(t, namespace, "rotated", hubHost, "regcred"))
		s.runs(t, stale)
	})

	t.Run("one of the service account", func(t *testing.T) {
		namespace := newNamespace(t, s.admin, "attached")
		s.admin.Kubectl(t, "", "create", "serviceaccount", "default", "-n", namespace)
		s.fails(t, s.run(t, namespace, "before", ecrHost), "insufficient_scope: authorization failed")
		manifests, _ := s.issuer.attach(t, s.admin, namespace)
		s.admin.Kubectl(t, manifests, "apply", "-f", "-")
		s.runs(t, s.run(t, namespace, "after", ecrHost))
	})
}

const (
	nodeName = "worker"
	hubHost  = "docker.io"
	hubUser  = "acme"
)

// A site is a cluster of one node, and the private registries that its images are in.
type site struct {
	admin      *cluster.Client
	issuer     *issuer
	registries map[string]*registry.Server // by host
	password   atomic.Pointer[string]      // of hubUser
}

func newSite(t *testing.T) *site {
	t.Helper()
	control := cluster.Start(t)
	s := &site{admin: control.Admin, issuer: newIssuer(t)}
	s.newPassword()
	s.registries = map[string]*registry.Server{
		hubHost: startRegistry(t, func(user, password string) bool { return user == hubUser && password == *s.password.Load() }),
		ecrHost: startRegistry(t, s.issuer.aws.Login),
	}
	addresses := map[string]string{}
	for host, server := range s.registries {
		addresses[host] = server.Address
	}
	member := control.User(t, "system:node:"+nodeName, "system:nodes")
	node.Start(t, node.Config{Name: nodeName, Registries: addresses, Kubeconfig: member.Kubeconfig})
	return s
}

func startRegistry(t *testing.T, login func(user, password string) bool) *registry.Server {
	t.Helper()
	server, err := registry.Start(login)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// newPassword changes the password of hubUser.
func (s *site) newPassword() {
	password := rand.Text()
	s.password.Store(&password)
}

// apply applies the Secret regcred, which is for both registries.
func (s *site) apply(t *testing.T, namespace string) {
	t.Helper()
	manifest := s.issuer.run(t, *s.password.Load(), "secret", "regcred", "-n", namespace,
		"--registry", hubHost, "--username", hubUser, "--password-stdin", "--registry", ecrHost)
	s.admin.Kubectl(t, manifest.Stdout, "apply", "-f", "-")
}

// run makes a pod that names the Secrets, of an image that no other has, from the host's registry.
func (s *site) run(t *testing.T, namespace, name, host string, secrets ...string) *corev1.Pod {
	t.Helper()
	repository := namespace + "/" + name
	push(t, s.registries[host], repository)
	pod := node.Pod(name+"-"+strings.ReplaceAll(host, ".", "-"), host+"/"+repository+":1")
	pod.Namespace = namespace
	pod.Spec.NodeName = nodeName // there is no scheduler
	for _, secret := range secrets {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: secret})
	}
	manifest, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	s.admin.Kubectl(t, string(manifest), "apply", "-f", "-")
	return pod
}

func push(t *testing.T, server *registry.Server, repository string) {
	t.Helper()
	if err := server.PushImage(t.Context(), node.Image(t), repository, "1"); err != nil {
		t.Fatal(err)
	}
}

// runs checks that the pod gets to run.
func (s *site) runs(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	s.await(t, pod, node.Running)
}

// fails checks that the pod's image cannot be pulled, for this reason.
func (s *site) fails(t *testing.T, pod *corev1.Pod, reason string) {
	t.Helper()
	got := s.await(t, pod, node.PullFailed)
	if message := got.Status.ContainerStatuses[0].State.Waiting.Message; !strings.Contains(message, reason) {
		t.Errorf("the pull failed for another reason than %q: %s", reason, message)
	}
}

// await waits until the API server has the pod as it is wanted.
func (s *site) await(t *testing.T, pod *corev1.Pod, wanted func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		got := get[corev1.Pod](t, s.admin, "pod", pod.Namespace, pod.Name)
		if wanted(&got) {
			return &got
		}
		if time.Now().After(deadline) {
			t.Fatalf("pod %s is not as wanted: %+v", pod.Name, got.Status)
		}
	}
}

// TestNode runs static pods on a node that is alone, and restarts its kubelet. Nothing is left
// of the node in the end.
func TestNode(t *testing.T) {
	settings := kernelSettings(t)
	var processes string // the namespace of the node's
	t.Run("alone", func(t *testing.T) {
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

		processes = namespaceOf(t, n)
		if !isThere(t, processes) {
			t.Error("none of the node's processes is found")
		}
		setting, err := os.ReadFile(n.Path("/proc/sys/kernel/panic"))
		if err != nil || strings.TrimSpace(string(setting)) != "10" {
			t.Errorf("the kubelet has not set kernel.panic to 10: %q, %v", setting, err)
		}
	})
	if isThere(t, processes) {
		t.Error("processes of the node are left")
	}
	if now := kernelSettings(t); now != settings {
		t.Errorf("settings of the kernel were\n%s and are\n%s", settings, now)
	}
	for _, mounts := range glob(t, "/proc/self/task/*/mounts") { // of each thread
		if content, err := os.ReadFile(mounts); err == nil && bytes.Contains(content, []byte("pullpass-test")) {
			t.Errorf("mounts are left:\n%s", content)
		}
	}
	for _, pattern := range []string{"/sys/fs/cgroup/pullpass-test-*", "/sys/fs/cgroup/*/pullpass-test-*"} {
		if left := glob(t, pattern); len(left) > 0 {
			t.Errorf("cgroups are left: %q", left)
		}
	}
	for _, path := range []string{"/var/lib/kubelet/config.yaml", "/etc/kubernetes/manifests/public.json", "/etc/containerd/certs.d/registry.example.com"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
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
