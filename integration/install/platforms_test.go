package install_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/integration/node/unit"
	"github.com/pullpass/pullpass/integration/pullpass"
)

const (
	hubImage = "docker.io/acme/app"
	ecrImage = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app"
	gcrImage = "gcr.io/project/app"
	acrImage = "acme.azurecr.io/app"
)

// A nodeTree is what a kind of node has, a directory of trees, and where pullpass goes there.
type nodeTree struct {
	name           string
	config, binDir string
	flags          string // the file with KUBELET_EXTRA_ARGS; "" if the flags are there already, or need not be
	// foreign is an image that the node's own provider has a credential for, with the username;
	// "" if there is none.
	foreign, username string
	replaced          bool // --replace takes that provider out
}

// nodeTrees are the nine kinds of nodes on which files are written.
func nodeTrees() []nodeTree {
	const config, binDir = "/etc/pullpass/credential-provider-config.yaml", "/usr/local/lib/pullpass"
	return []nodeTree{
		{name: "kubeadm-debian", config: config, binDir: binDir, flags: "/etc/default/kubelet"},
		{name: "kubeadm-rpm", config: config, binDir: binDir, flags: "/etc/sysconfig/kubelet"},
		{name: "kind", config: config, binDir: binDir, flags: "/etc/default/kubelet"},
		{name: "k3s", config: "/var/lib/rancher/credentialprovider/config.yaml", binDir: "/var/lib/rancher/credentialprovider/bin"},
		{name: "rke2", config: "/var/lib/rancher/credentialprovider/config.yaml", binDir: "/var/lib/rancher/credentialprovider/bin", foreign: ecrImage, username: "ecr", replaced: true},
		{name: "eks-al2023", config: "/etc/eks/image-credential-provider/config.json", binDir: "/etc/eks/image-credential-provider", foreign: ecrImage, username: "ecr", replaced: true},
		{name: "gke", config: "/etc/srv/kubernetes/cri_auth_config.yaml", binDir: "/home/kubernetes/bin", foreign: gcrImage, username: "gcp"},
		{name: "aks", config: "/var/lib/kubelet/credential-provider-config.yaml", binDir: "/var/lib/kubelet/credential-provider", foreign: acrImage, username: "acr"},
		{name: "kops", config: "/var/lib/kubelet/credential-provider.conf", binDir: "/usr/local/bin", foreign: ecrImage, username: "ecr", replaced: true},
	}
}

// onEachNode runs a test on a copy of each tree.
func onEachNode(t *testing.T, test func(t *testing.T, n nodeTree, root string)) {
	for _, n := range nodeTrees() {
		t.Run(n.name, func(t *testing.T) { test(t, n, copyTree(t, n.name)) })
	}
}

// copyTree copies a directory of trees and returns the root of the copy. Files have the time of
// another day, so that one that is written again shows.
func copyTree(t *testing.T, name string) string {
	t.Helper()
	root := t.TempDir()
	must(t, os.CopyFS(root, os.DirFS(filepath.Join("trees", name))))
	must(t, os.MkdirAll(filepath.Join(root, "var/lib"), 0o755)) // git keeps no empty directories
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			err = os.Chtimes(path, day, day)
		}
		return err
	}))
	return root
}

// unchanged checks that nothing in a tree changes, not even a time, while f runs.
func unchanged(t *testing.T, root string, f func()) {
	t.Helper()
	files, changes := snapshot(t, root), times(t, root)
	f()
	wantSame(t, snapshot(t, root), files)
	wantSame(t, times(t, root), changes)
}

// undone takes pullpass off a tree, which must then be as it was before.
func undone(t *testing.T, root string, before map[string]string) {
	t.Helper()
	succeed(t, root, "uninstall")
	wantSame(t, snapshot(t, root), before)
	if _, err := os.Stat(filepath.Join(root, statePath)); !os.IsNotExist(err) {
		t.Errorf("the state is still there: %v", err)
	}
}

// nothingToDo runs an install again.
func nothingToDo(t *testing.T, root string, args ...string) {
	t.Helper()
	unchanged(t, root, func() {
		if r := succeed(t, root, "install", args...); r.Stdout != "nothing to do\n" {
			t.Errorf("a second install prints %q", r.Stdout)
		}
	})
}

