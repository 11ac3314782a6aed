package secret_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/cluster"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// kubectl runs kubectl without a cluster, which must succeed.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), cluster.Binary(t, "kubectl"), args...)
	command.Env = []string{"HOME=" + t.TempDir(), "KUBECONFIG=/dev/null"}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", args[0], err, &stderr)
	}
	return string(output)
}

// dockerRegistry is what people run in place of pullpass, for one login.
func dockerRegistry(t *testing.T, key string, e entry, args ...string) manifest {
	t.Helper()
	return parse(t, kubectl(t, append([]string{
		"create", "secret", "docker-registry", "regcred", "--dry-run=client", "-o", "json",
		"--docker-server=" + key, "--docker-username=" + e.Username, "--docker-password=" + e.Password,
	}, args...)...))
}

// TestSameAsKubectl holds what is written to what kubectl makes of the same credentials.
func TestSameAsKubectl(t *testing.T) {
	w := newWorld(t)
	for name, s := range w.sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.call.in(pullpass.Offline(t)).with("-n", "team")
			r := c.with("-o", "json", "-v").run(t)
			if r.Code != 0 {
				t.Fatalf("exit code %d:\n%s", r.Code, r.Stderr)
			}
			text := r.Stdout
			ours := parse(t, text)
			checkCredentials(t, ours.config(t), s.want)
			checkSilent(t, r, ours.config(t).secrets()...)

			theirs := manifest{}
			merged := config{map[string]entry{}}
			for key, e := range ours.config(t).Auths {
				theirs = dockerRegistry(t, key, e, "-n", "team")
				merged.Auths[key] = theirs.config(t).Auths[key]
			}
			if !reflect.DeepEqual(ours.config(t), merged) {
				t.Error("the content is not kubectl's")
			}
			checkSame(t, withoutOwn(t, ours), theirs)

			if again := c.with("-o", "json").written(t); again != text {
				t.Error("a second run writes something else")
			}
			checkYAML(t, c.with("-o", "yaml").written(t), text)
			if c.with().written(t) != c.with("-o", "yaml").written(t) {
				t.Error("YAML is not what is written without -o")
			}
			checkContent(t, s.call.in(c.env).with("-o", "dockerconfigjson"), ours)
		})
	}
}

// checkCredentials checks that the content has the credentials, and no others.
func checkCredentials(t *testing.T, found config, want []credential) {
	t.Helper()
	if len(found.Auths) != len(want) {
		t.Errorf("the keys are %q, want %d", found.keys(), len(want))
	}
	for _, c := range want {
		e, ok := found.Auths[c.key]
		switch {
		case !ok:
			t.Errorf("there is no key %q among %q", c.key, found.keys())
		case e.Username != c.username || !c.login(e.Username, e.Password):
			t.Errorf("the registry %s does not take the credential of %q", c.key, e.Username)
		}
	}
}

// withoutOwn returns m without the annotations that kubectl does not write, which only a Secret
// with tokens has.
func withoutOwn(t *testing.T, m manifest) manifest {
	t.Helper()
	for key := range m.Metadata.Annotations {
		if key != "pullpass/expires-at" && key != "pullpass/refresh-after" {
			t.Errorf("there is an annotation %s", key)
		}
	}
	m.Metadata.Annotations = nil
	return m
}

// checkSame compares two Secrets up to their content.
func checkSame(t *testing.T, ours, theirs manifest) {
	t.Helper()
	if len(ours.Data) != 1 || ours.content() == "" {
		t.Errorf("there are %d keys in data", len(ours.Data))
	}
	ours.Data, theirs.Data = nil, nil
	if !reflect.DeepEqual(ours, theirs) {
		t.Errorf("the Secret is %+v, kubectl's %+v", ours, theirs)
	}
}

// checkYAML checks that a YAML text says the same as a JSON text, to kubectl's parser.
func checkYAML(t *testing.T, yamlText, jsonText string) {
	t.Helper()
	converted, err := yaml.YAMLToJSONStrict([]byte(yamlText))
	must(t, err)
	var fromYAML, fromJSON any
	must(t, json.Unmarshal(converted, &fromYAML))
	must(t, json.Unmarshal([]byte(jsonText), &fromJSON))
	if !reflect.DeepEqual(fromYAML, fromJSON) {
		t.Error("YAML and JSON differ")
	}
}

// checkContent checks that a Secret that kubectl makes of the content alone, which c writes, has
// the same data, byte for byte.
func checkContent(t *testing.T, c call, want manifest) {
	t.Helper()
	file := write(t, "config.json", c.written(t))
	for _, args := range [][]string{
		{"generic", "regcred", "--type=kubernetes.io/dockerconfigjson", "--from-file=.dockerconfigjson=" + file},
		{"docker-registry", "regcred", "--from-file=.dockerconfigjson=" + file},
	} {
		made := parse(t, kubectl(t, append([]string{"create", "secret", "--dry-run=client", "-o", "json"}, args...)...))
		if made.Type != want.Type || !reflect.DeepEqual(made.Data, want.Data) {
			t.Errorf("kubectl create secret %s makes other data of type %s", args[0], made.Type)
		}
	}
}

// TestNamespaces writes a Secret for each namespace, and one without.
func TestNamespaces(t *testing.T) {
	c := call{
		stdin: hubToken,
		args:  []string{"--registry", "docker.io", "--username", "acme", "--password-stdin", "--label", "team=web", "--annotation", "example.com/note=a: b # c"},
	}
	one := parse(t, c.with("-o", "json").written(t))
	if one.Metadata.Namespace != "" {
		t.Errorf("the namespace is %q", one.Metadata.Namespace)
	}
	if !reflect.DeepEqual(one.Metadata.Labels, map[string]string{"team": "web"}) || one.Metadata.Annotations["example.com/note"] != "a: b # c" {
		t.Errorf("the metadata is %+v", one.Metadata)
	}

	both := c.with("-n", "web", "-n", "shop")
	var list struct {
		APIVersion string     `json:"apiVersion"`
		Kind       string     `json:"kind"`
		Items      []manifest `json:"items"`
	}
	strictly(t, []byte(both.with("-o", "json").written(t)), &list)
	if list.APIVersion != "v1" || list.Kind != "List" || len(list.Items) != 2 {
		t.Fatalf("%s %s of %d", list.APIVersion, list.Kind, len(list.Items))
	}
	documents := strings.Split(both.written(t), "---\n")
	if len(documents) != 2 {
		t.Fatalf("%d documents", len(documents))
	}
	for i, namespace := range []string{"web", "shop"} {
		item, err := json.Marshal(list.Items[i])
		must(t, err)
		checkYAML(t, documents[i], string(item))
		one.Metadata.Namespace = namespace
		if !reflect.DeepEqual(list.Items[i], one) {
			t.Errorf("the Secret of %s is another", namespace)
		}
	}
}
