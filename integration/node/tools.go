package node

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pullpass/pullpass/integration/cluster"
	"github.com/pullpass/pullpass/integration/fetch"
)

// programs are what a node runs.
type programs struct {
	kubelet    string
	containerd string // the directory that has containerd, its shim and ctr
	runc       string
}

// getPrograms builds and downloads what is not there yet.
func getPrograms(t testing.TB) programs {
	t.Helper()
	containerd, err := containerdDirectory()
	if err != nil {
		t.Fatalf("get containerd: %v", err)
	}
	runc, err := runcPath()
	if err != nil {
		t.Fatalf("get runc: %v", err)
	}
	return programs{kubelet: cluster.Binary(t, "kubelet"), containerd: containerd, runc: runc}
}

// containerd is built of its module, which takes two minutes.
const (
	containerdVersion = "v2.4.2"
	containerdModule  = "github.com/containerd/containerd/v2"
)

func containerdDirectory() (string, error) {
	return fetch.Kept("containerd-"+containerdVersion, func(directory string) error {
		install := exec.Command("go", "install", "-trimpath", "-ldflags=-s -w",
			containerdModule+"/cmd/containerd@"+containerdVersion,
			containerdModule+"/cmd/containerd-shim-runc-v2@"+containerdVersion,
			containerdModule+"/cmd/ctr@"+containerdVersion)
		install.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+directory)
		return fetch.Run(install)
	})
}

// runcPath returns the path of runc: the system's, or else one of Debian's package, which is
// not installed. It does not build without libseccomp's headers.
func runcPath() (string, error) {
	if path, err := exec.LookPath("runc"); err == nil {
		return path, nil
	}
	directory, err := fetch.Debian("runc")
	if err != nil {
		return "", fmt.Errorf("%w; or else install runc", err)
	}
	path := filepath.Join(directory, "usr", "sbin", "runc")
	// It is started by others, without the libraries that may be there with it.
	if err := fetch.Run(exec.Command(path, "--version")); err != nil {
		return "", fmt.Errorf("%w; or else install runc", err)
	}
	return path, nil
}
