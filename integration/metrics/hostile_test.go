package metrics

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/pullpass"
)

const stranger = 65534

// TestHostileDirectory: whatever the owner of the collector's directory puts there, a pull is answered at
// once, with little memory, and its own fetch is counted where that is possible.
func TestHostileDirectory(t *testing.T) {
	const (
		// What a pull may take here. A hostile directory of the first kind took 19 s and 1.9 GB.
		limit  = 10 * time.Second
		memory = 32 << 10 // KiB
	)
	objects := "[" + strings.Repeat("{},", 250_000) + "{}]"
	lines := strings.Repeat("pullpass_fetches_total{provider=\"x\",result=\"y\"} 1\n", 20_000)
	write := func(t *testing.T, path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() == 0 {
			if err := os.Chown(path, stranger, stranger); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		make    func(t *testing.T, directory string)
		counted bool
	}{
		"left fetches": {func(t *testing.T, directory string) {
			for i := range 20 {
				write(t, filepath.Join(directory, fmt.Sprintf(".pullpass.prom.%d.fetch", i)), objects)
			}
		}, true},
		"many small fetches": {func(t *testing.T, directory string) {
			for i := range 20_000 {
				path := filepath.Join(directory, fmt.Sprintf(".pullpass.prom.%d.fetch", i))
				write(t, path, "[{},{}]")
			}
		}, true},
		"a large textfile": {func(t *testing.T, directory string) {
			write(t, filepath.Join(directory, "pullpass.prom"), lines)
		}, true},
		"a sparse textfile": {func(t *testing.T, directory string) {
			path := filepath.Join(directory, "pullpass.prom")
			write(t, path, "")
			if err := os.Truncate(path, 8<<30); err != nil {
				t.Fatal(err)
			}
		}, true},
		"a pipe as lock": {func(t *testing.T, directory string) {
			if err := syscall.Mkfifo(filepath.Join(directory, ".pullpass.prom.lock"), 0o666); err != nil {
				t.Fatal(err)
			}
		}, true},
		"pipes everywhere": {func(t *testing.T, directory string) {
			for _, name := range []string{"pullpass.prom", ".pullpass.prom.lock", ".pullpass.prom.tmp", ".pullpass.prom.1.fetch", ".pullpass.prom.lock.tmp"} {
				if err := syscall.Mkfifo(filepath.Join(directory, name), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}, true},
		"links to devices": {func(t *testing.T, directory string) {
			for _, name := range []string{"pullpass.prom", ".pullpass.prom.lock", ".pullpass.prom.tmp", ".pullpass.prom.1.fetch"} {
				if err := os.Symlink("/dev/zero", filepath.Join(directory, name)); err != nil {
					t.Fatal(err)
				}
			}
		}, true},
		"a held lock": {func(t *testing.T, directory string) {
			path := filepath.Join(directory, ".pullpass.prom.lock")
			write(t, path, "")
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { file.Close() })
			if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
				t.Fatal(err)
			}
		}, os.Geteuid() == 0},
		"directories": {func(t *testing.T, directory string) {
			for _, name := range []string{"pullpass.prom", ".pullpass.prom.lock", ".pullpass.prom.tmp"} {
				if err := os.MkdirAll(filepath.Join(directory, name, "below"), 0o777); err != nil {
					t.Fatal(err)
				}
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, "")
			n.write(t, "config.yaml", "apiVersion: pullpass/v1\nkind: Config\nmetrics: {textfile: "+n.path("textfiles/pullpass.prom")+"}\nregistries:\n"+
				"- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: "+n.path("docker.json")+"}}\n")
			n.write(t, "docker.json", `{"auths": {"docker.io": {"username": "me", "password": "hunter2"}}}`)
			directory := n.path("textfiles")
			if os.Geteuid() == 0 {
				if err := os.Chown(directory, stranger, stranger); err != nil {
					t.Fatal(err)
				}
			}
			c.make(t, directory)
			command := exec.CommandContext(t.Context(), binary)
			command.Env = n.env
			command.Stdin = strings.NewReader(`{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"docker.io/acme/app"}`)
			var out, messages bytes.Buffer
			command.Stdout, command.Stderr = &out, &messages
			used := pullpass.MeasurePeak(t, peak, command)
			begun := time.Now()
			err := command.Run()
			if took := time.Since(begun); took > limit {
				t.Errorf("it took %v", took)
			}
			if err != nil || !strings.Contains(out.String(), `"password":"hunter2"`) {
				t.Errorf("%v, stderr %q", err, &messages)
			}
			if used := used(); used > memory {
				t.Errorf("it used %d KiB", used)
			}
			data, err := os.ReadFile(n.path("textfiles/pullpass.prom"))
			if got := strings.Contains(string(data), `pullpass_fetches_total{provider="dockerhub",result="success"} 1`+"\n"); got != c.counted {
				t.Errorf("the fetch is counted: %v, %v, stderr %q", got, err, &messages)
			}
		})
	}
}

// TestHostileDirectoryHarmsNobody: links in another user's directory make root write and remove nothing
// elsewhere.
func TestHostileDirectoryHarmsNobody(t *testing.T) {
	for _, suffix := range []string{"pullpass.prom", ".pullpass.prom.lock", ".pullpass.prom.lock.tmp", ".pullpass.prom.tmp", ".pullpass.prom.1.fetch"} {
		for kind, link := range map[string]func(string, string) error{"link": os.Symlink, "hard link": os.Link} {
			t.Run(kind+" "+suffix, func(t *testing.T) {
				n := newNode(t, "- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: /dev/null}}\n")
				victim := n.path("victim")
				const content = `[{"Provider":"ecr","Scope":"x","Result":"none","At":"2026-10-05T12:00:00Z"}]`
				n.write(t, "victim", content)
				old := time.Now().Add(-time.Hour)
				if err := os.Chtimes(victim, old, old); err != nil {
					t.Fatal(err)
				}
				if err := link(victim, n.path("textfiles/"+suffix)); err != nil {
					t.Fatal(err)
				}
				command := exec.CommandContext(t.Context(), binary, "warm", "--registry", "docker.io/acme/app")
				command.Env = n.env
				output, _ := command.CombinedOutput()
				data, err := os.ReadFile(victim)
				info, failed := os.Stat(victim)
				if err != nil || failed != nil || string(data) != content || info.Mode() != 0o600 || !info.ModTime().Equal(old) {
					t.Errorf("the victim holds %q, %v, %v\n%s", data, info, err, output)
				}
			})
		}
	}
}
