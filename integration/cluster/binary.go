package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// packages are the programs that Binary builds.
var packages = map[string]string{
	"etcd":           "github.com/pullpass/pullpass/integration/cluster/etcd",
	"helm":           "helm.sh/helm/v4/cmd/helm",
	"kube-apiserver": kubernetes + "/cmd/kube-apiserver",
	"kubectl":        kubernetes + "/cmd/kubectl",
	"kubelet":        kubernetes + "/cmd/kubelet",
}

const kubernetes = "k8s.io/kubernetes"

// Binary returns the path of one of the programs etcd, helm, kube-apiserver, kubectl and kubelet. It
// is built in the repository's .cache/e2e, unless what is there is up to date. From nothing,
// that takes minutes for each of Kubernetes's programs.
func Binary(t testing.TB, name string) string {
	t.Helper()
	path, err := build(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// built are the binaries that this process has seen to.
var built struct {
	sync.Mutex
	paths map[string]string
}

func build(name string) (string, error) {
	built.Lock()
	defer built.Unlock()
	if path, ok := built.paths[name]; ok {
		return path, nil
	}
	path, err := goBuild(name)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	if built.paths == nil {
		built.paths = map[string]string{}
	}
	built.paths[name] = path
	return path, nil
}

// goBuild leaves it to the go command to find out what there is to do.
func goBuild(name string) (string, error) {
	from, known := packages[name]
	if !known {
		return "", errors.New("no program of that name")
	}
	directory, err := CacheDirectory()
	if err != nil {
		return "", err
	}
	flags, err := linkerFlags()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(directory, "lock")).Lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	path := filepath.Join(directory, name)
	_, err = goCommand("build", "-trimpath", "-ldflags="+flags, "-o", path, from)
	return path, err
}

// CacheDirectory returns the directory of the repository for what is built or downloaded once. It need
// not be there.
func CacheDirectory() (string, error) {
	module, err := goCommand("env", "GOMOD") // REPOSITORY/integration/go.mod
	return filepath.Join(filepath.Dir(filepath.Dir(module)), ".cache", "e2e"), err
}

// linkerFlags give Kubernetes's programs their version, which is the module's. They do not
// start without one.
func linkerFlags() (string, error) {
	version, err := goCommand("list", "-m", "-f", "{{.Version}}", kubernetes)
	if err != nil {
		return "", err
	}
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) != 3 {
		return "", fmt.Errorf("the version of %s is %q", kubernetes, version)
	}
	const variable = " -X k8s.io/component-base/version.git"
	return "-s -w" + variable + "Version=" + version + variable + "Major=" + parts[0] + variable + "Minor=" + parts[1], nil
}

// goCommand runs the go command in the test's directory, and so in this module, and returns what
// it prints.
func goCommand(args ...string) (string, error) {
	command := exec.Command("go", args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, exit.Stderr)
	}
	return strings.TrimSpace(string(output)), err
}
