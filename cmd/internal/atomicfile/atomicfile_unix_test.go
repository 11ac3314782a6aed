//go:build unix

package atomicfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wantFile fails the test unless path holds content with mode 0600, alone in its directory.
func wantFile(t *testing.T, path, content string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != content {
		t.Errorf("the file holds %q, %v; want %q", data, err, content)
	}
	if info, err := os.Stat(path); err == nil && info.Mode() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("the directory holds %v", files)
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.yaml")
	for _, content := range []string{"one", strings.Repeat("two", 1<<20), ""} {
		if err := Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		wantFile(t, path, content)
	}
	if err := os.WriteFile(path, []byte("open to all"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("closed")); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, "closed")
}

func TestWriteInTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := Write("secret.yaml", []byte("one")); err != nil {
		t.Fatal(err)
	}
	wantFile(t, "secret.yaml", "one")
}

func TestWriteFails(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(directory, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		directory:   "it is there and not a regular file",
		link:        "it is there and not a regular file",
		"/dev/null": "it is there and not a regular file",
		filepath.Join(directory, "none", "a.yaml"): "no such file or directory",
		filepath.Join(file, "a.yaml"):              "not a directory",
	} {
		if err := Write(path, []byte("new")); err == nil || err.Error() != "write "+path+": "+want {
			t.Errorf("the error for %s is %v, want %s", path, err, want)
		}
	}
	if data, _ := os.ReadFile(file); string(data) != "kept" {
		t.Errorf("the file holds %q", data)
	}
	if files, _ := os.ReadDir(directory); len(files) != 2 {
		t.Errorf("the directory holds %v", files)
	}
}
