//go:build !windows

package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestForeign puts what another user could into the place of a lock, in a directory of that one.
func TestForeign(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "file")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, make := range map[string]func(string) error{
		"link":            func(path string) error { return os.Symlink("file", path) },
		"link to nothing": func(path string) error { return os.Symlink("nothing", path) },
		"hard link":       func(path string) error { return os.Link(file, path) },
		"pipe":            func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory":       func(path string) error { return os.Mkdir(path, 0o700) },
		"a large file":    func(path string) error { return os.WriteFile(path, []byte{maxSize: 0}, 0o600) },
	} {
		path := filepath.Join(directory, "lock")
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		if lock, err := Try(path); err == nil {
			t.Errorf("%s: it is locked", name)
			lock.Unlock()
		}
		if lock, err := TryIn(root, "lock"); err == nil {
			t.Errorf("%s: it is locked in its directory", name)
			lock.Unlock()
		} else if name == "hard link" && !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(directory, "nothing"))
	}
	if os.Geteuid() == 0 {
		path := filepath.Join(directory, "lock")
		if err := errors.Join(os.WriteFile(path, nil, 0o666), os.Chown(path, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
		if _, err := Try(path); !errors.Is(err, ErrForeign) {
			t.Errorf("another user's file: %v", err)
		}
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "content" {
		t.Errorf("the file holds %q, %v", data, err)
	}
}