// succeed runs pullpass on a tree, which must not fail.
func succeed(t *testing.T, root, command string, args ...string) pullpass.Run {
	t.Helper()
	r := run(t, append([]string{command, "--root", root}, args...)...)
	if r.Code != 0 {
		t.Fatalf("pullpass %s %q: exit code %d\n%s%s", command, args, r.Code, r.Stdout, r.Stderr)
	}
	return r
}

// lookUp asks the kubelet's own code for the credentials for images, with the tree's config.
func lookUp(t *testing.T, n nodeTree, root string, images ...string) map[string][]kubelet.Entry {
	t.Helper()
	docker := t.TempDir()
	must(t, os.WriteFile(filepath.Join(docker, "config.json"), []byte(`{"auths": {"https://index.docker.io/v1/": {"username": "me", "password": "token"}}}`), 0o600))
	env := append(pullpass.Offline(t), "DOCKER_CONFIG="+docker)
	result := kubelet.Lookup(t, filepath.Join(root, n.config), filepath.Join(root, n.binDir), env, images...)
	if result.Refused != "" {
		t.Fatalf("the kubelet refuses the config: %s", result.Refused)
	}
	entries := map[string][]kubelet.Entry{}
	for _, answer := range result.Answers {
		entries[answer.Image] = answer.Entries
	}
	return entries
}

// asked checks that pullpass and the node's own provider answer for their images.
func asked(t *testing.T, n nodeTree, root string) {
	t.Helper()
	images := []string{hubImage}
	if n.foreign != "" {
		images = append(images, n.foreign)
	}
	entries := lookUp(t, n, root, images...)
	if len(entries[hubImage]) == 0 || entries[hubImage][0] != (kubelet.Entry{Username: "me", Password: "token"}) {
		t.Errorf("pullpass's answer for %s: %d entries", hubImage, len(entries[hubImage]))
	}
	if n.foreign != "" && !slices.Contains(entries[n.foreign], kubelet.Entry{Username: n.username, Password: "foreign"}) {
		t.Errorf("the node's own provider has no answer for %s any more", n.foreign)
	}
}

func readFile(t *testing.T, root, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	must(t, err)
	return string(data)
}

// providers are those of a config, decoded, by name, and all else of it under "".
func providers(t *testing.T, config string) map[string]any {
	t.Helper()
	var decoded map[string]any
	must(t, yaml.UnmarshalStrict([]byte(config), &decoded))
	all := map[string]any{}
	list, _ := decoded["providers"].([]any)
	for _, provider := range list {
		all[provider.(map[string]any)["name"].(string)] = provider
	}
	delete(decoded, "providers")
	all[""] = decoded
	return all
}

// TestInstallOnEachPlatform is the whole way of a node: a look, an install, a second one, and back.
func TestInstallOnEachPlatform(t *testing.T) {
	onEachNode(t, func(t *testing.T, n nodeTree, root string) {
		before := snapshot(t, root)
		var notes string
		unchanged(t, root, func() {
			r := succeed(t, root, "install", "--dry-run")
			notes = r.Stderr
			for _, path := range []string{n.config, n.flags, filepath.Join(n.binDir, "pullpass")} {
				if !strings.Contains(r.Stdout, path) {
					t.Errorf("--dry-run does not name %q:\n%s", path, r.Stdout)
				}
			}
		})

		r := succeed(t, root, "install")
		if !strings.Contains(r.Stdout, "wrote "+n.config+"\n") {
			t.Errorf("install prints %q", r.Stdout)
		}
		if r.Stderr != notes {
			t.Errorf("install notes %q, --dry-run %q", r.Stderr, notes)
		}
		if n.foreign == ecrImage && !strings.Contains(r.Stderr, "ecr-credential-provider") {
			t.Errorf("no note on the other provider for images of ours: %q", r.Stderr)
		}
		asked(t, n, root)
		checkConfig(t, n, root)
		checkFlags(t, n, root)
		for name, is := range snapshot(t, root) {
			if was, ok := before[name]; ok && was != is && "/"+name != n.config && "/"+name != n.flags {
				t.Errorf("install changed %s", name)
			}
		}

		nothingToDo(t, root)
		unchanged(t, root, func() {
			if r := succeed(t, root, "install", "--dry-run"); r.Stdout != "nothing to do\n" {
				t.Errorf("--dry-run with nothing to do prints %q", r.Stdout)
			}
		})
		unchanged(t, root, func() { succeed(t, root, "uninstall", "--dry-run") })
		undone(t, root, before)
		if r := succeed(t, root, "uninstall"); r.Stdout != "nothing to do\n" {
			t.Errorf("a second uninstall prints %q", r.Stdout)
		}
	})
}

