package node

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestClaim removes what is left, unless somebody else has machines. That directories are not empty stands
// for cgroups that have processes.
func TestClaim(t *testing.T) {
	root := t.TempDir()
	left := []string{"pullpass-test-A/kubepods/pod", "cpu/pullpass-test-A/kubepods"}
	used := []string{"pullpass-test-B/kubepods/pod/process", "memory/pullpass-test-B/process", "cpu/other", "pullpass"}
	for _, name := range append(left, used...) {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range used {
		if err := os.WriteFile(filepath.Join(root, name, "file"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	other, err := os.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock := func(how int) error { return unix.Flock(int(other.Fd()), how|unix.LOCK_NB) }
	if err := lock(unix.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	for _, beside := range []bool{true, false} {
		claimed, err := claim(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range left {
			if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != beside {
				t.Errorf("with somebody else's machines %t, %s is there: %v", beside, name, err)
			}
		}
		if err := lock(unix.LOCK_EX); err == nil {
			t.Error("others are not told that there are machines")
		}
		claimed.Close()
		if err := lock(unix.LOCK_UN); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range used {
		if _, err := os.Stat(filepath.Join(root, name, "file")); err != nil {
			t.Error(err)
		}
	}
}
