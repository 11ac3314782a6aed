// Package hostile tests the built binary against authorities that want to cost a node memory or time, or to be
// sent what is for others.
package hostile

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/bench/batch"
	"github.com/pullpass/pullpass/integration/pullpass"
)

var (
	// binaries are the pullpass under test.
	binaries pullpass.Binaries
	// runner is the program that measures the memory of a process, see its documentation.
	runner string
)

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "8") // nearly all of them wait for the next attempt
	directory, err := os.MkdirTemp("", "pullpass-runner-")
	if err != nil {
		panic(err)
	}
	runner = filepath.Join(directory, "runner")
	if output, err := exec.Command("go", "build", "-o", runner, "../bench/runner").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build the runner: %v\n%s", err, output))
	}
	code := pullpass.Main(m, &binaries)
	os.RemoveAll(directory)
	os.Exit(code)
}

// A run is what came of a process, and what it cost.
type run struct {
	batch.Usage
	batch.Result
	stdout, stderr string
}

// ask runs the plugin as it is released, verbosely, for the image.
func (f flow) ask(t *testing.T, s *site) run {
	t.Helper()
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	request := fmt.Sprintf(`{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":%q}`, f.image)
	if err := os.WriteFile(path("stdin"), []byte(request), 0o600); err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(batch.Batch{
		Path: binaries.Released, Args: append([]string{"-v"}, s.args...), Env: lastOnly(append(pullpass.Offline(t), s.env...)),
		Stdin: []string{path("stdin")}, Stdout: []string{path("stdout")}, Stderr: path("stderr"),
	})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), runner)
	command.Env = []string{"GOMAXPROCS=1"}
	command.Stdin = bytes.NewReader(append(line, '\n'))
	output, err := command.Output()
	var r run
	if err == nil {
		err = json.Unmarshal(output, &r.Result)
	}
	if err != nil || len(r.Processes) != 1 {
		t.Fatalf("run the plugin: %v", err)
	}
	r.Usage = r.Processes[0]
	for name, text := range map[string]*string{"stdout": &r.stdout, "stderr": &r.stderr} {
		data, err := os.ReadFile(path(name))
		if err != nil {
			t.Fatal(err)
		}
		*text = string(data)
	}
	return r
}

// lastOnly returns an environment without what is set again after it, which the runner does not take out.
func lastOnly(env []string) []string {
	var kept []string
	for i, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		if !slices.ContainsFunc(env[i+1:], func(later string) bool { return strings.HasPrefix(later, name+"=") }) {
			kept = append(kept, pair)
		}
	}
	return kept
}

// errorLine returns the line with the error.
func (r run) errorLine() string {
	for line := range strings.Lines(r.stderr) {
		if strings.HasPrefix(line, "pullpass: error: ") {
			return line
		}
	}
	return ""
}
