// Package pullpass is what tests of the built binary have in common: they build it once, and
// run it in an environment of its own, from which no real cloud can be reached.
package pullpass

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Binaries are the paths of the pullpass under test.
type Binaries struct {
	// Tested has the race detector if the tests have it.
	Tested string
	// Released is as it is released, for what takes many processes or exact moments: the race
	// detector makes the start of a process four times as long.
	Released string
}

// Main builds the binaries, runs the tests, removes the binaries and returns the exit code. It is
// for TestMain, after flag.Parse, of a package one directory below the module.
func Main(m *testing.M, binaries *Binaries) int {
	directory, err := os.MkdirTemp("", "pullpass-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	if *binaries, err = buildAll(directory); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func buildAll(directory string) (Binaries, error) {
	// As the Makefile does, which has it in Go's build cache.
	released := filepath.Join(directory, "pullpass")
	if err := build(released, []string{"CGO_ENABLED=0"}, "-trimpath", "-buildvcs=auto", "-ldflags=-s -w"); err != nil {
		return Binaries{}, err
	}
	if !RaceEnabled {
		return Binaries{released, released}, nil
	}
	tested := filepath.Join(directory, "race", "pullpass")
	return Binaries{tested, released}, build(tested, nil, "-race")
}

func build(path string, env []string, args ...string) error {
	command := exec.Command("go", append(append([]string{"build", "-o", path}, args...), "./cmd/pullpass")...)
	command.Dir = "../.."
	command.Env = append(os.Environ(), env...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build pullpass: %w\n%s", err, output)
	}
	// A test runs it as another user, whatever the umask.
	if err := os.Chmod(filepath.Dir(path), 0o711); err != nil {
		return err
	}
	return os.Chmod(path, 0o755)
}

// Offline is an environment without an identity or a way to a real cloud, and with a cache of
// its own. What a test adds after it counts.
func Offline(t testing.TB) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + t.TempDir(),
		"PULLPASS_CACHE_DIR=" + filepath.Join(t.TempDir(), "cache"),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9",
		"GCE_METADATA_HOST=127.0.0.1:9",
		"GORACE=exitcode=66 atexit_sleep_ms=20",
	}
}
