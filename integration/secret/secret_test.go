// Package secret_test tests pullpass secret: the built binary makes Secrets from fakes of the
// clouds, files and helpers, and they are held to kubectl's, to the API server's validation and
// to the kubelet's own code.
package secret_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// binaries are the pullpass under test.
var binaries pullpass.Binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(pullpass.Main(m, &binaries))
}

// A call is how pullpass secret is run.
type call struct {
	env   []string // added to pullpass.Offline's
	stdin string
	args  []string
}

// in returns the call with the environment added that pullpass.Offline makes, so that further
// runs have the same cache.
func (c call) in(environment []string) call {
	c.env = slices.Concat(environment, c.env)
	return c
}

// with returns the call with arguments added.
func (c call) with(args ...string) call {
	c.args = slices.Concat(c.args, args)
	return c
}

// launch starts "pullpass secret regcred" with the call's arguments.
func (c call) launch(t *testing.T) *pullpass.Process {
	t.Helper()
	return pullpass.Launch(t, binaries.Tested, c.environ(t), strings.NewReader(c.stdin), c.arguments()...)
}

func (c call) environ(t *testing.T) []string { return slices.Concat(pullpass.Offline(t), c.env) }

func (c call) arguments() []string { return append([]string{"secret", "regcred"}, c.args...) }

// run is launch and what comes of it.
func (c call) run(t *testing.T) pullpass.Run {
	t.Helper()
	return end(t, c.launch(t))
}

func end(t *testing.T, p *pullpass.Process) pullpass.Run {
	t.Helper()
	r, err := p.End()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// written returns what a run writes that must succeed.
func (c call) written(t *testing.T) string {
	t.Helper()
	r := c.run(t)
	if r.Code != 0 || r.Stdout == "" {
		t.Fatalf("pullpass secret %q: exit code %d, %d bytes on stdout, stderr:\n%s", c.args, r.Code, len(r.Stdout), r.Stderr)
	}
	return r.Stdout
}

// A manifest is a Secret as far as these tests know its fields.
type manifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Type       string `json:"type"`
	Metadata   struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Data map[string][]byte `json:"data"`
}

// parse decodes a Secret in JSON. One field that a manifest does not know, and it fails.
func parse(t *testing.T, text string) manifest {
	t.Helper()
	var m manifest
	strictly(t, []byte(text), &m)
	return m
}

func strictly(t *testing.T, text []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil || decoder.More() {
		t.Fatalf("not one %T in JSON: %v", into, err)
	}
}

// content is the config.json of the Secret.
func (m manifest) content() string { return string(m.Data[".dockerconfigjson"]) }

// A config is the content of a Secret.
type config struct {
	Auths map[string]entry `json:"auths"`
}

type entry struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Auth     string `json:"auth"`
}

// config decodes the content.
func (m manifest) config(t *testing.T) config {
	t.Helper()
	var c config
	strictly(t, []byte(m.content()), &c)
	return c
}

func (c config) keys() []string { return slices.Sorted(maps.Keys(c.Auths)) }

// secrets are the passwords, as they are and as auths have them.
func (c config) secrets() []string {
	var secrets []string
	for _, e := range c.Auths {
		secrets = append(secrets, e.Password, e.Auth)
	}
	return secrets
}

// write writes a file that only its owner can read, below a new directory, and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
