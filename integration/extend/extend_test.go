// Package extend shows what an extension of pullpass takes: a directory, and one line with its
// import in a list. Each test builds pullpass with such an extension on top of the sources.
package extend

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An extension adds a package to the sources.
type extension struct {
	directory string // of the package, below the root of the module
	source    string // the file of testdata that is the package
	list      string // the file with the list, below the root of the module
	after     string // the line of the list that the new one comes after, without its indentation
	line      string // the new line
}

// build builds pullpass with the extension and returns the path of the binary.
func (e extension) build(t *testing.T) string {
	t.Helper()
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs(filepath.Join("testdata", e.source))
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile(filepath.Join(module, e.list))
	if err != nil {
		t.Fatal(err)
	}
	text := string(list)
	for _, edit := range [][2]string{
		{"import (\n", "import (\n\t\"github.com/pullpass/pullpass/" + e.directory + "\"\n"},
		{e.after + "\n", e.after + "\n" + e.line + "\n"},
	} {
		if strings.Count(text, edit[0]) != 1 {
			t.Fatalf("%s must have the line %q once", e.list, edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	scratch := t.TempDir()
	changed := filepath.Join(scratch, "list.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(module, e.list):                               changed,
		filepath.Join(module, e.directory, filepath.Base(e.source)): source,
	}})
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{changed: []byte(text), filepath.Join(scratch, "overlay.json"): overlay} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(scratch, "pullpass")
	command := exec.Command("go", "build", "-overlay", filepath.Join(scratch, "overlay.json"), "-o", binary, "./cmd/pullpass")
	command.Dir = module
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build pullpass with %s: %v\n%s", e.directory, err, output)
	}
	return binary
}

// run runs the binary and returns its exit code and what it wrote.
func run(t *testing.T, binary, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, messages strings.Builder
	command := exec.Command(binary, args...)
	command.Env = []string{
		"HOME=" + t.TempDir(),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9",
		"GCE_METADATA_HOST=127.0.0.1:9",
		"TOY_TOKEN=block of the environment",
	}
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(stdin), &out, &messages
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), out.String(), messages.String()
}

// TestCommand adds a command: a directory below cmd/pullpass/internal and a line in root.go.
func TestCommand(t *testing.T) {
	binary := extension{
		directory: "cmd/pullpass/internal/hello",
		source:    "hello/hello.go",
		list:      "cmd/pullpass/root.go",
		after:     "configcmd.New(b, stdio),",
		line:      "hello.New(b, stdio),",
	}.build(t)
	if code, stdout, stderr := run(t, binary, "", "hello", "--cache-dir", "/somewhere"); code != 0 || stdout != "hello, the cache is in /somewhere\n" || stderr != "" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if code, stdout, _ := run(t, binary, "", "--help"); code != 0 || !strings.Contains(stdout, "  hello       Greet the node\n") {
		t.Errorf("exit code %d, help\n%s", code, stdout)
	}
	if code, _, stderr := run(t, binary, "", "hello", "extra"); code != 2 || !strings.Contains(stderr, "pullpass: hint: see pullpass hello --help\n") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

// TestBackend adds a backend: a directory below provider and a line in the list. Every command
// knows it then.
func TestBackend(t *testing.T) {
	binary := extension{
		directory: "provider/toy",
		source:    "toy/toy.go",
		list:      "cmd/internal/backends/backends.go",
		after:     "dockerhub.Backend(),",
		line:      "toy.Backend(),",
	}.build(t)
	directory := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := func(name, settings string) string {
		return write(name, "apiVersion: pullpass/v1\nkind: Config\nregistries:\n- {match: eu.toy.example.com, provider: toy, toy: {"+settings+"}}\n", 0o600)
	}
	request := func(host string) string {
		return `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"` + host + `/team/app"}`
	}
	good, bad := config("good.yaml", "user: woody"), config("bad.yaml", "user: root")
	file := config("file.yaml", "tokenFile: "+write("token", "block of a file\n", 0o600))
	refused := config("refused.yaml", "tokenFile: "+write("refused", "no-toy-at-all\n", 0o600))
	open := config("open.yaml", "tokenFile: "+write("open", "block of anybody\n", 0o666))
	cache := "--cache-dir=" + filepath.Join(directory, "cache")
	for _, test := range []struct {
		stdin  string
		args   []string
		code   int
		stdout string // a part of it
		stderr string // a part of it
	}{
		// The plugin: by a rule, by the built-in rule, and not for the host next to it.
		{request("eu.toy.example.com"), []string{"--config", good, cache}, 0, `"auth":{"eu.toy.example.com":{"username":"toy-woody","password":"block of the environment"}}`, ""},
		{request("us.toy.example.com"), []string{"--config", good, cache}, 0, `"auth":{"us.toy.example.com":{"username":"toy-","password":"block of the environment"}}`, ""},
		{request("toy.example.com"), []string{"--config", good, cache}, 0, `"cacheKeyType":"Registry"`, "no provider claims the host toy.example.com"},
		{"", []string{"cache", "list", "--config", good, cache}, 0, "toy-woody", ""},
		// A file of its own: it is trusted by its whole path, and no message has the token in it.
		{request("eu.toy.example.com"), []string{"--config", file, cache}, 0, `"password":"block of a file"`, ""},
		{request("eu.toy.example.com"), []string{"--config", refused, cache}, 1, "", `the toy registry refuses "REDACTED"`},
		{request("eu.toy.example.com"), []string{"--config", open, cache}, 1, "", "open: mode 0666 lets group or others change where credentials go"},
		// No token lives longer than its registry can grant.
		{request("eu.toy.example.com"), []string{"--config", good, cache}, 0, `"cacheDuration":"29m`, ""},
		// Its section of the config.
		{"", []string{"config", "check", "--pullpass", good}, 0, "ok, 1 rule", ""},
		{"", []string{"config", "schema"}, 0, "Settings for the toy registry.", ""},
		{"", []string{"config", "check", "--pullpass", bad}, 1, "", "registries[0].toy.user: must not be root"},
		// The kubelet's config.
		{"", []string{"config", "kubelet", "--config", good}, 0, `- "*.toy.example.com"`, ""},
		{"", []string{"config", "kubelet", "--config", good, "--registry", "eu.toy.example.com"}, 0, `- "eu.toy.example.com"`, ""},
		{"", []string{"config", "kubelet", "--config", good, "--registry", "quay.io"}, 1, "", "Docker Hub and the toy registry"},
		// The other commands.
		{"", []string{"warm", "--config", good, cache}, 0, "eu.toy.example.com: toy, good until ", ""},
		{"", []string{"secret", "regcred", "--config", good, cache, "--registry", "eu.toy.example.com", "-o", "dockerconfigjson"}, 0, `"eu.toy.example.com"`, ""},
	} {
		code, stdout, stderr := run(t, binary, test.stdin, test.args...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", test.args, code, stdout, stderr)
		}
	}
}
