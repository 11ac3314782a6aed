//go:build unix

package nodefile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestWrite: a file gets content and mode in one step, through a link to it, and nothing else is left.
func TestWrite(t *testing.T) {
	directory := t.TempDir()
	path, link := filepath.Join(directory, "file"), filepath.Join(directory, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	old, err := Read(link, MaxConfig)
	if err != nil || string(old.Data) != "old" || old.Mode != 0o640 || old.Hash() != Sum([]byte("old")) {
		t.Fatalf("%+v, %v", old, err)
	}
	next := New([]byte("new"), old.Snapshot, 0)
	refused := errors.New("refused")
	if err := Write(link, next, func(string) error { return refused }); err != refused {
		t.Errorf("refused: %v", err)
	}
	if now, err := Read(path, MaxConfig); err != nil || !now.Equal(old.Snapshot) {
		t.Errorf("after a refusal: %+v, %v", now, err)
	}
	if err := Write(link, next, nil); err != nil {
		t.Fatal(err)
	}
	if now, err := Read(path, MaxConfig); err != nil || !now.Equal(next.Snapshot) || string(now.Data) != "new" {
		t.Errorf("%+v, %v", now, err)
	}
	if target, err := os.Readlink(link); err != nil || target != path {
		t.Errorf("the link leads to %s, %v", target, err)
	}
	if entries, _ := os.ReadDir(directory); len(entries) != 2 {
		t.Errorf("there are %v", entries)
	}
}

// TestReplace makes a file with its directories, and removes both.
func TestReplace(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "a", "b", "file")
	missing := MissingDirectories(filepath.Dir(path))
	if want := []string{filepath.Join(root, "a"), filepath.Join(root, "a", "b")}; !slices.Equal(missing, want) {
		t.Fatalf("missing %q, want %q", missing, want)
	}
	if none, err := Read(path, MaxConfig); err != nil || none.Snapshot != nil || none.Hash() != "" {
		t.Errorf("no file: %+v, %v", none, err)
	}
	if err := Replace(path, New([]byte("x"), nil, 0o600), nil); err != nil {
		t.Fatal(err)
	}
	RemoveDirectories(missing)
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for range 2 {
		if err := Replace(path, Content{}, nil); err != nil {
			t.Error(err)
		}
	}
	RemoveDirectories(missing)
	if entries, _ := os.ReadDir(root); len(entries) != 0 {
		t.Errorf("there are %v", entries)
	}
}

// TestRemoveTemporary removes what a killed Write left.
func TestRemoveTemporary(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "file")
	if err := os.WriteFile(filepath.Join(directory, ".file"+TemporarySuffix), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	RemoveTemporary(path)
	if entries, _ := os.ReadDir(directory); len(entries) != 0 {
		t.Errorf("there are %v", entries)
	}
}

func TestReadRefuses(t *testing.T) {
	directory := t.TempDir()
	dangling := filepath.Join(directory, "dangling")
	if err := os.Symlink(filepath.Join(directory, "none"), dangling); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		directory: "read " + directory + ": it is not a regular file",
		dangling:  "read " + dangling + ": it is a symbolic link: lstat " + directory + "/none: no such file or directory",
	} {
		if _, err := Read(path, MaxConfig); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestReadEnds: what is endless, or never begins, is refused at once, and so is what others can replace.
func TestReadEnds(t *testing.T) {
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	write := func(name string, size int64, mode os.FileMode) string {
		t.Helper()
		file, err := os.Create(path(name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := errors.Join(file.Truncate(size), file.Chmod(mode)); err != nil {
			t.Fatal(err)
		}
		return path(name)
	}
	if err := syscall.Mkfifo(path("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("fifo", path("link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path("open"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path("open"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		path("fifo"):                      "not a regular file",
		path("link"):                      "not a regular file",
		"/dev/zero":                       "not a regular file",
		write("sparse", 4<<30, 0o600):     "it is larger than 1 MiB",
		write("more", MaxConfig+1, 0o600): "it is larger than 1 MiB",
		write("shared", 1, 0o660):         "mode 0660 lets group or others",
		path("open/none"):                 "mode 0777 lets group or others",
		write("open/file", 1, 0o600):      "mode 0777 of " + path("open") + " lets group or others",
	} {
		_, readErr := Read(name, MaxConfig)
		_, lookErr := Look(name, MaxConfig)
		for function, err := range map[string]error{"Read": readErr, "Look": lookErr} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %s: %v, want %s", function, name, err, want)
			}
		}
	}
	largest := write("largest", MaxConfig, 0o640)
	c, err := Read(largest, MaxConfig)
	s, lookErr := Look(largest, MaxConfig)
	if err != nil || lookErr != nil || len(c.Data) != MaxConfig || !c.Equal(s) || s.Mode != 0o640 {
		t.Errorf("%v, %v: %+v", err, lookErr, s)
	}
}

func TestSnapshots(t *testing.T) {
	a := &Snapshot{SHA256: "1", Mode: 0o600}
	b := &Snapshot{SHA256: "1", Mode: 0o644}
	var none *Snapshot
	if !a.Same(b) || a.Equal(b) || !a.Equal(a) || none.Same(a) || a.Equal(none) || !none.Equal(none) {
		t.Error("snapshots are compared wrongly")
	}
}
