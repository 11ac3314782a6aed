//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/integration/cluster"
	"github.com/pullpass/pullpass/integration/node"
	"github.com/pullpass/pullpass/integration/release/image"
	"github.com/pullpass/pullpass/integration/release/source"
)

const daemonSetDirectory = repository + "node-config/daemonset"

// testInstallDaemonSet has the pod of the DaemonSet install pullpass on the node that it runs on,
// and take it off again: with the image and the manifests as they are, except that the test does
// what the controllers of a whole cluster do.
func testInstallDaemonSet(t *testing.T, control *cluster.Cluster) {
	const name = "installed"
	member := control.User(t, "system:node:"+name, "system:nodes")
	n := newTarget(t, node.Config{Name: name, Kubeconfig: member.Kubeconfig})
	s := &site{n.registries, control.Admin, name}
	loadImage(t, n)
	namespace := newNamespace(t, s.admin, "team")
	newAccount(t, s.admin, namespace)
	s.fails(t, s.run(t, namespace, "before", ecrHost), "insufficient_scope: authorization failed")
	t.Run("rotation", func(t *testing.T) { testRotationPod(t, n, s, control) })

	before := n.files(t, everything)
	manifests := s.issuer.run(t, "", "config", "show", "daemonset").Stdout
	s.admin.Kubectl(t, manifests, "apply", "--validate=strict", "-f", "-")
	s.confirmQuota(t, "pullpass")
	s.testDryRun(t, n, before)
	pod := s.runDaemon(t, manifests)
	if kubelet := n.Kubelet(); !n.hasPlugin() || kubelet.Starts != 2 {
		t.Errorf("the kubelet was not restarted once, with the plugin: %+v", kubelet)
	}
	n.succeeds(t, "install", "--status")
	for _, host := range []string{ecrHost, googleHost, hubHost} {
		s.runs(t, s.run(t, namespace, "after", host))
	}
	if log := n.containerLog(t, pod, "install"); !strings.Contains(log, configFile) {
		t.Errorf("the pod does not say what is installed:\n%s", log)
	}
	for _, status := range pod.Status.ContainerStatuses {
		if user := status.User; user == nil || user.Linux == nil || user.Linux.UID == 0 || len(status.VolumeMounts) != 1 || !status.VolumeMounts[0].ReadOnly {
			t.Errorf("the container that stays is %+v", status)
		}
	}
	// The pulls above have fetched credentials, and the container looks for new lines each second.
	for range 20 {
		if strings.Contains(n.containerLog(t, pod, "wait"), "registry="+ecrHost+" provider=ecr msg=\"fetched a credential") {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if log := n.containerLog(t, pod, "wait"); !strings.Contains(log, "registry="+ecrHost+" provider=ecr msg=\"fetched a credential") {
		t.Errorf("the container that stays has printed\n%s", log)
	}

	s.admin.Kubectl(t, "", "delete", "pod", pod.Name, "-n", pod.Namespace)
	s.runDaemon(t, s.admin.Kubectl(t, "", "kustomize", daemonSetDirectory+"/uninstall"))
	if kubelet := n.Kubelet(); n.hasPlugin() || kubelet.Starts != 3 {
		t.Errorf("the kubelet was not restarted once more, without the plugin: %+v", kubelet)
	}
	if found := differences(before, n.files(t, everything)); len(found) > 0 {
		t.Errorf("the node is not as it was: %s", strings.Join(found, ", "))
	}
}

// testDryRun has the pod of the overlay look at the node, whose files it cannot write, nor those on what is
// mounted below the root.
func (s *site) testDryRun(t *testing.T, n *target, before map[string]file) {
	pod := s.runDaemon(t, s.admin.Kubectl(t, "", "kustomize", daemonSetDirectory+"/dry-run"))
	defer s.admin.Kubectl(t, "", "delete", "pod", pod.Name, "-n", pod.Namespace)
	if found := differences(before, n.files(t, everything)); len(found) > 0 {
		t.Errorf("the dry run changed %s", strings.Join(found, ", "))
	}
	if log := n.containerLog(t, pod, "install"); !strings.Contains(log, configFile) {
		t.Errorf("the pod does not say what would be changed:\n%s", log)
	}
	for _, mount := range pod.Status.InitContainerStatuses[0].VolumeMounts {
		if mount.RecursiveReadOnly == nil || *mount.RecursiveReadOnly != corev1.RecursiveReadOnlyEnabled {
			t.Errorf("the mount is %+v", mount)
		}
	}
}

// testRotationPod has the kubelet run a pod of examples/rotation with pullpass's image and kubectl,
// and then one that pulls with the Secret. Other than by its manifest, the pod is on the node's
// network, its environment leads to what is there, the clouds' fakes and the API server, and it has
// a config in a ConfigMap, by which the password for Docker Hub is a token of its service account.
func testRotationPod(t *testing.T, n *target, s *site, control *cluster.Cluster) {
	manifests := s.admin.Kubectl(t, "", "kustomize", examplesDirectory+"/rotation/eks-irsa")
	applyAll(t, s.admin, "", manifests)
	var pod *corev1.Pod
	for _, job := range parseAll[batchv1.CronJob](t, manifests) {
		if job.Kind == "CronJob" {
			pod = newPod("rotation", job.Namespace, job.Spec.JobTemplate.Spec.Template)
		}
	}
	pod.Spec.NodeName, pod.Spec.HostNetwork = s.node, true
	api, err := url.Parse(control.URL)
	if err != nil {
		t.Fatal(err)
	}
	pullpass, kubectl := &pod.Spec.InitContainers[0], &pod.Spec.Containers[0]
	pullpass.Args = append(pullpass.Args, "--jitter=0s")
	pullpass.Env = append(pullpass.Env, variables(s.issuer.identities())...)
	addVolumes(t, s, pod, pullpass)
	kubectl.Env = append(kubectl.Env, variables([]string{"KUBERNETES_SERVICE_HOST=" + api.Hostname(), "KUBERNETES_SERVICE_PORT=" + api.Port()})...)
	kubectl.Image, _, _ = strings.Cut(kubectl.Image, "@") // no other image has its digest
	n.Import(t, kubectl.Image, node.ProgramImage(t, cluster.Binary(t, "kubectl")))
	// A controller makes it in a whole cluster.
	createAll(t, s.admin, pod.Namespace, toJSON(t, corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: "kube-root-ca.crt"},
		Data:       map[string]string{"ca.crt": string(control.CA)},
	}))
	createAll(t, s.admin, pod.Namespace, toJSON(t, pod))
	pod = s.await(t, pod, func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodSucceeded })
	if log := n.containerLog(t, pod, pullpass.Name); strings.Contains(log, "the cache is not used") {
		t.Errorf("the volume of the pod is not trusted:\n%s", log)
	}
	if login := get[secret](t, s.admin, "Secret", pod.Namespace, "regcred").logins(t)["docker.io"]; login.Username != "jwt" || !strings.HasPrefix(login.Password, "eyJ") {
		t.Errorf("the login for Docker Hub is %q with no token of the pod", login.Username)
	}
	s.runs(t, s.run(t, pod.Namespace, "rotated", ecrHost, "regcred"))
}

