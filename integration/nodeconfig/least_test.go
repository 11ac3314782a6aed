package nodeconfig_test

import (
	"regexp"
	"slices"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// faults are what a pod has or may do beyond the least. policies are those that are applied with it.
func (w workload) faults(policies []networking.NetworkPolicy) []string {
	var found []string
	fault := func(is bool, text string) {
		if is {
			found = append(found, text)
		}
	}
	fault(w.pod.HostNetwork, "hostNetwork")
	fault(w.pod.HostPID, "hostPID")
	fault(w.pod.HostIPC, "hostIPC")
	fault(w.pod.AutomountServiceAccountToken == nil || *w.pod.AutomountServiceAccountToken, "has the account's token in all containers")
	fault(!w.pod.HostNetwork && !w.bounded(policies), "no NetworkPolicy bounds its connections")
	for _, toleration := range w.pod.Tolerations {
		fault(true, "tolerates "+toleration.Key)
	}
	for _, container := range w.pod.InitContainers {
		found = append(found, w.containerFaults("init container "+container.Name+": ", container)...)
	}
	for _, container := range w.pod.Containers {
		found = append(found, w.containerFaults("container "+container.Name+": ", container)...)
	}
	fault(len(w.pod.EphemeralContainers) > 0, "has ephemeral containers")
	return found
}

// fixedImage is an image by digest, or the placeholder for which a release has one.
var fixedImage = regexp.MustCompile(`^([a-z0-9.-]+/[^@]+@sha256:[0-9a-f]{64}|registry\.example\.com/pullpass/pullpass:1\.0)$`)

func (w workload) containerFaults(where string, c core.Container) []string {
	var found []string
	fault := func(is bool, text string) {
		if is {
			found = append(found, where+text)
		}
	}
	pod, own := w.pod.SecurityContext, c.SecurityContext
	if pod == nil {
		pod = &core.PodSecurityContext{}
	}
	if own == nil {
		own = &core.SecurityContext{}
	}
	user, nonRoot, seccomp := pod.RunAsUser, pod.RunAsNonRoot, pod.SeccompProfile
	if own.RunAsUser != nil {
		user = own.RunAsUser
	}
	if own.RunAsNonRoot != nil {
		nonRoot = own.RunAsNonRoot
	}
	if own.SeccompProfile != nil {
		seccomp = own.SeccompProfile
	}
	fault(user == nil || *user == 0 || nonRoot == nil || !*nonRoot, "root")
	fault(own.Privileged != nil && *own.Privileged, "privileged")
	fault(own.AllowPrivilegeEscalation == nil || *own.AllowPrivilegeEscalation, "may escalate privileges")
	fault(own.ReadOnlyRootFilesystem == nil || !*own.ReadOnlyRootFilesystem, "may write to its root")
	fault(own.ProcMount != nil && *own.ProcMount != core.DefaultProcMount, "has an unmasked /proc")
	fault(seccomp == nil || seccomp.Type != core.SeccompProfileTypeRuntimeDefault, "without the runtime's seccomp profile")
	if own.Capabilities == nil || !slices.Equal(own.Capabilities.Drop, []core.Capability{"ALL"}) {
		fault(true, "keeps capabilities")
	}
	if own.Capabilities != nil {
		for _, capability := range own.Capabilities.Add {
			fault(true, string(capability))
		}
	}
	fault(c.Resources.Limits.Memory().IsZero(), "without a limit of memory")
	fault(!fixedImage.MatchString(c.Image), "image "+c.Image+" is not named by digest")
	for _, port := range c.Ports {
		fault(port.HostPort != 0, "has a port of the node")
	}
	for _, mount := range c.VolumeMounts {
		fault(mount.MountPropagation != nil && *mount.MountPropagation == core.MountPropagationBidirectional, "mounts on the node")
		i := slices.IndexFunc(w.pod.Volumes, func(v core.Volume) bool { return v.Name == mount.Name })
		if i < 0 || w.pod.Volumes[i].HostPath == nil {
			continue
		}
		path := w.pod.Volumes[i].HostPath.Path
		fault(!mount.ReadOnly, "may write to "+path)
		// Otherwise what is mounted below can be written to all the same.
		recursive := mount.RecursiveReadOnly != nil && *mount.RecursiveReadOnly != core.RecursiveReadOnlyDisabled
		fault(mount.ReadOnly && !recursive, "may write below "+path)
	}
	return found
}

// bounded reports whether a policy denies the pods all connections, or all but some, in both directions.
func (w workload) bounded(policies []networking.NetworkPolicy) bool {
	ingress, egress := false, false
	for _, policy := range policies {
		selector, err := meta.LabelSelectorAsSelector(&policy.Spec.PodSelector)
		if err != nil || policy.Namespace != w.namespace || !selector.Matches(labels.Set(w.labels)) {
			continue
		}
		everything := slices.ContainsFunc(policy.Spec.Egress, func(r networking.NetworkPolicyEgressRule) bool { return len(r.Ports) == 0 })
		ingress = ingress || slices.Contains(policy.Spec.PolicyTypes, networking.PolicyTypeIngress) && len(policy.Spec.Ingress) == 0
		egress = egress || slices.Contains(policy.Spec.PolicyTypes, networking.PolicyTypeEgress) && !everything
	}
	return ingress && egress
}

// TestFaults: a pod of the rotation has none, and each change for the worse is found.
func TestFaults(t *testing.T) {
	yes, no, root, bidirectional := true, false, int64(0), core.MountPropagationBidirectional
	first := func(w *workload) *core.Container { return &w.pod.InitContainers[0] }
	onNode := func(w *workload, mount core.VolumeMount) {
		w.pod.Volumes = append(w.pod.Volumes, core.Volume{Name: "var", VolumeSource: core.VolumeSource{HostPath: &core.HostPathVolumeSource{Path: "/var"}}})
		mount.Name, mount.MountPath = "var", "/var"
		first(w).VolumeMounts = append(first(w).VolumeMounts, mount)
	}
	const where = "init container pullpass: "
	for _, test := range []struct {
		change func(*workload, *networking.NetworkPolicy)
		want   string
	}{
		{func(*workload, *networking.NetworkPolicy) {}, ""},
		{func(w *workload, _ *networking.NetworkPolicy) { w.pod.HostPID = true }, "hostPID"},
		{func(w *workload, _ *networking.NetworkPolicy) { w.pod.HostIPC = true }, "hostIPC"},
		{func(w *workload, _ *networking.NetworkPolicy) { w.pod.HostNetwork = true }, "hostNetwork"},
		{func(w *workload, _ *networking.NetworkPolicy) { w.pod.AutomountServiceAccountToken = nil }, "has the account's token in all containers"},
		{func(w *workload, _ *networking.NetworkPolicy) {
			w.pod.Tolerations = []core.Toleration{{Operator: core.TolerationOpExists}}
		}, "tolerates "},
		{func(w *workload, _ *networking.NetworkPolicy) { first(w).SecurityContext.RunAsUser = &root }, where + "root"},
		{func(w *workload, _ *networking.NetworkPolicy) { first(w).SecurityContext.RunAsNonRoot = &no }, where + "root"},
		{func(w *workload, _ *networking.NetworkPolicy) { first(w).SecurityContext.Privileged = &yes }, where + "privileged"},
		{func(w *workload, _ *networking.NetworkPolicy) {
			first(w).SecurityContext.AllowPrivilegeEscalation = nil
		}, where + "may escalate privileges"},
		{func(w *workload, _ *networking.NetworkPolicy) { first(w).SecurityContext.ReadOnlyRootFilesystem = nil }, where + "may write to its root"},
		{func(w *workload, _ *networking.NetworkPolicy) {
			first(w).SecurityContext.SeccompProfile = &core.SeccompProfile{Type: core.SeccompProfileTypeUnconfined}
		}, where + "without the runtime's seccomp profile"},
		{func(w *workload, _ *networking.NetworkPolicy) { first(w).SecurityContext.Capabilities.Drop = nil }, where + "keeps capabilities"},
		{func(w *workload, _ *networking.NetworkPolicy) {
			first(w).SecurityContext.Capabilities.Add = []core.Capability{"SYS_ADMIN"}
		}, where + "SYS_ADMIN"},
		{func(w *workload, _ *networking.NetworkPolicy) { first(w).Resources.Limits = nil }, where + "without a limit of memory"},
		{func(w *workload, _ *networking.NetworkPolicy) { first(w).Image = "registry.k8s.io/kubectl:v1.37.1" }, where + "image registry.k8s.io/kubectl:v1.37.1 is not named by digest"},
		{func(w *workload, _ *networking.NetworkPolicy) {
			first(w).Image = "registry.example.com/pullpass/pullpass:1.1"
		}, where + "image registry.example.com/pullpass/pullpass:1.1 is not named by digest"},
		{func(w *workload, _ *networking.NetworkPolicy) { first(w).Ports = []core.ContainerPort{{HostPort: 80}} }, where + "has a port of the node"},
		{func(w *workload, _ *networking.NetworkPolicy) { onNode(w, core.VolumeMount{}) }, where + "may write to /var"},
		{func(w *workload, _ *networking.NetworkPolicy) { onNode(w, core.VolumeMount{ReadOnly: true}) }, where + "may write below /var"},
		{func(w *workload, _ *networking.NetworkPolicy) {
			first(w).VolumeMounts[0].MountPropagation = &bidirectional
		}, where + "mounts on the node"},
		{func(_ *workload, p *networking.NetworkPolicy) { p.Namespace = "other" }, "no NetworkPolicy bounds its connections"},
		{func(_ *workload, p *networking.NetworkPolicy) {
			p.Spec.PodSelector.MatchLabels = map[string]string{"app": "other"}
		}, "no NetworkPolicy bounds its connections"},
		{func(_ *workload, p *networking.NetworkPolicy) {
			p.Spec.PolicyTypes = []networking.PolicyType{networking.PolicyTypeIngress}
		}, "no NetworkPolicy bounds its connections"},
		{func(_ *workload, p *networking.NetworkPolicy) {
			p.Spec.Egress = append(p.Spec.Egress, networking.NetworkPolicyEgressRule{})
		}, "no NetworkPolicy bounds its connections"},
	} {
		b := newBundle(t, "rotation", kustomize(t, filesys.MakeFsOnDisk(), repository+"examples/rotation/eks-irsa"))
		if len(b.pods) != 1 || len(b.policies) != 1 {
			t.Fatalf("%d workloads, %d policies", len(b.pods), len(b.policies))
		}
		test.change(&b.pods[0], &b.policies[0])
		var want []string
		if test.want != "" {
			want = []string{test.want}
		}
		if got := b.pods[0].faults(b.policies); !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	}
}
