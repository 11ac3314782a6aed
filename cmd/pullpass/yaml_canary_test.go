package main

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/provider"
)

// canary is a secret that stands where it should not.
const canary = "c4n4ry-Pa55word"

const kubeletConfigSample = `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: other
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  defaultCacheDuration: 5m
  matchImages: ["docker.io", "*.pkg.dev"]
  args: [--verbose, two]
  env:
  - name: TOKEN
    value: x
  - {name: OTHER, value: y}
  tokenAttributes:
    serviceAccountTokenAudience: aud
    cacheType: Token
    requireServiceAccount: true
    requiredServiceAccountAnnotationKeys: [example.com/role]
    optionalServiceAccountAnnotationKeys: [example.com/other]
`

const ownConfigSample = `apiVersion: pullpass/v1
kind: Config
cache: {dir: /run/pullpass}
metrics: {textfile: /var/lib/pullpass.prom}
registries:
- match: "*.dkr.ecr.*.amazonaws.com"
  provider: ecr
  anonymousTry: false
  ecr: {roleARN: "arn:aws:iam::123456789012:role/a", externalID: x, profile: y}
- match: docker.io
  provider: dockerhub
  dockerhub: {username: acme, passwordFile: /etc/pullpass/hub}
`

const secretSample = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata:
    name: regcred
    namespace: team
    labels: {app: x}
    annotations: {pullpass/expires-at: "2999-01-01T00:00:00Z", other: y}
  type: kubernetes.io/dockerconfigjson
  immutable: false
  data:
    .dockerconfigjson: e30=
    other: e30=
  stringData: {third: x}
