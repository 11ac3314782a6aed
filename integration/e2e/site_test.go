//go:build e2e

package e2e_test

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullpass/pullpass/integration/cluster"
	"github.com/pullpass/pullpass/integration/node"
)

// TestSites runs pods on two nodes of a cluster.
func TestSites(t *testing.T) {
	t.Parallel()
	control := cluster.Start(t)
	t.Run("InstallDaemonSet", func(t *testing.T) { // first, since it takes the longest
		t.Parallel()
		testInstallDaemonSet(t, control)
	})
	t.Run("PullSecret", func(t *testing.T) {
		t.Parallel()
		testPullSecret(t, control)
	})
}

// A site is a node of a cluster, and the private registries that its images are in.
type site struct {
	*registries
	admin *cluster.Client
	node  string
}

// run makes a pod that names the Secrets, of an image that no other has, from the host's registry.
func (s *site) run(t *testing.T, namespace, name, host string, secrets ...string) *corev1.Pod {
	t.Helper()
	pod := node.Pod(name+"-"+strings.ReplaceAll(host, ".", "-"), s.push(t, host, namespace+"/"+name))
	pod.Namespace = namespace
	pod.Spec.NodeName = s.node // there is no scheduler
	for _, secret := range secrets {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: secret})
	}
	createAll(t, s.admin, namespace, toJSON(t, pod))
	return pod
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
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	changes := s.admin.Watch(ctx, t, s.admin.Path(t, "v1", "Pod", pod.Namespace), pod.Name)
	for {
		var got corev1.Pod
		if err := changes.Next(&got); err != nil {
			t.Fatalf("pod %s is not as wanted: %v: %+v", pod.Name, err, pod.Status)
		}
		if pod = &got; wanted(pod) {
			return pod
		}
	}
}
