//go:build !windows

package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name    string
		size    int
		mode    fs.FileMode
		warning string // after the path
		err     string // $ stands for the path
	}{
		{name: "owner", size: 6, mode: 0o600},
		{name: "group may read", size: 6, mode: 0o640},
		{name: "group may write", size: 6, mode: 0o660, err: "$: mode 0660 lets group or others change where credentials go"},
		{name: "empty", size: 0, mode: 0o400},
		{name: "others may read", size: 6, mode: 0o604, warning: ": mode 0604 lets every user read this secret; chmod o-r it"},
		{name: "everyone may read", size: 6, mode: 0o644, warning: ": mode 0644 lets every user read this secret; chmod o-r it"},
		{name: "others may write only", size: 6, mode: 0o602, err: "$: mode 0602 lets group or others change where credentials go"},
		{name: "as large as allowed", size: 1 << 20, mode: 0o600},
		{name: "too large", size: 1<<20 + 1, mode: 0o600, err: "read $: larger than 1 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			content := strings.Repeat("s", test.size)
			path := write(t, content, test.mode)
			var warnings []string
			data, err := ReadSecret(path, func(line string) { warnings = append(warnings, line) })
			if test.err != "" {
				want := strings.ReplaceAll(test.err, "$", path)
				if err == nil || err.Error() != want {
					t.Fatalf("Read gives the error %v, want %s", err, want)
				}
				return
			}
			if err != nil || string(data) != content {
				t.Fatalf("Read gives %d bytes and the error %v, want %d bytes", len(data), err, len(content))
			}
			var want string
			if test.warning != "" {
				want = path + test.warning
			}
			if got := strings.Join(warnings, "\n"); got != want {
				t.Errorf("Read warns %q, want %q", got, want)
			}
		})
	}
}

func TestReadFollowsLinks(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(write(t, "secret", 0o600), link); err != nil {
		t.Fatal(err)
	}
	data, err := ReadSecret(link, noWarning(t))
	if err != nil || string(data) != "secret" {
		t.Errorf("Read gives %q and the error %v", data, err)
	}
}

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, fifo, "/dev/zero"} {
		_, err := ReadSecret(path, noWarning(t))
		if want := "read " + path + ": not a regular file"; err == nil || err.Error() != want {
			t.Errorf("Read gives the error %v, want %s", err, want)
		}
	}
}

func TestReadOfAMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing")
	_, err := ReadSecret(path, noWarning(t))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Read gives the error %v, want one that names the path and is fs.ErrNotExist", err)
	}
}

func TestHintOfWritableFile(t *testing.T) {
	path := write(t, "secret", 0o620)
	_, err := Read(path)
	if hint, want := provider.Hint(err), "chmod go-w "+path; hint != want {
		t.Errorf("Read hints %q, want %q", hint, want)
	}
}

func TestIsMissing(t *testing.T) {
	for path, want := range map[string]bool{filepath.Join(t.TempDir(), "x"): true, "": true, "/dev/null/x": true, "/dev/null": false} {
		if _, err := Read(path); IsMissing(err) != want {
			t.Errorf("%s is missing: %v, want %v", path, !want, want)
		}
	}
}

func TestIsDevice(t *testing.T) {
	for path, want := range map[string]bool{"/dev/null": true, t.TempDir(): false, filepath.Join(t.TempDir(), "x"): false} {
		if _, err := Read(path); IsDevice(err) != want {
			t.Errorf("%s is a device: %v, want %v", path, !want, want)
		}
	}
}

// TestReadOfAVolume exchanges a file in the way that a kubelet does, while it is read.
func TestReadOfAVolume(t *testing.T) {
	dir := t.TempDir()
	done := make(chan struct{})
	publish := func(n int) {
		version := filepath.Join(dir, fmt.Sprint("..", n))
		for _, err := range []error{
			os.Mkdir(version, 0o755),
			os.WriteFile(filepath.Join(version, "token"), []byte("secret"), 0o600),
			os.Symlink(filepath.Base(version), filepath.Join(dir, "..data_tmp")),
			os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	}
	publish(0)
	if err := os.Symlink("..data/token", filepath.Join(dir, "token")); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(done)
		for n := range 300 {
			publish(n + 1)
			os.RemoveAll(filepath.Join(dir, fmt.Sprint("..", n)))
			time.Sleep(100 * time.Microsecond)
		}
	}()
	for reads := 0; ; reads++ {
		data, err := ReadSecret(filepath.Join(dir, "token"), noWarning(t))
		if err != nil || string(data) != "secret" {
			t.Errorf("read %d gives %q and the error %v", reads, data, err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

func noWarning(t *testing.T) func(string) {
	return func(line string) { t.Errorf("Read warns %q", line) }
}

// write makes a file whose mode the umask does not change.
func write(t *testing.T, content string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}
