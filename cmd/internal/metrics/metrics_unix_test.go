//go:build !windows

package metrics

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOthersInTheDirectory: node_exporter's user may put links and pipes into the directory. They are
// replaced, and not followed.
func TestOthersInTheDirectory(t *testing.T) {
	now := start
	target := filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(target, []byte("pullpass_fetches_total{provider=\"ecr\",result=\"none\"} 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := func(path string) error { return os.Symlink(target, path) }
	pipe := func(path string) error { return syscall.Mkfifo(path, 0o644) }
	for name, make := range map[string]func(string) error{"link": link, "pipe": pipe} {
		for _, suffix := range []string{"", ".tmp"} {
			file, _ := textfile(t, &now)
			path := file.Path
			if suffix != "" {
				path = beside(file, suffix)
			}
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			add(t, file, Fetch{Provider: "ecr", Result: None})
			info, err := os.Lstat(file.Path)
			if err != nil || info.Mode() != 0o644 || !strings.Contains(content(t, file), "result=\"none\"} 1\n") {
				t.Errorf("%s at %q: %v, %v", name, suffix, info, err)
			}
		}
	}
	if data, err := os.ReadFile(target); err != nil || !strings.HasSuffix(string(data), " 7\n") {
		t.Errorf("the target holds %q, %v", data, err)
	}
}

// TestMode: node_exporter can read the file, whatever the umask.
func TestMode(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	now := start
	file, _ := textfile(t, &now)
	add(t, file, Fetch{Provider: "ecr", Result: None})
	if info, err := os.Lstat(file.Path); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}
