package nodeconfig_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// repository is where the manifests are that people apply.
const repository = "../../"

// exceptions are what the pods of a workload do beyond the least, with the reason. All else is an error, and so is
// an exception that no pod needs.
var exceptions = map[string]map[string]string{
	"DaemonSet pullpass": {
		"hostNetwork":                                     "the kubelet answers whether it is healthy on the node's loopback only",
		"hostPID":                                         "systemctl takes no answer from a systemd that it cannot see",
		"init container install: root":                    "the kubelet's files are root's; install refuses to run as another user",
		"init container install: SYS_CHROOT":              "--root is a chroot, so that every link leads where it leads on the node",
		"init container install: may write to /":          "where the kubelet's files are differs from node to node",
		"tolerates node-role.kubernetes.io/etcd":          "the component control-plane, which is a choice",
		"tolerates nvidia.com/gpu":                        "the component tainted, which is a choice",
		"tolerates node-role.kubernetes.io/control-plane": "the component control-plane, which is a choice",
	},
}

// samples are workloads that are not pullpass's: each shows how a pod of yours has a pull secret, and no more.
var samples = []string{"examples/pull-secret/deployment.yaml", "examples/pull-secret/pod.yaml"}

// A bundle is what is applied at once.
type bundle struct {
	path     string // in the repository
	pods     []workload
	policies []networking.NetworkPolicy
}

// A workload makes pods.
type workload struct {
	name, namespace string
	labels          map[string]string
	pod             core.PodSpec
}

// TestManifests: the pods of all manifests in the repository have the least that they need, and nothing that the
// exceptions do not name.
func TestManifests(t *testing.T) {
	needed := map[string]bool{}
	var sampled []string
	for _, b := range bundles(t) {
		if slices.Contains(samples, b.path) {
			sampled = append(sampled, b.path)
			continue
		}
		for _, w := range b.pods {
			for _, fault := range w.faults(b.policies) {
				if _, allowed := exceptions[w.name][fault]; !allowed {
					t.Errorf("%s: %s: %s", b.path, w.name, fault)
				}
				needed[w.name+": "+fault] = true
			}
		}
	}
	for name, faults := range exceptions {
		for fault := range faults {
			if !needed[name+": "+fault] {
				t.Errorf("%s: nothing needs the exception %q", name, fault)
			}
		}
	}
	if slices.Sort(sampled); !slices.Equal(sampled, samples) {
		t.Errorf("the samples are %q", sampled)
	}
}

// bundles are all manifests below node-config and examples: what each kustomization makes, the DaemonSet with each
// component, and the files that no kustomization has a use for.
func bundles(t *testing.T) []bundle {
	t.Helper()
	onDisk := filesys.MakeFsOnDisk()
	var found []bundle
	seen := map[string]bool{}
	for _, top := range []string{"node-config", "examples"} {
		err := filepath.WalkDir(repository+top, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				if path == chartDirectory {
					return fs.SkipDir // TestChart compares it with the DaemonSet
				}
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(path, repository)
			switch {
			case entry.Name() == "kustomization.yaml" && kindOf(t, content) == "Component":
				b := newBundle(t, name, "")
				b.daemonSet(t, build(t, "base", filepath.Base(filepath.Dir(path))))
				found = append(found, b)
			case entry.Name() == "kustomization.yaml":
				found = append(found, newBundle(t, name, kustomize(t, onDisk, filepath.Dir(path))))
			case slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) && !kustomized(t, path):
				found = append(found, newBundle(t, name, string(content)))
			case !kustomized(t, path) && workloadKind.Match(content):
				t.Errorf("%s has a manifest, and is not a file of YAML", name)
			}
			seen[top] = true
			return nil
		})
		if err != nil || !seen[top] {
			t.Fatalf("%s: %v", top, err)
		}
	}
	return found
}

// workloadKind is the line that makes a manifest one of pods.
var workloadKind = regexp.MustCompile(`(?m)^\s*"?kind"?: "?(Pod|PodTemplate|DaemonSet|Deployment|StatefulSet|ReplicaSet|ReplicationController|Job|CronJob)\b`)

func kindOf(t *testing.T, content []byte) string {
	t.Helper()
	var object struct {
		Kind string `json:"kind"`
	}
	if err := yaml.Unmarshal(content, &object); err != nil {
		t.Fatal(err)
	}
	return object.Kind
}

// kustomized reports whether the kustomization beside a file has a use for it.
func kustomized(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "kustomization.yaml"))
	if err != nil {
		return false
	}
	var k struct {
		Resources          []string
		Patches            []struct{ Path string }
		ConfigMapGenerator []struct{ Files []string }
	}
	if err := yaml.Unmarshal(text, &k); err != nil {
		t.Fatal(err)
	}
	used := k.Resources
	for _, patch := range k.Patches {
		used = append(used, patch.Path)
	}
	for _, generator := range k.ConfigMapGenerator {
		used = append(used, generator.Files...)
	}
	return slices.Contains(used, filepath.Base(path))
}

// newBundle reads the objects of a text. An object of a kind that it does not know must have no containers.
func newBundle(t *testing.T, path, text string) bundle {
	t.Helper()
	b := bundle{path: path}
	for _, document := range documents(text) {
		object := map[string]any{}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		switch object["kind"] {
		case "Pod":
			var pod core.Pod
			convert(t, object, &pod)
			b.add("Pod "+pod.Name, pod.Namespace, core.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec})
		case "Deployment":
			var deployment apps.Deployment
			convert(t, object, &deployment)
			b.add("Deployment "+deployment.Name, deployment.Namespace, deployment.Spec.Template)
		case "DaemonSet":
			var set apps.DaemonSet
			convert(t, object, &set)
			b.add("DaemonSet "+set.Name, set.Namespace, set.Spec.Template)
		case "CronJob":
			var job batch.CronJob
			convert(t, object, &job)
			b.add("CronJob "+job.Name, job.Namespace, job.Spec.JobTemplate.Spec.Template)
		case "NetworkPolicy":
			var policy networking.NetworkPolicy
			convert(t, object, &policy)
			b.policies = append(b.policies, policy)
		default:
			if hasContainers(object) {
				t.Errorf("%s: the containers of a %v are not looked at", path, object["kind"])
			}
		}
	}
	return b
}

func (b *bundle) daemonSet(t *testing.T, m manifest) {
	t.Helper()
	b.add("DaemonSet "+m.daemonSet.Name, m.daemonSet.Namespace, m.daemonSet.Spec.Template)
	b.policies = append(b.policies, m.policy)
}

func (b *bundle) add(name, namespace string, template core.PodTemplateSpec) {
	b.pods = append(b.pods, workload{name, namespace, template.Labels, template.Spec})
}

// hasContainers reports whether there is a pod's specification somewhere in a value.
func hasContainers(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if key == "containers" || key == "initContainers" || hasContainers(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, hasContainers)
	}
	return false
}
