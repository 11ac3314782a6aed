package nodeconfig_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	rbac "k8s.io/api/rbac/v1"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/pullpass/pullpass/integration/pullpass"
	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// update has TestRotationFiles write the files.
var update = flag.Bool("update", false, "write the manifests of node-config/rotation")

// rotations are the overlays of examples/rotation that the binary has.
func rotations() []string {
	return []string{"eks-irsa", "eks-pod-identity", "gke-workload-identity", "google-federation"}
}

// rotationHead is what a file says before the manifests, %s the overlay.
const rotationHead = "# Rotates pull secrets. `pullpass config show %[1]s` prints it, with your values if you add them as flags. Do not edit\n" +
	"# it here: it is what kubectl kustomize makes of examples/rotation/%[1]s, whose files have comments, and is written by\n" +
	"# go test ./nodeconfig -run TestRotationFiles -update in the directory integration.\n"

// TestRotationFiles: the manifests in the binary are those of the overlays.
func TestRotationFiles(t *testing.T) {
	for _, overlay := range rotations() {
		want := fmt.Sprintf(rotationHead, overlay) + withoutComments(kustomize(t, filesys.MakeFsOnDisk(), repository+"examples/rotation/"+overlay))
		path := filepath.Join(repository, "node-config/rotation", overlay+".yaml")
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is not what kustomize makes of the overlay, %v: write it with -update", path, err)
		}
	}
}

// withoutComments leaves out what kustomize keeps of some comments, but not those in the data of a ConfigMap.
func withoutComments(text string) string {
	comment := regexp.MustCompile(`(?m)^ *#.*\n| +#.*$`)
	manifests := documents(text)
	for i, manifest := range manifests {
		if !strings.Contains(manifest, "\nkind: ConfigMap\n") {
			manifests[i] = comment.ReplaceAllString(manifest, "")
		}
	}
	return strings.Join(manifests, "\n---\n")
}

// A valued is a rotation with a user's values: the flags, and the same in the files of the overlay.
type valued struct {
	overlay string
	flags   []string
	edits   map[string][]string // by file: old and new texts
}

// TestRotationValues: with values, config show prints what kustomize makes of the overlay with the same values.
func TestRotationValues(t *testing.T) {
	const (
		image     = "registry.test:5000/tools/pullpass:2.0@sha256:0123456789012345678901234567890123456789012345678901234567890123"
		namespace = "namespace: team # yours; it must exist"
		puller    = "puller@my-project.iam.gserviceaccount.com"
		own       = "images@other-project.iam.gserviceaccount.com"
		pool      = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/clusters/providers/my-cluster"
		ownPool   = "//iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/a/providers/b"
	)
	base := []string{"newName: registry.example.com/pullpass/pullpass", "newName: registry.test:5000/tools/pullpass", `newTag: "1.0"`,
		`newTag: "2.0@sha256:0123456789012345678901234567890123456789012345678901234567890123"`}
	ecr := []string{"- --registry=123456789012.dkr.ecr.eu-central-1.amazonaws.com # yours, each with a line",
		"- --registry=210987654321.dkr.ecr.us-east-1.amazonaws.com\n            - --registry=public.ecr.aws"}
	google := []string{"- --registry=europe-docker.pkg.dev # yours, each with a line", "- --registry=us-docker.pkg.dev/p/r"}
	ecrFlags := []string{"--registry", "210987654321.dkr.ecr.us-east-1.amazonaws.com", "--registry", "public.ecr.aws"}
	tests := []valued{
		{"eks-irsa", append(ecrFlags, "--identity", "arn:aws-cn:iam::210987654321:role/team/pull+x"), map[string][]string{
			"base/cronjob.yaml": ecr, "eks-irsa/service-account.yaml": {"arn:aws:iam::123456789012:role/pull", "arn:aws-cn:iam::210987654321:role/team/pull+x"},
		}},
		{"eks-pod-identity", ecrFlags, map[string][]string{"base/cronjob.yaml": ecr}},
		{"gke-workload-identity", []string{"--registry", "us-docker.pkg.dev/p/r", "--identity", own}, map[string][]string{
			"gke-workload-identity/cronjob.yaml": google, "gke-workload-identity/config.yaml": {puller + " # yours", own},
		}},
		{"google-federation", []string{"--registry", "us-docker.pkg.dev/p/r", "--identity", own, "--audience", "https:" + ownPool}, map[string][]string{
			"google-federation/cronjob.yaml":     append(google, pool, ownPool),
			"google-federation/credentials.json": {puller, own, pool, ownPool},
		}},
	}
	if len(tests) != len(rotations()) {
		t.Fatalf("%d of %d overlays", len(tests), len(rotations()))
	}
	for _, test := range tests {
		test.edits["base/kustomization.yaml"] = base
		test.edits[test.overlay+"/kustomization.yaml"] = []string{namespace, "namespace: web"}
		want := objects(t, kustomize(t, test.files(t), "/rotation/"+test.overlay))
		arguments := append([]string{"rotation", "--platform", test.overlay, "--image", image, "-n", "web"}, test.flags...)
		stdout, stderr := shown(t, arguments...)
		if stderr != "" {
			t.Errorf("%s: %s", test.overlay, stderr)
		}
		got := objects(t, stdout)
		for name, object := range want {
			if !reflect.DeepEqual(got[name], object) {
				t.Errorf("%s: %s is\n%+v\nwant\n%+v", test.overlay, name, got[name], object)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d objects, want %d", test.overlay, len(got), len(want))
		}
	}
}

// files are those of examples/rotation, with the values in the place of others.
func (v valued) files(t *testing.T) filesys.FileSystem {
	t.Helper()
	files := filesys.MakeFsInMemory()
	root := repository + "examples/rotation"
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), root+"/")
		for pair := range slices.Chunk(v.edits[name], 2) {
			if !bytes.Contains(content, []byte(pair[0])) {
				t.Errorf("%s has no %q", name, pair[0])
			}
			content = bytes.ReplaceAll(content, []byte(pair[0]), []byte(pair[1]))
		}
		return files.WriteFile("/rotation/"+name, content)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// objects reads manifests, whose fields must all be known to the API, by kind and name.
