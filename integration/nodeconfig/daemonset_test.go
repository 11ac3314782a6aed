package nodeconfig_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// A manifest is what puts pullpass on all nodes.
type manifest struct {
	namespace core.Namespace
	account   core.ServiceAccount
	quota     core.ResourceQuota
	policy    networking.NetworkPolicy
	daemonSet apps.DaemonSet
}

// decode reads the objects, whose fields must all be known to the API.
func decode(t *testing.T, text string) manifest {
	t.Helper()
	var m manifest
	into := map[string]any{
		"Namespace": &m.namespace, "ServiceAccount": &m.account, "ResourceQuota": &m.quota, "NetworkPolicy": &m.policy, "DaemonSet": &m.daemonSet,
	}
	for _, document := range documents(text) {
		object := parse[map[string]any](t, document)
		kind, _ := object["kind"].(string)
		target, known := into[kind]
		if !known {
			t.Fatalf("a %s, or a second one", kind)
		}
		delete(into, kind)
		convert(t, object, target)
	}
	if len(into) > 0 {
		t.Fatalf("not there: %v", into)
	}
	return m
}

// convert reads an object into a type of the API, which must know all of its fields.
func convert(t *testing.T, object map[string]any, target any) {
	t.Helper()
	content, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		t.Fatal(err)
	}
}

// build is what `kubectl kustomize` makes of a directory in daemonset/, with nothing but what the
// binary has in it. Components are directories in daemonset/ as well.
func build(t *testing.T, directory string, components ...string) manifest {
	t.Helper()
	files := filesys.MakeFsInMemory()
	for _, name := range nodeconfig.Names() {
		if err := files.WriteFile("/"+name, []byte(read(t, name))); err != nil {
			t.Fatal(err)
		}
	}
	overlay := "resources: [../" + directory + "]\ncomponents:\n"
	for _, component := range components {
		overlay += "- ../" + component + "\n"
	}
	if err := files.WriteFile("/daemonset/overlay/kustomization.yaml", []byte(overlay)); err != nil {
		t.Fatal(err)
	}
	return decode(t, kustomize(t, files, "/daemonset/overlay"))
}

// kustomize is what `kubectl kustomize` prints.
func kustomize(t *testing.T, files filesys.FileSystem, directory string) string {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, directory)
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestBase: the one file is the whole base.
func TestBase(t *testing.T) {
	if file, base := decode(t, read(t, "daemonset")), build(t, "base"); !reflect.DeepEqual(file, base) {
		t.Errorf("the file says\n%+v\nthe base\n%+v", file, base)
	}
}