// addVolumes gives a container a config, at its usual place, and a service account token, and has it make a
// login of them.
func addVolumes(t *testing.T, s *site, pod *corev1.Pod, container *corev1.Container) {
	t.Helper()
	const token = "/var/run/secrets/tokens/token"
	createAll(t, s.admin, pod.Namespace, toJSON(t, corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: "config"},
		Data: map[string]string{"config.yaml": `{apiVersion: pullpass/v1, kind: Config, registries: [
			{match: docker.io, provider: dockerhub, dockerhub: {username: jwt, passwordFile: ` + token + `}}]}`},
	}))
	container.Args = append(container.Args, "--registry=docker.io")
	container.VolumeMounts = append(container.VolumeMounts,
		corev1.VolumeMount{Name: "config", MountPath: "/etc/pullpass"},
		corev1.VolumeMount{Name: "token", MountPath: filepath.Dir(token)})
	pod.Spec.Volumes = append(pod.Spec.Volumes,
		corev1.Volume{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "config"},
		}}},
		corev1.Volume{Name: "token", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
				Audience: "registry.example.com", Path: filepath.Base(token),
			}}},
		}}})
}

func variables(env []string) []corev1.EnvVar {
	var variables []corev1.EnvVar
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		variables = append(variables, corev1.EnvVar{Name: name, Value: value})
	}
	return variables
}

// loadImage gives the node pullpass's image, under the name that the manifests have.
func loadImage(t *testing.T, n *target) {
	t.Helper()
	binary, err := source.ReadBinary(binaries.Released)
	if err != nil {
		t.Fatal(err)
	}
	index, err := image.New(repository+"LICENSE", binary)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := image.WriteArchive(&archive, index, "registry.example.com/pullpass/pullpass:1.0"); err != nil {
		t.Fatal(err)
	}
	n.ImportArchive(t, &archive)
}

// confirmQuota does what the controller of quotas does first: without it, no pod is let in.
func (s *site) confirmQuota(t *testing.T, name string) {
	t.Helper()
	quota := get[corev1.ResourceQuota](t, s.admin, "ResourceQuota", name, name)
	status, err := json.Marshal(map[string]any{"status": corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: corev1.ResourceList{corev1.ResourcePods: {}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.admin.Do(t, http.MethodPatch, s.admin.Path(t, "v1", "ResourceQuota", name)+"/"+name+"/status", cluster.MergePatch, string(status))
}

// runDaemon makes the pod of the DaemonSet among manifests, as its controller does, and waits until
// it is ready.
func (s *site) runDaemon(t *testing.T, manifests string) *corev1.Pod {
	t.Helper()
	pod := daemonPod(t, manifests)
	pod.Spec.NodeName = s.node
	createAll(t, s.admin, pod.Namespace, toJSON(t, pod))
	return s.await(t, pod, func(pod *corev1.Pod) bool {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady {
				return condition.Status == corev1.ConditionTrue
			}
		}
		return false
	})
}

// daemonPod is the pod that the only DaemonSet among manifests has on a node.
func daemonPod(t *testing.T, manifests string) *corev1.Pod {
	t.Helper()
	for _, set := range parseAll[appsv1.DaemonSet](t, manifests) {
		if set.Kind == "DaemonSet" {
			return newPod(set.Name, set.Namespace, set.Spec.Template)
		}
	}
	t.Fatal("there is no DaemonSet")
	return nil
}

// newPod makes a pod of a template, as controllers do.
func newPod(name, namespace string, template corev1.PodTemplateSpec) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: template.Labels, Annotations: template.Annotations},
		Spec:       template.Spec,
	}
}

func toJSON(t *testing.T, object any) string {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// containerLog returns what a container of the pod has printed, as the kubelet keeps it.
func (n *target) containerLog(t *testing.T, pod *corev1.Pod, container string) string {
	t.Helper()
	var log strings.Builder
	for _, path := range glob(t, n.Path("/var/log/pods/"+pod.Namespace+"_"+pod.Name+"_"+string(pod.UID)+"/"+container+"/*.log")) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		log.Write(content)
	}
	return log.String()
}
