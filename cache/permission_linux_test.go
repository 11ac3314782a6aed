package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pullpass/pullpass/provider"
)

// withoutOverride runs f without root's right to override modes, so that it goes as for a user
// who is not root. Goroutines that f starts still have it.
func withoutOverride(t *testing.T, f func()) {
	t.Helper()
	runtime.LockOSThread() // these rights are a thread's
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var before, less [2]unix.CapUserData
	if err := unix.Capget(&header, &before[0]); err != nil {
		t.Error(err)
		return
	}
	less = before
	less[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	if err := unix.Capset(&header, &less[0]); err != nil {
		t.Error(err)
		return
	}
	defer func() {
		if err := unix.Capset(&header, &before[0]); err != nil {
			t.Error(err) // and the thread ends with the test
			return
		}
		runtime.UnlockOSThread()
	}()
	f()
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestAnUnreadableEntryIsReplaced(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0, 0o200, 0o077} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			path := c.store(t, c.plant(scope))
			chmod(t, path, mode)
			withoutOverride(t, func() {
				if _, err := os.ReadFile(path); !errors.Is(err, fs.ErrPermission) {
					t.Fatalf("the entry can be read: %v", err)
				}
				c.wantHealed(t, "permission denied")
			})
		})
	}
}

// TestAReadOnlyDirectory has no entry, one that is good, and one that is to be renewed.
func TestAReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: life}
	c.makeDirectory(t)
	t.Cleanup(func() { os.Chmod(c.Dir, 0o700) })
	readOnly := func(f func()) {
		t.Helper()
		chmod(t, c.Dir, 0o500)
		withoutOverride(t, f)
		chmod(t, c.Dir, 0o700)
	}
	readOnly(func() {
		for number := 1; number <= 2; number++ {
			c.wantCall(t, a, number)
			c.wantWarning(t, "fetch without the cache: ", "permission denied")
		}
	})
	c.wantCall(t, a, 3)
	readOnly(func() {
		c.wantCall(t, a, 3)
		c.clock.advance(life * 3 / 4)
		c.wantCall(t, a, 3)
		c.clock.advance(life/4 - expiryMargin)
		c.wantCall(t, a, 4)
		c.wantWarning(t, "fetch without the cache: ", "permission denied")
	})
	c.wantFiles(t, ID(scope)+entrySuffix)
	c.wantCall(t, a, 5)
	c.wantCall(t, a, 5)
}

func TestADirectoryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	parent := t.TempDir()
	chmod(t, parent, 0o500)
	c.Dir = filepath.Join(parent, "cache")
	withoutOverride(t, func() { c.wantUnused(t, c.Dir, "permission denied") })
	c.Dir = "/proc/self/cache"
	c.wantUnused(t, "/proc is on procfs")
}

func TestADirectoryThatCannotBeEntered(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	t.Cleanup(func() { os.Chmod(c.Dir, 0o700) })
	chmod(t, c.Dir, 0)
	a := &authority{clock: c.clock, life: time.Hour}
	withoutOverride(t, func() {
		c.wantCall(t, a, 1)
		if lines := c.takeWarnings(); len(lines) == 0 {
			t.Error("there is no warning")
		}
	})
	chmod(t, c.Dir, 0o700)
	c.wantCall(t, a, 2)
}

// TestALockThatCannotBeOpened is one that was made with an odd umask.
func TestALockThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0, 0o200, 0o400} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			a := &authority{clock: c.clock, life: time.Hour}
			c.makeDirectory(t)
			lock := c.path(scope, lockSuffix)
			writeFile(t, lock, nil)
			chmod(t, lock, mode)
			withoutOverride(t, func() {
				c.wantCall(t, a, 1)
				c.wantCall(t, a, 1)
			})
			c.wantFiles(t, ID(scope)+entrySuffix)
		})
	}
}

// TestNobodyWaitsWhereNothingCanBeKept lets a fetch end only when all fetch at once. The lock is
// there, and can be taken, when the directory turns read-only.
func TestNobodyWaitsWhereNothingCanBeKept(t *testing.T) {
	t.Parallel()
	const n = 10
	c := newCache(t)
	c.makeDirectory(t)
	t.Cleanup(func() { os.Chmod(c.Dir, 0o700) })
	a := &authority{clock: c.clock, life: time.Hour}
	kill := c.holdLikeAnother(t)
	chmod(t, c.Dir, 0o500)
	go func() {
		c.untilWaiting(n)
		kill()
	}()
	limit, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	all := make(chan struct{})
	together(n, func(int) {
		withoutOverride(t, func() {
			c.get(t, scope, func(ctx context.Context) (provider.Credential, error) {
				credential, err := a.fetch(ctx)
				if a.calls.Load() == n {
					close(all)
				}
				select {
				case <-all:
				case <-limit.Done():
					t.Error("a call waits for another one")
				}
				return credential, err
			})
		})
	})
	for _, line := range c.takeWarnings() {
		if !strings.HasPrefix(line, "fetch without the cache: ") {
			t.Errorf("the warning is %q", line)
		}
	}
}
