package cache

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
)

// untilBlocked returns when someone waits in the kernel for the lock of the file at path.
func untilBlocked(t *testing.T, path string) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	inode := fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		data, err := os.ReadFile("/proc/locks")
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(strings.NewReader(string(data))); lines.Scan(); {
			if line := lines.Text(); strings.Contains(line, "-> FLOCK") && strings.Contains(line, inode) {
				return
			}
		}
	}
	t.Fatal("nobody waits for the lock")
}

type locked struct {
	lock *filelock.Lock
	err  error
}

// wait has someone wait for the lock of scope.
func (c *testCache) wait(t *testing.T, ctx context.Context) <-chan locked {
	t.Helper()
	done := make(chan locked, 1)
	go func() {
		held, err := c.lockWithin(ctx, scope)
		done <- locked{held, err}
	}()
	untilBlocked(t, c.path(scope, lockSuffix))
	return done
}

func TestAWaiterLearnsThatItsHolderIsDone(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	held, err := c.tryScope(t, scope)
	if err != nil {
		t.Fatal(err)
	}
	done := c.wait(t, t.Context())
	held.Unlock()
	if got := <-done; !errors.Is(got.err, errRemoved) {
		t.Errorf("the waiter's error is %v, want %v", got.err, errRemoved)
	}
	c.wantFiles(t)
}

func TestAWaiterGetsTheLockOfAKilledHolder(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	kill := c.holdLikeAnother(t)
	done := c.wait(t, t.Context())
	kill()
	got := <-done
	if got.err != nil {
		t.Fatalf("the waiter's error is %v", got.err)
	}
	if _, err := c.tryScope(t, scope); !errors.Is(err, errLocked) {
		t.Errorf("a second lock gives the error %v, want %v", err, errLocked)
	}
	got.lock.Unlock()
	c.wantFiles(t)
}

func TestAReplacedLockIsNotTaken(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	kill := c.holdLikeAnother(t)
	done := c.wait(t, t.Context())
	// Someone clears the directory, and another call makes a lock of its own.
	if err := os.Remove(c.path(scope, lockSuffix)); err != nil {
		t.Fatal(err)
	}
	held, err := c.tryScope(t, scope)
	if err != nil {
		t.Fatal(err)
	}
	kill()
	if got := <-done; !errors.Is(got.err, errRemoved) {
		t.Errorf("the waiter's error is %v, want %v", got.err, errRemoved)
	}
	if _, err := c.tryScope(t, scope); !errors.Is(err, errLocked) {
		t.Errorf("a second lock gives the error %v, want %v", err, errLocked)
	}
	held.Unlock()
	c.wantFiles(t)
}

func TestAWaiterThatGaveUpFreesTheLock(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	kill := c.holdLikeAnother(t)
	ctx, giveUp := context.WithCancel(t.Context())
	done := c.wait(t, ctx)
	giveUp()
	if got := <-done; got.err == nil {
		t.Fatal("the waiter got the lock")
	}
	kill() // the lock is left, and the one who gave up gets it
	c.untilFree(t)
	held, err := c.tryScope(t, scope)
	if err != nil {
		t.Fatal(err)
	}
	held.Unlock()
}

// holdLikeAnother locks scope as a process that will be killed: its lock stays where it is.
func (c *testCache) holdLikeAnother(t *testing.T) (kill func()) {
	t.Helper()
	return holdFile(t, c.path(scope, lockSuffix))
}

// holdFile locks the file at path like another process.
func holdFile(t *testing.T, path string) (free func()) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	return func() { file.Close() }
}