// TestNodes: the pods go to all nodes that can be installed on, by the scheduler's own code.
func TestNodes(t *testing.T) {
	for name, test := range map[string]struct {
		labels map[string]string
		want   bool
	}{
		"amd64":        {map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}, true},
		"arm64":        {map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64"}, true},
		"canary":       {map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "pullpass": "canary"}, true},
		"other CPU":    {map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "s390x"}, false},
		"Windows":      {map[string]string{"kubernetes.io/os": "windows", "kubernetes.io/arch": "amd64"}, false},
		"off":          {map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "pullpass": "off"}, false},
		"Auto Mode":    {map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "eks.amazonaws.com/compute-type": "auto"}, false},
		"Fargate":      {map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "eks.amazonaws.com/compute-type": "fargate"}, false},
		"virtual node": {map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "type": "virtual-kubelet"}, false},
	} {
		pod := core.Pod{Spec: build(t, "base").daemonSet.Spec.Template.Spec}
		node := core.Node{ObjectMeta: meta.ObjectMeta{Labels: test.labels}}
		if got, err := nodeaffinity.GetRequiredNodeAffinity(&pod).Match(&node); err != nil || got != test.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestRights: what the pods may do on a node is what pullpass install needs, and no more.
func TestRights(t *testing.T) {
	m := build(t, "base")
	for _, level := range []string{"enforce", "warn", "audit"} {
		if got := m.namespace.Labels["pod-security.kubernetes.io/"+level]; got != "privileged" {
			t.Errorf("%s=%s", level, got)
		}
	}
	pod := m.daemonSet.Spec.Template.Spec
	for what, token := range map[string]*bool{"account": m.account.AutomountServiceAccountToken, "pod": pod.AutomountServiceAccountToken} {
		if token == nil || *token {
			t.Errorf("the %s has the account's token", what)
		}
	}
	if !pod.HostPID || pod.HostIPC || !pod.HostNetwork || pod.ServiceAccountName != m.account.Name {
		t.Errorf("hostPID %v, hostIPC %v, hostNetwork %v, account %s", pod.HostPID, pod.HostIPC, pod.HostNetwork, pod.ServiceAccountName)
	}
	volumes := map[string]string{}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = volume.HostPath.Path
	}
	if !reflect.DeepEqual(volumes, map[string]string{"node": "/", "log": "/var/log/pullpass"}) {
		t.Errorf("the volumes are %+v", pod.Volumes)
	}
	if len(pod.InitContainers) != 1 || len(pod.Containers) != 1 {
		t.Fatalf("%d init containers, %d containers", len(pod.InitContainers), len(pod.Containers))
	}
	install, wait := pod.InitContainers[0], pod.Containers[0]
	for _, container := range []core.Container{install, wait} {
		if container.Resources.Limits.Memory().IsZero() || container.Resources.Requests.Memory().IsZero() || container.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s: %+v", container.Name, container.Resources)
		}
	}
	if c := install.SecurityContext; *c.RunAsUser != 0 || *c.RunAsGroup != 0 || *c.RunAsNonRoot || c.SELinuxOptions.Type != "spc_t" {
		t.Errorf("the init container's security context is %+v", c)
	}
	if caps := install.SecurityContext.Capabilities; !slices.Equal(caps.Add, []core.Capability{"SYS_CHROOT"}) {
		t.Errorf("the init container has %+v", caps)
	}
	if env := install.Env; !reflect.DeepEqual(env, []core.EnvVar{{Name: "SYSTEMD_OFFLINE", Value: "0"}}) {
		t.Errorf("systemctl has %+v: in a chroot it would do nothing, and not say so by its exit code", env)
	}
	if mount := install.VolumeMounts[0]; len(install.VolumeMounts) != 1 || mount.MountPath != "/host" || mount.MountPropagation == nil || *mount.MountPropagation != core.MountPropagationHostToContainer {
		t.Errorf("the init container mounts %+v", install.VolumeMounts)
	}
	// What stays has nothing of all this. It may read the log that the plugin writes, as a member of root's group, and
	// nothing else of the node.
	if len(wait.Env) != 0 || wait.SecurityContext.SELinuxOptions != nil || wait.SecurityContext.RunAsUser != nil || *wait.SecurityContext.RunAsGroup != 0 {
		t.Errorf("the container that stays is %+v", wait)
	}
	recursive := core.RecursiveReadOnlyIfPossible
	if want := []core.VolumeMount{{Name: "log", MountPath: "/var/log/pullpass", ReadOnly: true, RecursiveReadOnly: &recursive}}; !reflect.DeepEqual(wait.VolumeMounts, want) {
		t.Errorf("the container that stays mounts %+v", wait.VolumeMounts)
	}
	logFile := wait.Args[len(wait.Args)-1]
	if !slices.Equal(wait.Args, []string{"wait", "--log-file=/var/log/pullpass/pullpass.log"}) || !slices.Contains(install.Args, logFile) {
		t.Errorf("the container that stays has %q, the other one %q", wait.Args, install.Args)
	}
	if c := pod.SecurityContext; !*c.RunAsNonRoot || *c.RunAsUser < 2e9 || *c.RunAsGroup < 2e9 || c.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault || c.SELinuxOptions != nil {
		t.Errorf("the pod's security context is %+v", c)
	}
}

// TestRollout: one node after the other, on every Linux node without taints; each is waited for until
// the cluster would know that its kubelet is dead.
func TestRollout(t *testing.T) {
	m := build(t, "base")
	spec := m.daemonSet.Spec
	if spec.UpdateStrategy.Type != apps.RollingUpdateDaemonSetStrategyType || spec.UpdateStrategy.RollingUpdate.MaxUnavailable.IntValue() != 1 || spec.MinReadySeconds < 60 {
		t.Errorf("the strategy is %+v, ready after %d s", spec.UpdateStrategy, spec.MinReadySeconds)
	}
	pod := spec.Template.Spec
	if len(pod.Tolerations) != 0 || !reflect.DeepEqual(pod.NodeSelector, map[string]string{"kubernetes.io/os": "linux"}) {
		t.Errorf("tolerations %+v, selector %v", pod.Tolerations, pod.NodeSelector)
	}
	terms := m.quota.Spec.ScopeSelector.MatchExpressions
	if pod.PriorityClassName != "system-node-critical" || len(terms) != 1 || terms[0].ScopeName != core.ResourceQuotaScopePriorityClass || !slices.Equal(terms[0].Values, []string{pod.PriorityClassName}) {
		t.Errorf("the priority is %s, the quota for %+v", pod.PriorityClassName, terms)
	}
	for _, object := range []string{m.account.Namespace, m.quota.Namespace, m.policy.Namespace, m.daemonSet.Namespace} {
		if object != m.namespace.Name {
			t.Errorf("in namespace %s, not %s", object, m.namespace.Name)
		}
	}
	if !reflect.DeepEqual(spec.Selector.MatchLabels, spec.Template.Labels) {
		t.Errorf("selects %v, the pods have %v", spec.Selector.MatchLabels, spec.Template.Labels)
	}
	if pod.InitContainers[0].Image != pod.Containers[0].Image {
		t.Errorf("images %s and %s", pod.InitContainers[0].Image, pod.Containers[0].Image)
	}
}