`

// TestYAMLCanaries puts a secret at each place of the documents that people write, in place of a scalar, of a
// key, as a field that nobody knows, after a colon without its space, in another type, as a tag, an anchor and
// a comment. No command shows it, but for values that are public by their meaning: there it may stand for what
// it replaces.
func TestYAMLCanaries(t *testing.T) {
	public := []string{ // fields whose values are no secrets
		"apiVersion", "kind", "name", "matchImages", "match", "provider", "defaultCacheDuration", "cacheType", "namespace", "type",
	}
	for _, document := range []struct {
		name, text string
		args       [][]string // before the file
		public     []string
	}{
		{"kubelet", kubeletConfigSample, [][]string{{"config", "check"}, {"dry run"}}, public},
		{"own", ownConfigSample, [][]string{{"config", "check", "--pullpass"}}, public},
		{"secret", secretSample, [][]string{{"secret", "check"}, {"secret", "check", "--image", "docker.io/acme/app"}}, public},
	} {
		t.Run(document.name, func(t *testing.T) {
			count := 0
			for _, variant := range canaries(t, document.text, document.public) {
				for _, args := range document.args {
					count++
					said := runOnFile(t, args, variant.text)
					encoded := base64.StdEncoding.EncodeToString([]byte(canary))
					if strings.Contains(said, canary) || strings.Contains(said, encoded) {
						t.Errorf("%v of %s says\n%s\nof\n%s", args, variant.name, said, variant.text)
					}
					if strings.Contains(said, "a bug in pullpass") {
						t.Fatalf("%v of %s says\n%s\nof\n%s", args, variant.name, said, variant.text)
					}
				}
			}
			if count < 100 {
				t.Errorf("only %d runs", count)
			}
		})
	}
}

// runOnFile runs a command on a file, and returns all that it says.
func runOnFile(t *testing.T, args []string, text string) string {
	t.Helper()
	p := &process{env: &env.Env{
		Getenv: func(string) string { return "" }, Now: time.Now, Root: true,
		CatchSignals: func() {}, HideStdio: func() {},
	}}
	p.env.Log = &env.Log{Out: &p.stderr, Verbose: true}
	p.stdio = &cli.Stdio{In: strings.NewReader(text), Answer: &p.stdout}
	if args[0] == "dry run" {
		return dryRun(text)
	}
	args = append(slices.Clone(args), "-")
	run(t.Context(), args, p.env, p.stdio)
	return p.stdout.String() + p.stderr.String()
}

// dryRun returns what a dry run of install shows of the kubelet's config: it, and it with the entry.
func dryRun(text string) string {
	entry := kubeletconfig.Entry{Name: kubeletconfig.EntryName, MatchImages: []string{"docker.io"}}
	nothing := func(string, string) bool { return false }
	merged, err := kubeletconfig.Merge("kubelet.yaml", []byte(text), entry)
	said := fmt.Sprintln(err, provider.Hint(err))
	for _, data := range [][]byte{[]byte(text), merged} {
		said += string(kubeletconfig.Redact("kubelet.yaml", data, nothing))
	}
	return said
}

type canaryVariant struct{ name, text string }

// canaries returns the variants of a document.
func canaries(t *testing.T, text string, public []string) []canaryVariant {
	t.Helper()
	var variants []canaryVariant
	places := 0
	for place := 0; ; place++ {
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(text), &root); err != nil {
			t.Fatal(err)
		}
		w := &canaryWalk{place: place, public: public}
		w.walk(&root, "", false)
		if places = w.count; place >= places {
			break
		}
		for _, change := range w.changes {
			undo := *w.node
			undoParent := slices.Clone(w.parent.Content)
			change.apply()
			data, err := yaml.Marshal(&root)
			if err != nil {
				t.Fatal(err)
			}
			variants = append(variants, canaryVariant{fmt.Sprintf("%s at place %d (%s)", change.name, place, undo.Value), string(data)})
			*w.node, w.parent.Content = undo, undoParent
		}
	}
	lines := strings.SplitAfter(text, "\n")
	for i := range lines {
		with := func(line string) string { return strings.Join(slices.Insert(slices.Clone(lines), i, line), "") }
		variants = append(variants,
			canaryVariant{"comment", with("# value: " + canary + "\n")},
			canaryVariant{"broken line", with("  \t" + canary + ": [\n")},
			canaryVariant{"word", with(canary + "\n")})
		variants = append(variants, canaryVariant{"comment at the end", strings.Join(lines[:i], "") + strings.TrimSuffix(lines[i], "\n") + " # " + canary + "\n" + strings.Join(lines[i+1:], "")})
		variants = append(variants, canaryVariant{"value without a space", strings.Replace(text, lines[i], strings.Replace(lines[i], ": ", ":"+canary+" ", 1), 1)})
	}
	return variants
}

// A canaryWalk finds a place, the number place of all scalars and keys, and what can be done with it.
type canaryWalk struct {
	place, count int
	public       []string
	node, parent *yaml.Node
	changes      []canaryChange
}

type canaryChange struct {
	name  string
	apply func()
}

func (w *canaryWalk) walk(n *yaml.Node, field string, isPublic bool) {
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0:
			w.key(n, i)
		case n.Kind == yaml.MappingNode:
			name := n.Content[i-1].Value
			w.value(n, child, slices.Contains(w.public, name))
			w.walk(child, name, slices.Contains(w.public, name))
		default:
			w.value(n, child, isPublic)
			w.walk(child, field, isPublic)
		}
	}
}

// at reports whether n is the place that is looked for.
func (w *canaryWalk) at(n, parent *yaml.Node) bool {
	w.count++
	if w.count-1 != w.place {
		return false
	}
	w.node, w.parent = n, parent
	return true
}

func (w *canaryWalk) key(parent *yaml.Node, i int) {
	key := parent.Content[i]
	if !w.at(key, parent) {
		return
	}
	text := func(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }
	name := key.Value
	w.changes = []canaryChange{
		{"key", func() { key.Value = canary }},
		{"key with its value", func() { key.Value = name + ":" + canary }},
		{"value below a misspelt key", func() { key.Value = name + "s"; parent.Content[i+1] = text(canary) }},
		{"list below a misspelt key", func() {
			key.Value = name + "s"
			parent.Content[i+1] = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{text(canary)}}
		}},
		{"another key", func() { parent.Content = append(parent.Content, text(canary), text("x")) }},
		{"two other keys", func() { parent.Content = append(parent.Content, text(canary), text("x"), text(canary), text("y")) }},
		{"another value", func() { parent.Content = append(parent.Content, text("unknown"), text(canary)) }},
		{"a mapping for a key", func() {
			parent.Content[i] = &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: []*yaml.Node{text(canary), text(canary)}}
		}},
	}
}

func (w *canaryWalk) value(parent, n *yaml.Node, isPublic bool) {
	if !w.at(n, parent) {
		return
	}
	text := func(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }
	replace := func(with yaml.Node) func() { return func() { *n = with } }
	w.changes = []canaryChange{
		{"mapping", replace(yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{text(canary), text(canary)}})},
		{"mapping in flow style", replace(yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: []*yaml.Node{text(canary), text("")}})},
		{"two lines", replace(yaml.Node{Kind: yaml.ScalarNode, Style: yaml.LiteralStyle, Value: "x\n" + canary + "\n"})},
		{"tag", replace(yaml.Node{Kind: yaml.ScalarNode, Style: yaml.TaggedStyle, Tag: "!" + canary, Value: "x"})},
		{"user of a URL", replace(yaml.Node{Kind: yaml.ScalarNode, Value: "https://me:" + canary + "@example.com/a"})},
		{"user of a host", replace(yaml.Node{Kind: yaml.ScalarNode, Value: "me:" + canary + "@example.com"})},
	}
	if !isPublic {
		w.changes = append(w.changes,
			canaryChange{"scalar", replace(yaml.Node{Kind: yaml.ScalarNode, Value: canary})},
			canaryChange{"list", replace(yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{text(canary)}})},
			canaryChange{"anchor", replace(yaml.Node{Kind: yaml.ScalarNode, Anchor: canary, Value: canary})},
			canaryChange{"quoted", replace(yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: canary})},
			canaryChange{"base64", replace(yaml.Node{Kind: yaml.ScalarNode, Value: base64.StdEncoding.EncodeToString([]byte(canary))})})
	}
}

// TestYAMLPanics has files that package yaml has no place for, or a wrong one, and such that are nested or repeated
// without end: each command says what is wrong with them.
func TestYAMLPanics(t *testing.T) {
	for name, text := range map[string]string{
		"keys on one line":     strings.Repeat("a: ", 1100000/3),
		"quotes on one line":   "a: " + strings.Repeat("'b' ", 300000),
		"anchors on one line":  strings.Repeat("&a ", 400000),
		"an unknown alias":     "a: " + strings.Repeat("b ", 550000) + "\nc: *d\n",
		"a tag that is no tag": strings.Repeat("!", 1100000),
		"control characters":   strings.Repeat("\x01", 1100000),
		"brackets":             strings.Repeat("[", 1100000),
		"braces":               "a: " + strings.Repeat("{", 1100000),
		"tabs":                 strings.Repeat("\t", 1100000) + "a: b: c",
	} {
		for _, args := range [][]string{{"config", "check"}, {"config", "check", "--pullpass"}, {"secret", "check"}, {"dry run"}} {
			said := runOnFile(t, args, text)
			if strings.Contains(said, "a bug in pullpass") || !strings.Contains(said, "stdin") && !strings.Contains(said, "kubelet.yaml") {
				t.Errorf("%v of %s says %.300s", args, name, said)
			}
		}
	}
}