// checkConfig: where there was no config it is the one of node-config, else only our provider is
// new, and the rest and the format are as they were.
func checkConfig(t *testing.T, n nodeTree, root string) {
	t.Helper()
	after := readFile(t, root, n.config)
	if n.foreign == "" {
		if after != shipped(t) {
			t.Errorf("the new config is not that of node-config:\n%s", after)
		}
		return
	}
	before := readFile(t, filepath.Join("trees", n.name), n.config)
	if json.Valid([]byte(before)) != json.Valid([]byte(after)) {
		t.Errorf("the config has another format:\n%s", after)
	}
	own, foreign := providers(t, after), providers(t, before)
	if own["pullpass"] == nil {
		t.Error("pullpass is not in the config")
	}
	delete(own, "pullpass")
	if !reflect.DeepEqual(own, foreign) {
		t.Errorf("the config was\n%s\nand is\n%s", before, after)
	}
	if json.Valid([]byte(before)) {
		before = strings.TrimRight(before, "]}\n ") // which comes after our provider
	}
	for line := range strings.Lines(before) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.Contains(after, line+"\n") && !strings.Contains(after, line+",\n") {
			t.Errorf("line %q of the config is gone:\n%s", line, after)
		}
	}
}

// checkFlags: the kubelet gets the two flags and all that it had before.
func checkFlags(t *testing.T, n nodeTree, root string) {
	t.Helper()
	if n.flags == "" {
		return
	}
	before, after := unit.Environment(readFile(t, filepath.Join("trees", n.name), n.flags)), unit.Environment(readFile(t, root, n.flags))
	const variable = "KUBELET_EXTRA_ARGS"
	want := append(unit.Words(before[variable]), "--image-credential-provider-config="+n.config, "--image-credential-provider-bin-dir="+n.binDir)
	if got := unit.Words(after[variable]); !slices.Equal(got, want) {
		t.Errorf("the kubelet gets %q, want %q", got, want)
	}
	delete(before, variable)
	delete(after, variable)
	if !maps.Equal(before, after) {
		t.Errorf("the other variables were %q, are %q", before, after)
	}
}

// TestReplaceOnEachPlatform: a provider goes if pullpass serves all of its images, and comes back.
func TestReplaceOnEachPlatform(t *testing.T) {
	onEachNode(t, func(t *testing.T, n nodeTree, root string) {
		before := snapshot(t, root)
		r := succeed(t, root, "install", "--replace")
		left := providers(t, readFile(t, root, n.config))
		switch {
		case n.replaced && len(left) != 2:
			t.Errorf("the other provider is still there:\n%s", readFile(t, root, n.config))
		case n.foreign != "" && !n.replaced && len(left) != 3:
			t.Errorf("a provider that has images of its own is gone:\n%s", readFile(t, root, n.config))
		case n.foreign == gcrImage && !strings.Contains(r.Stderr, "auth-provider-gcp"):
			t.Errorf("no note on the provider that stays: %q", r.Stderr)
		}
		if n.replaced {
			n.foreign = ""
		}
		asked(t, n, root)
		nothingToDo(t, root, "--replace")
		undone(t, root, before)
	})
}