// TestOverlays: each changes the base in what it is for, and in nothing else.
func TestOverlays(t *testing.T) {
	for directory, change := range map[string]func(*core.PodSpec){
		"canary": func(pod *core.PodSpec) { pod.NodeSelector["pullpass"] = "canary" },
		"registries": func(pod *core.PodSpec) {
			pod.InitContainers[0].Args = append(pod.InitContainers[0].Args,
				"--registry=123456789012.dkr.ecr.eu-central-1.amazonaws.com", "--registry=docker.io", "--env=AWS_PROFILE=registry")
		},
		"dry-run": func(pod *core.PodSpec) {
			install := &pod.InitContainers[0]
			install.Args = append(install.Args, "--dry-run")
			none, recursive := core.MountPropagationNone, core.RecursiveReadOnlyIfPossible
			mount := &install.VolumeMounts[0]
			mount.ReadOnly, mount.MountPropagation, mount.RecursiveReadOnly = true, &none, &recursive
			withoutLog(pod)
		},
		"uninstall": func(pod *core.PodSpec) {
			pod.InitContainers[0].Args = []string{"uninstall", "--root=/host", "--restart"}
			withoutLog(pod)
		},
	} {
		t.Run(directory, func(t *testing.T) {
			want := build(t, "base")
			change(&want.daemonSet.Spec.Template.Spec)
			if got := build(t, directory); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}

// withoutLog takes the log from the container that stays: its volume would make a directory on the node.
func withoutLog(pod *core.PodSpec) {
	pod.Containers[0].Args, pod.Containers[0].VolumeMounts = []string{"wait"}, []core.VolumeMount{}
	pod.Volumes = slices.DeleteFunc(pod.Volumes, func(v core.Volume) bool { return v.Name == "log" })
}

// TestTaints: the pods go to nodes with taints only by a component, by the scheduler's own code.
func TestTaints(t *testing.T) {
	taint := func(key string, effect core.TaintEffect) core.Taint { return core.Taint{Key: key, Effect: effect} }
	taints := map[string][]core.Taint{
		"kubeadm's control plane": {taint("node-role.kubernetes.io/control-plane", core.TaintEffectNoSchedule)},
		"RKE2's etcd":             {taint("node-role.kubernetes.io/etcd", core.TaintEffectNoExecute)},
		"GPUs":                    {{Key: "nvidia.com/gpu", Value: "present", Effect: core.TaintEffectNoSchedule}},
		"both":                    {taint("node-role.kubernetes.io/control-plane", core.TaintEffectNoSchedule), taint("nvidia.com/gpu", core.TaintEffectNoSchedule)},
		"another":                 {taint("dedicated", core.TaintEffectNoExecute)},
	}
	for _, test := range []struct {
		components []string
		reached    []string
	}{
		{nil, nil},
		{[]string{"control-plane"}, []string{"RKE2's etcd", "kubeadm's control plane"}},
		{[]string{"tainted"}, []string{"GPUs"}},
		{[]string{"control-plane", "tainted"}, []string{"GPUs", "RKE2's etcd", "both", "kubeadm's control plane"}},
	} {
		for _, directory := range []string{"base", "canary", "dry-run", "registries", "uninstall"} {
			pod := build(t, directory, test.components...).daemonSet.Spec.Template.Spec
			var reached []string
			for name, on := range taints {
				if _, kept := helper.FindMatchingUntoleratedTaint(klog.Background(), on, pod.Tolerations, nil, false); !kept {
					reached = append(reached, name)
				}
			}
			slices.Sort(reached)
			if !slices.Equal(reached, test.reached) {
				t.Errorf("%s with %q: on nodes with the taints %q, want %q", directory, test.components, reached, test.reached)
			}
		}
	}
}
