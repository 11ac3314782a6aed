//go:build !windows

package cache

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

func TestALinkIsNotUsedAsDirectory(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	real := t.TempDir()
	if err := os.Chmod(real, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{real, filepath.Join(real, "missing")} {
		if err := os.Symlink(target, c.Dir); err != nil {
			t.Fatal(err)
		}
		c.wantUnused(t, c.Dir+" is a link")
		if names := fileNames(t, real); len(names) > 0 {
			t.Errorf("the link's target holds %q", names)
		}
		if err := os.Remove(c.Dir); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADirectoryThatIsOpenToOthersIsNotUsed(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0o740, 0o720, 0o710, 0o704, 0o702, 0o701, 0o777, 0o777 | fs.ModeSticky} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			// What is there may be known to others, or be theirs.
			c.store(t, c.plant(scope))
			if err := os.Chmod(c.Dir, mode); err != nil {
				t.Fatal(err)
			}
			c.wantUnused(t, c.Dir+" to others")
			if err := c.checkDir(); provider.Hint(err) != "chmod go-rwx "+c.Dir {
				t.Errorf("the hint is %q", provider.Hint(err))
			}
			if _, err := c.List(); err == nil {
				t.Error("List gives no error")
			}
			if _, err := c.Clear(t.Context(), ""); err == nil {
				t.Error("Clear gives no error")
			}
			c.wantFiles(t, ID(scope)+entrySuffix)
		})
	}
}

// TestWhoCanExchangeTheDirectory: a closed directory is of no use in one that others can write.
func TestWhoCanExchangeTheDirectory(t *testing.T) {
	t.Parallel()
	for _, below := range []string{"cache", "more/below"} {
		for _, exists := range []bool{true, false} {
			c := newCache(t)
			parent := t.TempDir()
			c.Dir = filepath.Join(parent, below)
			if exists {
				c.makeDirectory(t)
			}
			if err := os.Chmod(parent, 0o775); err != nil {
				t.Fatal(err)
			}
			c.wantUnused(t, "mode 0775", parent, " lets group or others change where credentials go")
			if hint := provider.Hint(c.checkDir()); hint != "chmod go-w "+parent {
				t.Errorf("the hint is %q", hint)
			}
			if _, err := os.Stat(c.Dir); (err == nil) != exists {
				t.Errorf("the directory exists: %v", err == nil)
			}
		}
	}
}

func TestWhoMayOwnTheDirectory(t *testing.T) {
	t.Parallel()
	tests := []struct {
		owner uint32
		user  int
		mode  fs.FileMode
		err   string
	}{
		{0, 0, 0o700, ""},
		{1000, 1000, 0o700, ""},
		{1000, 1000, 0o500, ""},
		{0, 1000, 0o700, "dir belongs to user 0"},
		{1000, 0, 0o700, "dir belongs to user 1000"},
		{1001, 1000, 0o700, "dir belongs to user 1001"},
		{1001, 1000, 0o777, "dir belongs to user 1001"},
		{1<<32 - 1, 1000, 0o700, "dir belongs to user 4294967295"},
		{0, 0, 0o750, "mode 0750 opens dir to others"},
		{1000, 1000, 0o701, "mode 0701 opens dir to others"},
	}
	for _, test := range tests {
		got := ""
		if err := checkOwnerAndMode("dir", test.owner, test.user, test.mode); err != nil {
			got = err.Error()
		}
		if got != test.err {
			t.Errorf("owner %d, user %d, mode %o: %q, want %q", test.owner, test.user, test.mode, got, test.err)
		}
	}
}

func TestTheDirectoryIsRemovedDuringAFetch(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: time.Hour}
	credential := c.get(t, scope, func(ctx context.Context) (provider.Credential, error) {
		if err := os.RemoveAll(c.Dir); err != nil {
			t.Error(err)
		}
		return a.fetch(ctx)
	})
	if got := credential.Password.Reveal(); got != password(1) {
		t.Errorf("the password is %q, want %q", got, password(1))
	}
	c.wantCall(t, a, 2)
	c.wantCall(t, a, 2)
}

// TestModes sets the umask, which is the whole process's: it does not run in parallel.
func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o027, 0o077} {
		func() {
			c := newCache(t)
			defer syscall.Umask(syscall.Umask(umask))
			c.Dir = filepath.Join(c.Dir, "more", "below")
			a := &authority{clock: c.clock, life: time.Hour}
			c.wantCall(t, a, 1)
			for dir, steps := c.Dir, 0; steps < 3; dir, steps = filepath.Dir(dir), steps+1 {
				wantMode(t, dir, fs.ModeDir|0o700)
			}
			wantMode(t, c.path(scope, entrySuffix), 0o600)

			lock, err := c.tryScope(t, scope)
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Unlock()
			wantMode(t, c.path(scope, lockSuffix), 0o600)
			place, err := c.reserve(scope)
			if err != nil {
				t.Fatal(err)
			}
			defer place.release()
			wantMode(t, place.file.Name(), 0o600)
			if t.Failed() {
				t.Fatalf("so it is with umask %03o", umask)
			}
		}()
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != want {
		t.Errorf("%s has the mode %v, want %v", path, info.Mode(), want)
	}
}