func objects(t *testing.T, text string) map[string]any {
	t.Helper()
	kinds := map[string]func() any{
		"CronJob":        func() any { return new(batch.CronJob) },
		"ConfigMap":      func() any { return new(core.ConfigMap) },
		"ServiceAccount": func() any { return new(core.ServiceAccount) },
		"NetworkPolicy":  func() any { return new(networking.NetworkPolicy) },
		"Role":           func() any { return new(rbac.Role) },
		"RoleBinding":    func() any { return new(rbac.RoleBinding) },
		"Namespace":      func() any { return new(core.Namespace) },
		"ResourceQuota":  func() any { return new(core.ResourceQuota) },
		"DaemonSet":      func() any { return new(apps.DaemonSet) },
	}
	found := map[string]any{}
	for _, document := range documents(text) {
		object := parse[map[string]any](t, document)
		kind, _ := object["kind"].(string)
		if kinds[kind] == nil {
			t.Fatalf("a %q", kind)
		}
		typed := kinds[kind]()
		convert(t, object, typed)
		found[kind] = typed
	}
	return found
}

// shown is what config show prints with arguments.
func shown(t *testing.T, arguments ...string) (stdout, stderr string) {
	t.Helper()
	process := pullpass.Launch(t, binaries.Tested, pullpass.Offline(t), nil, append([]string{"config", "show"}, arguments...)...)
	run, err := process.End()
	if err != nil || run.Code != 0 {
		t.Fatalf("%q: %+v, %v", arguments, run, err)
	}
	return run.Stdout, run.Stderr
}

// TestDaemonSetValues: with values, config show prints what kustomize makes of the base with the same values.
func TestDaemonSetValues(t *testing.T) {
	files := filesys.MakeFsInMemory()
	for _, name := range nodeconfig.Names() {
		if err := files.WriteFile("/"+name, []byte(read(t, name))); err != nil {
			t.Fatal(err)
		}
	}
	const overlay = `
resources: [../base]
namespace: images
images:
- name: registry.example.com/pullpass/pullpass
  newName: registry.test/pullpass
  newTag: "2.0"
patches:
- target: {kind: DaemonSet}
  patch: |
    - {op: add, path: /spec/template/spec/initContainers/0/args/-, value: "--registry=docker.io/acme/"}
    - {op: add, path: /spec/template/spec/initContainers/0/args/-, value: "--registry=*.pkg.dev"}
    - {op: add, path: /spec/template/spec/initContainers/0/args/-, value: "--platform=k3s"}
    - {op: add, path: /spec/template/spec/initContainers/0/args/-, value: "--env=A=$$(B) # \"c\""}
    - {op: add, path: /spec/template/spec/initContainers/0/args/-, value: "--arg=-v"}
`
	if err := files.WriteFile("/daemonset/own/kustomization.yaml", []byte(overlay)); err != nil {
		t.Fatal(err)
	}
	want := objects(t, kustomize(t, files, "/daemonset/own"))
	stdout, stderr := shown(t, "daemonset", "--image", "registry.test/pullpass:2.0", "-n", "images", "--registry", "docker.io/acme/", "--registry", "*.pkg.dev",
		"--platform", "k3s", "--env", `A=$(B) # "c"`, "--arg=-v")
	if got := objects(t, stdout); !reflect.DeepEqual(got, want) || stderr != "" {
		t.Errorf("got\n%+v\nwant\n%+v\n%s", got, want, stderr)
	}
}

// TestRotationREADME: the commands of the README print manifests in which nothing is an example but the image.
func TestRotationREADME(t *testing.T) {
	text, err := os.ReadFile(repository + "examples/rotation/README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`pullpass config show (rotation[^|]*)\|`).FindAllStringSubmatch(string(text), -1)
	if len(commands) != 2 {
		t.Errorf("%d commands", len(commands))
	}
	for _, command := range commands {
		_, stderr := shown(t, strings.Fields(strings.ReplaceAll(command[1], "\\\n", " "))...)
		if stderr != "pullpass: note: the manifest still has example values; give your own with --image\n" {
			t.Errorf("%s: %s", command[0], stderr)
		}
	}
}
