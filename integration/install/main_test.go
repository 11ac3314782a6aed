// Package install_test tests pullpass install and uninstall: the built binary works on trees that
// are like nodes, with --root.
package install_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

var (
	// binaries are the pullpass under test. Below a --root there is nothing to link with, so that
	// the one with the race detector does not run there.
	binaries pullpass.Binaries
	// systemctl is the path of what stands in for it.
	systemctl string
	// peak is the path of the program that measures memory.
	peak string
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(mainExitCode(m))
}

func mainExitCode(m *testing.M) int {
	directory, err := os.MkdirTemp("", "pullpass-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	systemctl = filepath.Join(directory, "systemctl")
	build := exec.Command("go", "build", "-o", systemctl, "./systemctl")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build systemctl: %v\n%s", err, output)
		return 1
	}
	if peak, err = pullpass.BuildPeak(directory); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return pullpass.Main(m, &binaries)
}
