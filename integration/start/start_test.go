//go:build linux

// Package start holds what a hit pays for its start to bounds. A plugin of the kubelet is started for
// each image; what is linked for other commands must not make that slower. Times depend on the machine
// and on what else it does; page faults and initialised packages hardly do.
package start

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// The bounds. Raise one only for something that the kubelet needs at each start, and write here what.
const (
	// maxFaults is how many more minor page faults a hit has than a hello world: the pages of code and
	// data that it touches for the first time, up to a microsecond each. 214 are measured, and 225 with
	// --config. Of these, 5 each are the checks of the config's and the cache's whole paths, and 8 the size of the
	// code that bounds and scrubs what it reads and writes: package initialisation touches nearly all of the
	// text, which the kernel maps in pieces of 64 KiB. Entries and responses by encoding/json were some 30 more,
	// the tree of commands some 90.
	maxFaults = 235
	// maxPackages is how many packages initialise themselves. 105 are measured, 15 of them in a hello
	// world. More than half are net/http and crypto/tls; YAML's regular expressions take the most time.
	maxPackages = 110
)

var binaries pullpass.Binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(pullpass.Main(m, &binaries))
}

const request = `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1",
	"image":"123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app"}`

// A program is one that is started again and again with the same input.
type program struct {
	path  string
	args  []string
	stdin []byte
	env   []string
	want  string // in its output
}

// newHit returns pullpass with an answer in its cache. env comes on top of what the entry gives.
func newHit(t *testing.T, env ...string) program {
	t.Helper()
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	scope := "provider=ecr\nservice=ecr\nregion=eu-central-1\nhome=" + home + "\n"
	now := time.Now()
	entry, err := json.Marshal(map[string]any{
		"version": 1, "scope": scope, "username": "AWS", "password": strings.Repeat("x", 2000),
		"issued": now.Add(-time.Minute), "refresh": now.Add(6 * time.Hour), "expires": now.Add(12 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%x.json", sha256.Sum256([]byte(scope)))
	if err := os.WriteFile(filepath.Join(dir, name[:32]+".json"), entry, 0o600); err != nil {
		t.Fatal(err)
	}
	return program{
		path:  inMemory(t, binaries.Released),
		stdin: []byte(request),
		env:   append([]string{"HOME=" + home, "PULLPASS_CACHE_DIR=" + dir, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=", "GOMAXPROCS=1"}, env...),
		want:  `"username":"AWS"`,
	}
}

func newHello(t *testing.T) program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hello")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "../bench/hello")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the hello world: %v\n%s", err, output)
	}
	return program{path: inMemory(t, path), env: []string{"GOMAXPROCS=1"}, want: "hello, world\n"}
}

// inMemory copies a program into memory, with one write. How a file lies in the page cache decides how
// many of its pages the kernel maps at a fault, and that differs from one file system to another; here
// each page is a piece of its own. See ../bench/copy.go.
func inMemory(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.MemfdCreate(filepath.Base(path), unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), path)
	t.Cleanup(func() { file.Close() })
	if _, err := file.Write(data); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd)
}

// run runs the program once, and returns its page faults and stderr.
func (p program) run(t *testing.T) (faults int64, stderr string) {
	t.Helper()
	in := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(in, p.stdin, 0o600); err != nil {
		t.Fatal(err)
	}
	stdin, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	var out, problems bytes.Buffer
	command := exec.Command(p.path, p.args...)
	command.Stdin, command.Stdout, command.Stderr, command.Env = stdin, &out, &problems, p.env
	if err := command.Run(); err != nil || !strings.Contains(out.String(), p.want) {
		t.Fatalf("%s: %v\n%s%s", p.path, err, out.String(), problems.String())
	}
	return command.ProcessState.SysUsage().(*syscall.Rusage).Minflt, problems.String()
}

// TestPageFaults counts the page faults of hits and hello worlds in turn: of a pullpass as it is
// installed, and as install --config does it.
func TestPageFaults(t *testing.T) {
	const rounds = 31
	hello, hit, configured := newHello(t), newHit(t), newHit(t)
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: pullpass/v1\nkind: Config\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	configured.args = []string{"--config=" + config}
	var hellos, hits, configs []int64
	for range rounds {
		for p, faults := range map[*program]*[]int64{&hello: &hellos, &hit: &hits, &configured: &configs} {
			n, _ := p.run(t)
			*faults = append(*faults, n)
		}
	}
	for name, faults := range map[string][]int64{"a hit": hits, "a hit with --config": configs} {
		more := median(faults) - median(hellos)
		t.Logf("a hello world has %d page faults, %s %d more", median(hellos), name, more)
		if more > maxFaults {
			t.Errorf("%s has %d page faults more than a hello world, which has %d; at most %d are allowed", name, more, median(hellos), maxFaults)
		}
	}
}

func median(values []int64) int64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// TestPackages counts the packages that initialise themselves, which GODEBUG=inittrace=1 lists.
func TestPackages(t *testing.T) {
	_, trace := newHit(t, "GODEBUG=inittrace=1").run(t)
	var packages []string
	for line := range strings.Lines(trace) {
		if name, found := strings.CutPrefix(line, "init "); found {
			name, _, _ = strings.Cut(name, " ")
			packages = append(packages, name)
		}
	}
	t.Logf("%d packages initialise themselves", len(packages))
	if len(packages) == 0 || len(packages) > maxPackages {
		t.Errorf("%d packages initialise themselves, at most %d are allowed:\n%s", len(packages), maxPackages, strings.Join(packages, "\n"))
	}
}
