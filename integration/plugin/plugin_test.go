// Package plugin tests the built binary as the kubelet runs it, against fakes of the clouds
// and a real registry.
package plugin

import (
	"flag"
	"fmt"
	"io"
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

// A run is what came of running the binary.
type run struct {
	code     int
	stdout   string
	stderr   string
	response response // decoded, if stdout is one
}

type response struct {
	Kind          string           `json:"kind"`
	APIVersion    string           `json:"apiVersion"`
	CacheKeyType  string           `json:"cacheKeyType"`
	CacheDuration string           `json:"cacheDuration"`
	Auth          map[string]login `json:"auth"`
}

type login struct{ Username, Password string }

// ask runs the binary for an image, verbosely, with env as its whole environment.
func ask(t *testing.T, env []string, image string, args ...string) run {
	t.Helper()
	return start(t, env, strings.NewReader(requestFor(image)), append([]string{"-v"}, args...)...)
}

func requestFor(image string) string {
	return fmt.Sprintf(`{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":%q}`, image)
}

func start(t *testing.T, env []string, stdin io.Reader, args ...string) run {
	t.Helper()
	r, err := end(pullpass.Launch(t, binaries.Tested, append(pullpass.Offline(t), env...), stdin, args...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// answered checks that the run gave a credential for host and returns it.
func (r run) answered(t *testing.T, host string) login {
	t.Helper()
	found, ok := r.response.Auth[host]
	if r.code != 0 || !ok || found.Username == "" || found.Password == "" {
		t.Fatalf("no credential for %s: exit code %d\n%s", host, r.code, r.stderr)
	}
	if strings.Contains(r.stderr, found.Password) {
		t.Fatal("stderr holds the password")
	}
	return found
}

// failed checks that the run failed with one error line that has all the texts, and that it
// says no more than that on stdout.
func (r run) failed(t *testing.T, texts ...string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(r.stderr) {
		if strings.HasPrefix(line, "pullpass: error: ") {
			lines = append(lines, line)
		}
	}
	if r.code != 1 || r.stdout != "" || len(lines) != 1 {
		t.Fatalf("exit code %d, stdout of %d bytes, stderr:\n%s", r.code, len(r.stdout), r.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("stderr does not say %q:\n%s", text, r.stderr)
		}
	}
}

// ended checks that the run failed with the texts of an error, or answered for host if there
// are none.
func (r run) ended(t *testing.T, host string, texts []string) {
	t.Helper()
	if len(texts) > 0 {
		r.failed(t, texts...)
	} else {
		r.answered(t, host)
	}
}

// checkCalls compares how often a fake's operations were called.
func checkCalls(t *testing.T, fake interface{ Calls(string) int }, want map[string]int) {
	t.Helper()
	for operation, n := range want {
		if got := fake.Calls(operation); got != n {
			t.Errorf("%d calls of %s, want %d", got, operation, n)
		}
	}
}

// silent checks that none of the secrets is in what the run wrote to stderr.
func (r run) silent(t *testing.T, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if secret != "" && strings.Contains(r.stderr, secret) {
			t.Errorf("stderr holds a secret:\n%s", r.stderr)
		}
	}
}

// join makes one environment of several.
func join(environments ...[]string) []string { return slices.Concat(environments...) }

// write writes a file that only its owner can read, below a new directory, and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// config writes a pullpass config with these rules and returns the arguments that name it.
func config(t *testing.T, rules string) []string {
	t.Helper()
	return []string{"--config", write(t, "config.yaml", "apiVersion: pullpass/v1\nkind: Config\nregistries:\n"+rules)}
}
