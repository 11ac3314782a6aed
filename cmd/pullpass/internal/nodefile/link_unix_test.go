//go:build unix

package nodefile

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLink: a link is read, replaced and removed itself, whatever is where it leads.
func TestLink(t *testing.T) {
	directory := t.TempDir()
	target, path := filepath.Join(directory, "target"), filepath.Join(directory, "link")
	if err := os.WriteFile(target, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := func(step string, want Content) {
		t.Helper()
		if got, err := ReadLink(path); err != nil || !got.Equal(want.Snapshot) || string(got.Data) != string(want.Data) {
			t.Errorf("%s: %+v, %v", step, got, err)
		}
		if data, err := os.ReadFile(target); err != nil || string(data) != "program" {
			t.Errorf("%s: the target is %q, %v", step, data, err)
		}
	}
	want("nothing", Content{})
	for _, c := range []Content{NewLink(target), NewLink("/nowhere"), NewLink(target), {}} {
		if err := CheckReplace(path, c); err != nil {
			t.Error(err)
		}
		if err := Replace(path, c, nil); err != nil {
			t.Fatal(err)
		}
		want("replaced", c)
	}
	if err := os.Symlink(target, temporary(path)); err != nil {
		t.Fatal(err)
	}
	RemoveTemporary(path)
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 1 {
		t.Errorf("left are %v, %v", entries, err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadLink(path); err != nil || got.Snapshot == nil || len(got.Data) > 0 || got.Same(NewLink(target).Snapshot) {
		t.Errorf("a directory is %+v, %v", got, err)
	}
}