// TestRegistryOnEachPlatform: with --registry, the kubelet asks for no other images.
func TestRegistryOnEachPlatform(t *testing.T) {
	onEachNode(t, func(t *testing.T, n nodeTree, root string) {
		before := snapshot(t, root)
		succeed(t, root, "install", "--registry", "docker.io/acme/", "--env", "AWS_PROFILE=registry", "--arg=-v")
		own := providers(t, readFile(t, root, n.config))["pullpass"].(map[string]any)
		variable := func(name, value string) any { return map[string]any{"name": name, "value": value} }
		if !reflect.DeepEqual(own["matchImages"], []any{"docker.io/acme/"}) ||
			!reflect.DeepEqual(own["env"], []any{variable("GOMAXPROCS", "1"), variable("AWS_PROFILE", "registry")}) ||
			!reflect.DeepEqual(own["args"], []any{"-v"}) {
			t.Errorf("pullpass's entry is %v", own)
		}
		asked(t, n, root)
		if entries := lookUp(t, n, root, "docker.io/library/nginx"); len(entries["docker.io/library/nginx"]) != 0 {
			t.Error("pullpass was asked for another image")
		}
		undone(t, root, before)
	})
}

// TestOthersChangesOnEachPlatform: what others have changed since the install survives uninstall.
func TestOthersChangesOnEachPlatform(t *testing.T) {
	onEachNode(t, func(t *testing.T, n nodeTree, root string) {
		before := snapshot(t, root)
		succeed(t, root, "install")
		var paths []string
		if n.foreign != "" && !strings.HasSuffix(n.config, ".json") {
			paths = append(paths, n.config)
		}
		if n.flags != "" {
			paths = append(paths, n.flags)
		}
		const added = "\n# somebody's\n"
		for _, path := range paths {
			file, err := os.OpenFile(filepath.Join(root, path), os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = file.WriteString(added)
			must(t, err)
			must(t, file.Close())
		}
		for _, path := range paths {
			before[path[1:]] += added
		}
		undone(t, root, before)
	})
}

// TestFlagsFilesAppear: a node of kubeadm need not have the file that its unit reads.
func TestFlagsFilesAppear(t *testing.T) {
	for _, n := range nodeTrees()[:3] {
		t.Run(n.name, func(t *testing.T) {
			root := copyTree(t, n.name)
			must(t, os.RemoveAll(filepath.Join(root, filepath.Dir(n.flags))))
			before := snapshot(t, root)
			succeed(t, root, "install")
			words := unit.Words(unit.Environment(readFile(t, root, n.flags))["KUBELET_EXTRA_ARGS"])
			if want := []string{"--image-credential-provider-config=" + n.config, "--image-credential-provider-bin-dir=" + n.binDir}; !slices.Equal(words, want) {
				t.Errorf("the kubelet gets %q, want %q", words, want)
			}
			undone(t, root, before)
		})
	}
}

// TestPrintedPlatforms: where files cannot be written, what to apply is printed.
func TestPrintedPlatforms(t *testing.T) {
	for _, name := range []string{"talos", "bottlerocket"} {
		t.Run(name, func(t *testing.T) {
			root := copyTree(t, name)
			var r pullpass.Run
			unchanged(t, root, func() { r = succeed(t, root, "install") })
			if !strings.Contains(r.Stdout, "*.dkr.ecr.*.amazonaws.com") || r.Stderr == "" {
				t.Errorf("prints %q and %q", r.Stdout, r.Stderr)
			}
			if shown := run(t, "config", "kubelet", "--platform", name); shown.Stdout != r.Stdout {
				t.Errorf("config kubelet --platform %s prints something else:\n%s", name, shown.Stdout)
			}
			must(t, os.RemoveAll(filepath.Join(root, "var/lib")))
			playKubelet(t, root, "/usr/bin/kubelet", "--v=2")
			for _, args := range [][]string{{"--restart"}, {"--restart", "--dry-run"}} {
				wantRun(t, run(t, append([]string{"install", "--root", root}, args...)...), 1, nothing,
					"error: install on "+name+": its files cannot be written\npullpass: hint: see pullpass config show "+name+"; keep the DaemonSet off such nodes with a node affinity\n")
				if r := succeed(t, root, "uninstall", args...); r.Stdout != "nothing to do\n" || r.Stderr != "" {
					t.Errorf("uninstall prints %q and %q", r.Stdout, r.Stderr)
				}
			}
		})
	}
}

// TestOpenShift: the node's files are its operator's, unless the user names some. There they are
// in a directory.
func TestOpenShift(t *testing.T) {
	const config, binDir = "/etc/kubernetes/credential-providers", "/usr/libexec/kubelet-image-credential-provider-plugins"
	root := copyTree(t, "openshift")
	before := snapshot(t, root)
	unchanged(t, root, func() {
		r := run(t, "install", "--root", root)
		wantRun(t, r, 1, nothing, "Machine Config Operator")
		wantRun(t, r, 1, nothing, "pullpass config show openshift")
	})

	n := nodeTree{config: config, binDir: binDir, foreign: ecrImage, username: "ecr"}
	named := []string{"--kubelet-config", config, "--bin-dir", binDir}
	succeed(t, root, "install", named...)
	asked(t, n, root)
	if own := readFile(t, root, config+"/pullpass.yaml"); own != shipped(t) {
		t.Errorf("pullpass.yaml is not node-config's:\n%s", own)
	}
	nothingToDo(t, root, named...)
	undone(t, root, before)
}

// TestOwnPaths: where /usr cannot be written to, all can be elsewhere.
func TestOwnPaths(t *testing.T) {
	for _, n := range nodeTrees()[:3] {
		t.Run(n.name, func(t *testing.T) {
			root := copyTree(t, n.name)
			before := snapshot(t, root)
			n.binDir = "/opt/pullpass/bin"
			named := []string{"--bin-dir=" + n.binDir, "--kubelet-config=" + n.config}
			succeed(t, root, "install", named...)
			asked(t, n, root)
			checkFlags(t, n, root)
			for name := range snapshot(t, root) {
				if _, ok := before[name]; !ok && strings.HasPrefix(name, "usr/") {
					t.Errorf("install wrote /%s", name)
				}
			}
			nothingToDo(t, root, named...)
			nothingToDo(t, root) // the flags tell
			undone(t, root, before)
		})
	}
}

// TestKubeletReadsNoConfig: a kubelet that the platform gives no flags would not see what is
// installed: nothing is written or restarted, also if the paths are said.
func TestKubeletReadsNoConfig(t *testing.T) {
	for _, n := range nodeTrees()[5:] {
		t.Run(n.name, func(t *testing.T) {
			root := copyTree(t, n.name)
			must(t, os.RemoveAll(filepath.Join(root, map[string]string{
				"eks-al2023": "etc/eks/kubelet", "gke": "etc/default", "aks": "etc/default", "kops": "etc/sysconfig",
			}[n.name])))
			playKubelet(t, root, "/usr/bin/kubelet", "--v=2")
			unchanged(t, root, func() {
				for _, args := range [][]string{{"--restart"}, {"--restart", "--dry-run"}, {"--restart", "--platform", strings.TrimSuffix(n.name, "-al2023")}} {
					r := run(t, append([]string{"install", "--root", root}, args...)...)
					wantRun(t, r, 1, nothing, "the kubelet runs without --image-credential-provider-config")
					wantRun(t, r, 1, nothing, "hint: add --image-credential-provider-config="+n.config+" and --image-credential-provider-bin-dir="+n.binDir)
				}
			})
			r := run(t, "install", "--root", root, "--restart", "--dry-run", "--kubelet-config", n.config, "--bin-dir", n.binDir)
			wantRun(t, r, 1, nothing, "the kubelet runs without --image-credential-provider-config, and a restart does not change that")
			// A kubelet that is to start from an image is another one.
			succeed(t, root, "install")
		})
	}
}

// playKubelet makes the files of /proc for a kubelet in kubelet.service.
func playKubelet(t *testing.T, root string, command ...string) {
	t.Helper()
	for name, text := range map[string]string{
		"sys/kernel/random/boot_id": bootID(t),
		"1077/cmdline":              strings.Join(command, "\x00") + "\x00",
		"1077/status":               "Name:\tkubelet\nUid:\t0\t0\t0\t0\nNSpid:\t1077\n",
		"1077/stat":                 "1077 (kubelet) S 1 " + strings.Repeat("0 ", 17) + "100 0\n",
		"1077/cgroup":               "0::/system.slice/kubelet.service\n",
	} {
		path := filepath.Join(root, "proc", name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// shipped is the config of node-config.
func shipped(t *testing.T) string {
	t.Helper()
	return readFile(t, "../../node-config", "credential-provider-config.yaml")
}
