//go:build !windows

package cache

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// An outside file is one that a link of the cache points to. It must stay as it is.
type outside struct {
	path string
	data []byte
	info os.FileInfo
}

// newOutside makes a file with an entry whose credential nobody may get.
func newOutside(t *testing.T, c *testCache) outside {
	t.Helper()
	data, err := c.plant(scope).encode()
	if err != nil {
		t.Fatal(err)
	}
	o := outside{path: filepath.Join(t.TempDir(), "outside"), data: data}
	writeFile(t, o.path, data)
	if o.info, err = os.Lstat(o.path); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o outside) wantUntouched(t *testing.T) {
	t.Helper()
	info, err := os.Lstat(o.path)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(info, o.info) || info.Mode() != o.info.Mode() || !info.ModTime().Equal(o.info.ModTime()) {
		t.Error("the file outside the cache is changed")
	}
	data, err := os.ReadFile(o.path)
	if err != nil || string(data) != string(o.data) {
		t.Errorf("the file outside the cache holds %q, its error is %v", data, err)
	}
}

func TestALinkInThePlaceOfAnEntryIsReplaced(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	o := newOutside(t, c)
	for _, target := range []string{o.path, filepath.Dir(o.path), o.path + "-missing", c.path(scope, entrySuffix)} {
		t.Run(filepath.Base(target), func(t *testing.T) {
			c.makeDirectory(t)
			os.Remove(c.path(scope, entrySuffix))
			if err := os.Symlink(target, c.path(scope, entrySuffix)); err != nil {
				t.Fatal(err)
			}
			c.wantHealed(t)
			o.wantUntouched(t)
			if _, err := os.Lstat(o.path + "-missing"); !os.IsNotExist(err) {
				t.Errorf("the link's target is made: %v", err)
			}
		})
	}
}

func TestAPipeInThePlaceOfAnEntryIsReplaced(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	if err := syscall.Mkfifo(c.path(scope, entrySuffix), 0o600); err != nil {
		t.Fatal(err)
	}
	c.wantHealed(t, "not a regular file")
}

func TestWhatIsNoLockInThePlaceOfALockIsReplaced(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	o := newOutside(t, c)
	lock := c.path(scope, lockSuffix)
	tests := []struct {
		name string
		make func() error
	}{
		{"link to a file", func() error { return os.Symlink(o.path, lock) }},
		{"link to a directory", func() error { return os.Symlink(filepath.Dir(o.path), lock) }},
		{"link to nothing", func() error { return os.Symlink(o.path+"-missing", lock) }},
		{"link to itself", func() error { return os.Symlink(lock, lock) }},
		{"pipe", func() error { return syscall.Mkfifo(lock, 0o600) }},
		{"hard link", func() error { return os.Link(o.path, lock) }},
		{"a large file", func() error { return os.WriteFile(lock, make([]byte, maxEntry), 0o600) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.makeDirectory(t)
			os.Remove(c.path(scope, entrySuffix))
			if err := test.make(); err != nil {
				t.Fatal(err)
			}
			a := &authority{clock: c.clock, life: time.Hour}
			c.wantCall(t, a, 1)
			c.wantCall(t, a, 1)
			c.wantFiles(t, ID(scope)+entrySuffix)
			o.wantUntouched(t)
			if _, err := os.Lstat(o.path + "-missing"); !os.IsNotExist(err) {
				t.Errorf("the link's target is made: %v", err)
			}
		})
	}
}
