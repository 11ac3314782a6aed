package rootfs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestRoot: paths are the machine's, also where the root's own path looks like a pattern.
func TestRoot(t *testing.T) {
	root := Root(filepath.Join(t.TempDir(), "a[b]"))
	if err := os.MkdirAll(root.Path("/etc/kubelet"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/etc/kubelet/2.env", "/etc/kubelet/1.env", "/etc/kubelet/x"} {
		if err := os.WriteFile(root.Path(name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := root.ReadFile("/etc/kubelet/x"); err != nil || string(data) != "/etc/kubelet/x" {
		t.Errorf("%q, %v", data, err)
	}
	if !root.Exists("/etc/kubelet") || root.Exists("/etc/none") {
		t.Error("what exists is wrong")
	}
	if entries, err := root.ReadDir("/etc/kubelet"); err != nil || len(entries) != 3 {
		t.Errorf("%v, %v", entries, err)
	}
	if got, err := root.Glob("/etc/kubelet/*.env"); err != nil || !slices.Equal(got, []string{"/etc/kubelet/1.env", "/etc/kubelet/2.env"}) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := root.Glob("/etc/none"); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := root.Glob("/etc/["); err == nil {
		t.Error("a malformed pattern is no error")
	}
}
