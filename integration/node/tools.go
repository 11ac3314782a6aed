package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/cluster"
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
	return kept("containerd-"+containerdVersion, func(directory string) error {
		install := exec.Command("go", "install", "-trimpath", "-ldflags=-s -w",
			containerdModule+"/cmd/containerd@"+containerdVersion,
			containerdModule+"/cmd/containerd-shim-runc-v2@"+containerdVersion,
			containerdModule+"/cmd/ctr@"+containerdVersion)
		install.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+directory)
		return run(install)
	})
}

// runcPath returns the path of runc: the system's, or else one of Debian's package, which is
// not installed. It does not build without libseccomp's headers.
func runcPath() (string, error) {
	if path, err := exec.LookPath("runc"); err == nil {
		return path, nil
	}
	directory, err := kept("runc", unpackRunc)
	if err != nil {
		return "", fmt.Errorf("%w; or else install runc", err)
	}
	return filepath.Join(directory, "usr", "sbin", "runc"), nil
}

func unpackRunc(directory string) error {
	if err := download(directory, "runc"); err != nil {
		// The list of packages is missing or old.
		if err := run(exec.Command("apt-get", "update")); err != nil {
			return err
		}
		if err := download(directory, "runc"); err != nil {
			return err
		}
	}
	packages, err := filepath.Glob(filepath.Join(directory, "runc_*.deb"))
	if err != nil || len(packages) != 1 {
		return errors.Join(err, fmt.Errorf("apt-get downloaded %q", packages))
	}
	if err := run(exec.Command("dpkg-deb", "--extract", packages[0], directory)); err != nil {
		return err
	}
	// What it is linked to, libseccomp, is not in the package.
	return run(exec.Command(filepath.Join(directory, "usr", "sbin", "runc"), "--version"))
}

// download puts a Debian package into directory. The user as whom apt downloads cannot write there.
func download(directory, name string) error {
	command := exec.Command("apt-get", "download", "-o", "APT::Sandbox::User=root", name)
	command.Dir = directory
	return run(command)
}

// kept returns a directory below cluster.CacheDirectory, which make fills if it is not there.
func kept(name string, make func(directory string) error) (string, error) {
	cache, err := cluster.CacheDirectory()
	if err != nil {
		return "", err
	}
	directory := filepath.Join(cache, name)
	if _, err := os.Stat(directory); err == nil {
		return directory, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unfinished, err := os.MkdirTemp(cache, name+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(unfinished)
	if err := make(unfinished); err != nil {
		return "", err
	}
	if err := os.Chmod(unfinished, 0o755); err != nil {
		return "", err
	}
	err = os.Rename(unfinished, directory)
	if errors.Is(err, os.ErrExist) {
		err = nil // another process was as fast
	}
	return directory, err
}

// run runs a command, whose output is its error's.
func run(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, output)
	}
	return nil
}
