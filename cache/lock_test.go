package cache

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
)

func TestALockIsHeldByOne(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	for range 3 {
		held, err := c.tryScope(t, scope)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.tryScope(t, scope); !errors.Is(err, errLocked) {
			t.Errorf("a second lock gives the error %v, want %v", err, errLocked)
		}
		other, err := c.tryScope(t, "provider=other\n")
		if err != nil {
			t.Fatalf("the lock of another scope: %v", err)
		}
		other.Unlock()
		c.wantFiles(t, ID(scope)+lockSuffix)
		held.Unlock()
		c.wantFiles(t)
	}
}

// TestLocksExclude has many that lock and unlock the same scope, waiting for it or not.
func TestLocksExclude(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	var holders, locked atomic.Int32
	together(16, func(worker int) {
		for range 50 {
			lock := func() (*filelock.Lock, error) { return c.lockWithin(t.Context(), scope) }
			if worker%4 == 0 {
				lock = func() (*filelock.Lock, error) { return c.tryScope(t, scope) }
			}
			held, err := lock()
			switch {
			case errors.Is(err, errLocked), errors.Is(err, errRemoved):
				continue
			case err != nil:
				t.Errorf("lock: %v", err)
				return
			}
			if n := holders.Add(1); n != 1 {
				t.Errorf("%d hold the lock", n)
			}
			locked.Add(1)
			holders.Add(-1)
			held.Unlock()
		}
	})
	if locked.Load() == 0 {
		t.Error("nobody got the lock")
	}
	c.wantFiles(t)
}

func TestAWaitEndsBeforeItsTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		left time.Duration // of the time when the wait must end
	}{
		{"with time to wait", 20 * time.Millisecond},
		{"without", -ownTry / 2},
		{"past its time", -2 * ownTry},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			c.makeDirectory(t)
			held, err := c.tryScope(t, scope)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), ownTry+test.left)
			defer cancel()
			_, err = c.lockWithin(ctx, scope)
			if want := "another process that fetches the same credential has not ended in time"; err == nil || err.Error() != want {
				t.Errorf("the wait ends with the error %v, want %s", err, want)
			}
			if test.left > -ownTry && ctx.Err() != nil {
				t.Error("the wait left no time")
			}
			held.Unlock()
			c.untilFree(t)
		})
	}
}

func TestAWaitEndsBySignal(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	held, err := c.tryScope(t, scope)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		c.untilWaiting(1)
		stop()
	}()
	if _, err := c.lockWithin(ctx, scope); err == nil {
		t.Error("the wait gets the lock")
	}
	held.Unlock()
	c.untilFree(t)
}

// untilFree returns when nobody has the lock, nor waits for it.
func (c *testCache) untilFree(t *testing.T) {
	t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if _, err = os.Lstat(c.path(scope, lockSuffix)); errors.Is(err, os.ErrNotExist) {
			return
		}
	}
	t.Errorf("the lock is still there: %v", err)
}
