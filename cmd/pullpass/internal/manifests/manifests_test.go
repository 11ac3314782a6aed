package manifests

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	nodeconfig "github.com/pullpass/pullpass/node-config"
)

func TestIsImage(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0a", 32)
	for text, want := range map[string]bool{
		"pullpass":                        true,
		"acme/pullpass:1.0":               true,
		"ghcr.io/pullpass/pullpass:1.0":   true,
		"localhost:5000/a_b/c__d/e-f:v_1": true,
		"registry.test/a" + digest:        true,
		"registry.test/a:1.0" + digest:    true,
		"":                                false,
		"Acme/pullpass":                   true, // a host, without a dot
		"ghcr.io/Acme/pullpass":           false,
		"ghcr.io/acme/":                   false,
		"https://ghcr.io/acme/pullpass":   false,
		"a:1.0\nb: c":                     false,
		"a:1.0 # b":                       false,
		"a:" + strings.Repeat("1", 129):   false,
		"a@sha256:0a":                     false,
		"a..b":                            false,
	} {
		if got := isImage(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestScalar: a reader of YAML gets the argument, with dollars doubled.
func TestScalar(t *testing.T) {
	for _, argument := range []string{
		"--registry=*.dkr.ecr.*.amazonaws.com", "--arg=-v", "--env=A=b c", "--env=A=$(B)", "--arg=a: b", "--arg=a #b", `--arg="\`, "--arg=<é>", "--arg=a:", "--arg=", "--arg={}", "--arg=\U0001f600",
	} {
		text, err := scalar(argument)
		var got []string
		if err != nil || yaml.Unmarshal([]byte("- "+text+"\n"), &got) != nil || len(got) != 1 || got[0] != strings.ReplaceAll(argument, "$", "$$") {
			t.Errorf("%q is %s, %v: %q", argument, text, err, got)
		}
	}
	for _, argument := range []string{"--env=A=c4n4ry\n", "--env=A=c4n4ry\x00", "--env=A=c4n4ry\xff", "--env=A=c4n4ry\x7f"} {
		if text, err := items("", []string{argument}); err == nil || text != "" || strings.Contains(err.Error(), "c4n4ry") {
			t.Errorf("%q: %q, %v", argument, text, err)
		}
	}
}

// TestMissing: what a manifest still has of the examples is named, and each file has a place for each value.
func TestMissing(t *testing.T) {
	for _, r := range Rotations() {
		text, err := nodeconfig.Read("rotation/" + r.Name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		all := Values{Image: "registry.test/pullpass:1", Namespace: "web"}
		want := "--image --namespace --registry"
		for _, value := range []struct {
			flag    string
			setting *setting
			into    *string
		}{{" --identity", r.identity, &all.Identity}, {" --audience", r.audience, &all.Audience}} {
			if value.setting == nil {
				continue
			}
			want += value.flag
			*value.into = strings.NewReplacer("123456789012", "210987654321", "my-", "your-").Replace(value.setting.example)
			if !strings.Contains(string(text), value.setting.example) {
				t.Errorf("%s does not have the example of%s", r.Name, value.flag)
			}
		}
		all.Registries = []string{map[string]string{"ecr": "210987654321.dkr.ecr.us-east-1.amazonaws.com", "gcr": "us-docker.pkg.dev"}[r.backend]}
		if got, missing, err := r.Render(string(text), Values{}, backends.All()); err != nil || got != string(text) || strings.Join(missing, " ") != want {
			t.Errorf("%s: missing %q, %v", r.Name, missing, err)
		}
		got, missing, err := r.Render(string(text), all, backends.All())
		for _, old := range []string{"123456789012", "my-project", "my-cluster", "namespace: team", "europe-docker", "example.com", "yours"} {
			if strings.Contains(got, old) {
				t.Errorf("%s still has %s", r.Name, old)
			}
		}
		if err != nil || len(missing) > 0 {
			t.Errorf("%s: missing %q, %v", r.Name, missing, err)
		}
	}
}

func TestRefused(t *testing.T) {
	byName := map[string]Rotation{}
	for _, r := range Rotations() {
		byName[r.Name] = r
	}
	for _, test := range []struct {
		rotation string
		values   Values
		want     string
	}{
		{"eks-irsa", Values{Image: "a b"}, `--image "a b": not the name of an image`},
		{"eks-irsa", Values{Namespace: "Team"}, `--namespace: namespace "Team": must be lower-case letters`},
		{"eks-irsa", Values{Registries: []string{"ghcr.io"}}, `--registry "ghcr.io": eks-irsa does not renew its tokens`},
		{"eks-irsa", Values{Registries: []string{"https://public.ecr.aws"}}, `--registry "https://public.ecr.aws": `},
		{"eks-irsa", Values{Registries: []string{"*.dkr.ecr.us-east-1.amazonaws.com"}}, `--registry "*.dkr.ecr.us-east-1.amazonaws.com": must be one registry`},
		{"gke-workload-identity", Values{Registries: []string{"gcr.io"}}, `--registry "gcr.io": gke-workload-identity does not renew its tokens`},
		{"eks-irsa", Values{Identity: "pull"}, `--identity "pull": eks-irsa needs another form`},
		{"eks-irsa", Values{Identity: "arn:aws:iam::123456789012:role/a\nb: c"}, `--identity "arn:aws:iam::123456789012:role/a\nb: c": eks-irsa needs another form`},
		{"eks-pod-identity", Values{Identity: "arn:aws:iam::123456789012:role/pull"}, "--identity does not apply to eks-pod-identity"},
		{"gke-workload-identity", Values{Identity: "me@example.com"}, `--identity "me@example.com": gke-workload-identity needs another form`},
		{"google-federation", Values{Audience: "my-cluster"}, `--audience "my-cluster": google-federation needs another form`},
	} {
		if text, _, err := byName[test.rotation].Render("", test.values, backends.All()); err == nil || !strings.HasPrefix(err.Error(), test.want) || text != "" {
			t.Errorf("%s %+v: %v, %q", test.rotation, test.values, err, text)
		}
	}
}
