package nodeconfig_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/scheme"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/config/strict"
	kind "sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/pullpass/pullpass/integration/node/unit"
)

// flags are those that turn plugins on, with the paths of a node without a platform's own.
var flags = []kubeadm.Arg{
	{Name: "image-credential-provider-config", Value: config},
	{Name: "image-credential-provider-bin-dir", Value: binDir},
}

// load decodes a document as kubeadm does, but for unknown fields, which kubeadm only warns of.
func load(t *testing.T, kind, text string, into runtime.Object) {
	t.Helper()
	version := schema.GroupVersionKind{Group: "kubeadm.k8s.io", Version: "v1beta4", Kind: kind}
	if err := strict.VerifyUnmarshalStrict([]*runtime.Scheme{scheme.Scheme}, version, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := runtime.DecodeInto(scheme.Codecs.UniversalDecoder(), []byte(text), into); err != nil {
		t.Fatal(err)
	}
}

func TestKubeadm(t *testing.T) {
	var first kubeadm.InitConfiguration
	load(t, "InitConfiguration", read(t, "kubeadm-init"), &first)
	if got := first.NodeRegistration.KubeletExtraArgs; !slices.Equal(got, flags) {
		t.Errorf("kubeadm-init.yaml gives the kubelet %v", got)
	}
	var others kubeadm.JoinConfiguration
	load(t, "JoinConfiguration", read(t, "kubeadm-join"), &others)
	if got := others.NodeRegistration.KubeletExtraArgs; !slices.Equal(got, flags) || others.Discovery.BootstrapToken == nil {
		t.Errorf("kubeadm-join.yaml gives the kubelet %v, discovery %+v", got, others.Discovery)
	}
}

// TestEnvironmentFile: systemd gives the kubelet both flags.
func TestEnvironmentFile(t *testing.T) {
	variables := unit.Environment(read(t, "kubeadm/kubelet.env"))
	var want []string
	for _, flag := range flags {
		want = append(want, "--"+flag.Name+"="+flag.Value)
	}
	if got := unit.Words(variables["KUBELET_EXTRA_ARGS"]); len(variables) != 1 || !slices.Equal(got, want) {
		t.Errorf("the variables are %q", variables)
	}
}

// TestConfigSaysFlags: the configuration itself names the flags for it.
func TestConfigSaysFlags(t *testing.T) {
	for _, flag := range flags {
		if text := "--" + flag.Name + "=" + flag.Value; !strings.Contains(read(t, "credential-provider-config"), text) {
			t.Errorf("credential-provider-config.yaml does not name %s", text)
		}
	}
}

func TestKind(t *testing.T) {
	cluster := parse[kind.Cluster](t, read(t, "kind/kind.yaml"))
	if cluster.APIVersion != "kind.x-k8s.io/v1alpha4" || cluster.Kind != "Cluster" || len(cluster.Nodes) != 1 {
		t.Fatalf("kind.yaml is %+v", cluster)
	}
	mounts := map[string]string{}
	for _, mount := range cluster.Nodes[0].ExtraMounts {
		if !mount.Readonly {
			t.Errorf("%s can be written to", mount.ContainerPath)
		}
		mounts[mount.ContainerPath] = mount.HostPath
	}
	if want := map[string]string{config: "credential-provider-config.yaml", binDir: "pullpass"}; !maps.Equal(mounts, want) {
		t.Errorf("the mounts are %v", mounts)
	}
	patched := map[string]bool{}
	for _, patch := range cluster.KubeadmConfigPatches {
		patched[testKindPatch(t, patch)] = true
	}
	if want := map[string]bool{"InitConfiguration": true, "JoinConfiguration": true}; !maps.Equal(patched, want) {
		t.Errorf("patched are %v", patched)
	}
}

// testKindPatch checks a patch and returns its kind. kind takes it for kubeadm's v1beta3 as it is,
// and for v1beta4, where arguments are a list, turns the map into one: if it has no apiVersion.
func testKindPatch(t *testing.T, text string) string {
	t.Helper()
	patch := parse[struct {
		Kind             string `json:"kind"`
		NodeRegistration struct {
			KubeletExtraArgs map[string]string `json:"kubeletExtraArgs"`
		} `json:"nodeRegistration"`
	}](t, text)
	want := map[string]string{}
	for _, flag := range flags {
		want[flag.Name] = flag.Value
	}
	if !maps.Equal(patch.NodeRegistration.KubeletExtraArgs, want) {
		t.Errorf("%s gives the kubelet %v", patch.Kind, patch.NodeRegistration.KubeletExtraArgs)
	}
	return patch.Kind
}

// TestRancher: k3s and RKE2 are told their own defaults.
func TestRancher(t *testing.T) {
	for _, name := range []string{"k3s", "rke2"} {
		got := parse[map[string]string](t, read(t, name))
		want := map[string]string{
			"image-credential-provider-config":  "/var/lib/rancher/credentialprovider/config.yaml",
			"image-credential-provider-bin-dir": "/var/lib/rancher/credentialprovider/bin",
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s.yaml says %v", name, got)
		}
	}
}
