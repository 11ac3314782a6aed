// Package plugin tests the built binary as the kubelet runs it, against fakes of the clouds
// and a real registry.
package plugin

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// binary is the pullpass under test, built once, with the race detector if the tests have it.
// released is the one that is released, for what takes many processes or exact moments: the
// race detector makes the start of a process four times as long.
var binary, released string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "pullpass-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		if err := buildBinaries(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func buildBinaries(folder string) error {
	// A test runs it as another user.
	if err := os.Chmod(folder, 0o711); err != nil {
		return err
	}
	// As the Makefile does, which has it in Go's build cache.
	released = filepath.Join(folder, "pullpass")
	if err := build(released, []string{"CGO_ENABLED=0"}, "-trimpath", "-buildvcs=auto", "-ldflags=-s -w"); err != nil {
		return err
	}
	binary = released
	if raceEnabled {
		binary = filepath.Join(folder, "race", "pullpass")
		return build(binary, nil, "-race")
	}
	return nil
}

func build(path string, env []string, args ...string) error {
	command := exec.Command("go", append(append([]string{"build", "-o", path}, args...), "./cmd/pullpass")...)
	command.Dir = "../.."
	command.Env = append(os.Environ(), env...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build pullpass: %w\n%s", err, output)
	}
	return nil
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
	r, err := launch(t, binary, append(offline(t), env...), stdin, args...).end()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// offline is an environment without an identity or a way to a real cloud, and with a cache of
// its own. What a test adds after it counts.
func offline(t *testing.T) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + t.TempDir(),
		"PULLPASS_CACHE_DIR=" + filepath.Join(t.TempDir(), "cache"),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9",
		"GCE_METADATA_HOST=127.0.0.1:9",
		"GORACE=exitcode=66 atexit_sleep_ms=20",
	}
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

// write writes a file that only its owner can read, below a new folder, and returns its path.
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
