package node

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	kubeletConfig = "/var/lib/kubelet/config.yaml"
	manifests     = "/etc/kubernetes/manifests"
)

// The kubelet's ports, on an address of its own. By default, these have others.
const (
	serverPort = 20250
	healthPort = 20248
)

// kubeletSettings has places for its cgroup, the address of containerd, its own address with two
// ports, and the names above. Nothing is evicted or collected, however full this machine's disk is.
const kubeletSettings = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
cgroupRoot: %[1]s
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://%[2]s
address: %[3]s
port: %[4]d
healthzBindAddress: %[3]s
healthzPort: %[5]d
authentication:
  anonymous: {enabled: true}
  webhook: {enabled: false}
authorization: {mode: AlwaysAllow}
staticPodPath: %[6]s
makeIPTablesUtilChains: false
resolvConf: ""
evictionHard: {memory.available: "0%%", nodefs.available: "0%%", nodefs.inodesFree: "0%%", imagefs.available: "0%%", imagefs.inodesFree: "0%%"}
imageGCHighThresholdPercent: 100
fileCheckFrequency: 1s
registerNode: %[7]t
`

// configureKubelet writes the kubelet's configuration.
func (n *Node) configureKubelet(t testing.TB) {
	t.Helper()
	n.address = loopbackAddress()
	settings := fmt.Sprintf(kubeletSettings, n.machine.cgroup, containerdSocket, n.address, serverPort, healthPort, manifests, n.config.Kubeconfig != "")
	n.Write(t, kubeletConfig, settings)
	if err := os.MkdirAll(n.Path(manifests), 0o755); err != nil {
		t.Fatal(err)
	}
}

// loopbackAddress returns one of the 16 million that no other has. On 127.0.0.1, a port might be
// another's whenever no kubelet is running.
func loopbackAddress() string {
	var b [3]byte
	rand.Read(b[:])
	return net.IPv4(127, 1+b[0]%254, b[1], 1+b[2]%254).String()
}

// StartKubelet starts the kubelet, which must not run, with flags beside those that make it run
// here. It returns when the kubelet says that it is healthy. The error is that it has ended, or
// that it has said nothing for two minutes.
func (n *Node) StartKubelet(ctx context.Context, flags ...string) error {
	command := exec.Command(n.programs.kubelet,
		"--config="+kubeletConfig,
		"--hostname-override="+n.config.Name,
		"--v=2",
	)
	if n.config.Kubeconfig != "" {
		command.Args = append(command.Args, "--kubeconfig="+n.config.Kubeconfig)
	}
	command.Args = append(command.Args, flags...)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, n.config.Env...)
	p, err := n.machine.startProcess("kubelet", n.log("kubelet"), command)
	if err != nil {
		return err
	}
	n.kubelet = p
	return n.awaitHealthy(ctx)
}

// awaitHealthy waits until the kubelet says that it is healthy.
func (n *Node) awaitHealthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return n.kubelet.await(ctx, func() error {
		_, err := get(ctx, fmt.Sprintf("http://%s:%d/healthz", n.address, healthPort))
		return err
	})
}

// StopKubelet ends the kubelet, if it runs. Containers go on.
func (n *Node) StopKubelet() {
	n.kubelet.stop()
}

// Restart ends the kubelet and starts it with the flags, instead of those that it had.
func (n *Node) Restart(t testing.TB, flags ...string) {
	t.Helper()
	n.StopKubelet()
	if err := n.StartKubelet(t.Context(), flags...); err != nil {
		t.Fatal(err)
	}
}

// Pods returns the pods that the kubelet knows, with their status.
func (n *Node) Pods(ctx context.Context) ([]corev1.Pod, error) {
	body, err := get(ctx, fmt.Sprintf("https://%s:%d/pods", n.address, serverPort))
	if err != nil {
		return nil, err
	}
	var list corev1.PodList
	err = json.Unmarshal(body, &list)
	return list.Items, err
}

// AwaitPod waits until the pod of a name, in any namespace, is as wanted, and returns it. A static
// pod's name ends with -NODE.
func (n *Node) AwaitPod(t testing.TB, name string, wanted func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	err := n.kubelet.await(ctx, func() error {
		pods, err := n.Pods(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(pods, func(p corev1.Pod) bool { return p.Name == name })
		if i < 0 {
			return fmt.Errorf("there is no pod %s", name)
		}
		if pod = &pods[i]; !wanted(pod) {
			return fmt.Errorf("pod %s is not as wanted: %+v", name, pod.Status)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

// RunStatic has the kubelet run a pod of the manifest directory. A static pod has no more than the
// node: no service account, no Secret.
func (n *Node) RunStatic(t testing.TB, pod *corev1.Pod) {
	t.Helper()
	manifest, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	n.Write(t, filepath.Join(manifests, pod.Name+".json"), string(manifest))
}

// get returns what an address of a kubelet answers. Its certificate is its own.
func get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return body, err
}
