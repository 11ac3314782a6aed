package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Try(path); !errors.Is(err, ErrLocked) {
		t.Errorf("a second lock: %v", err)
	}
	lock.Unlock()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock is left: %v", err)
	}
	if lock, err = Try(path); err != nil {
		t.Fatal(err)
	}
	lock.Unlock()
}

func TestTryWhereNoLockCanBe(t *testing.T) {
	if _, err := Try(filepath.Join(t.TempDir(), "missing", "lock")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a directory that is not there: %v", err)
	}
	if _, err := Try(t.TempDir()); err == nil {
		t.Error("a directory is locked")
	}
}

func TestWaitEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Wait(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the wait ends with %v", err)
	}
	lock.Unlock()
	// The wait that was given up gets the lock, or finds it removed, and does not keep it.
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		lock, err := Try(path)
		if err == nil {
			lock.Unlock()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the lock is still held: %v", err)
		}
	}
}

// TestExclusive counts who holds the lock at the same time.
func TestExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var wait sync.WaitGroup
	var inside, total atomic.Int32
	for range 50 {
		wait.Go(func() {
			for {
				lock, err := Wait(t.Context(), path)
				if errors.Is(err, ErrRemoved) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d hold the lock", n)
				}
				total.Add(1)
				inside.Add(-1)
				lock.Unlock()
				return
			}
		})
	}
	wait.Wait()
	if total.Load() != 50 {
		t.Errorf("%d had the lock", total.Load())
	}
}

// TestWaitForALivingHolder waits for longer than a frozen holder is waited for.
func TestWaitForALivingHolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(7*time.Second, held.Unlock)
	if _, err := Wait(t.Context(), path); !errors.Is(err, ErrRemoved) {
		t.Errorf("the wait ends with %v", err)
	}
}

// TestFrozenHolder has a holder without a sign of life, and many that want its lock.
func TestFrozenHolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	close(held.end)
	var wait sync.WaitGroup
	var taken, removed atomic.Int32
	for range 20 {
		wait.Go(func() {
			lock, err := Take(t.Context(), path)
			switch {
			case err == nil:
				if taken.Add(1); lock.Lost() {
					t.Error("the new lock is lost")
				}
				time.AfterFunc(time.Second, lock.Unlock)
			case errors.Is(err, ErrRemoved):
				removed.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	if _, err := Wait(t.Context(), path); !errors.Is(err, ErrFrozen) && !errors.Is(err, ErrRemoved) {
		t.Errorf("the wait ends with %v", err)
	}
	wait.Wait()
	if taken.Load() != 1 || removed.Load() != 19 {
		t.Errorf("%d took the lock, %d found it removed", taken.Load(), removed.Load())
	}
	if !held.Lost() {
		t.Error("the old lock is not lost")
	}
	removeAndClose(held.file, held.at)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Lstat(path); err != nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the new lock is left")
		}
	}
}

// TestReplaceDoesNotWait: the process that is replacing a lock can have been stopped as well.
func TestReplaceDoesNotWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for _, path := range []string{path, path + guardSuffix} {
		lock, err := Try(path)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Unlock()
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Replace(path, info); !errors.Is(err, ErrLocked) {
		t.Errorf("the error is %v", err)
	}
}
