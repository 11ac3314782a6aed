package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/provider"
)

// The lock of a scope is a sibling of its entry. Who holds it removes it at the end.

const (
	errLocked  = filelock.ErrLocked
	errRemoved = filelock.ErrRemoved
)

// errHeld is the error for a wait that was in vain.
var errHeld = errors.New("another process that fetches the same credential has not ended in time")

// tryLock takes the lock at path, or fails at once with errLocked or errRemoved. It replaces one that was
// last touched so long ago that its holder does not run any more.
func (c *Cache) tryLock(path string) (*filelock.Lock, error) {
	lock, err := lockFile(path)
	if !errors.Is(err, errLocked) {
		return lock, err
	}
	info, failed := os.Lstat(path)
	if failed != nil || c.Now().Sub(info.ModTime()) <= staleAfter {
		return nil, err
	}
	c.Debug("replace the lock of a process that was stopped")
	if lock, failed = filelock.Replace(path, info); failed != nil {
		c.sweep() // whoever was replacing it may have been stopped as well
		return nil, err
	}
	return lock, nil
}

// waitLock is tryLock, but waits for the lock until ctx ends. The error is errRemoved when the holder that
// it waited for is done. It replaces the lock of one that was stopped.
func (c *Cache) waitLock(ctx context.Context, path string) (*filelock.Lock, error) {
	lock, err := c.tryLock(path)
	if !errors.Is(err, errLocked) {
		return lock, err
	}
	c.Debug("wait for another process that fetches the same credential")
	return filelock.Take(ctx, path)
}

// lockWithin waits for the lock of scope, but leaves ownTry of ctx's time: the error is errHeld then.
// Others are those of waitLock.
func (c *Cache) lockWithin(ctx context.Context, scope provider.Scope) (*filelock.Lock, error) {
	if deadline, limited := ctx.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-ownTry))
		defer cancel()
	}
	lock, err := c.waitLock(ctx, c.path(scope, lockSuffix))
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, filelock.ErrFrozen) {
		return nil, errHeld
	}
	return lock, err
}

// lockFile locks the file at path, which it makes if there is none, or fails at once.
func lockFile(path string) (*filelock.Lock, error) {
	lock, err := filelock.Try(path)
	if err == nil || errors.Is(err, errLocked) || errors.Is(err, errRemoved) {
		return lock, err
	}
	if errors.Is(err, fs.ErrPermission) {
		if os.Chmod(path, 0o600) == nil { // it was made with an odd umask
			return filelock.Try(path)
		}
		return nil, err
	}
	// A directory, a link, a pipe or a file that is no lock can have been made by nobody but us, and is in the way.
	info, e := os.Lstat(path)
	if e == nil && (!info.Mode().IsRegular() || errors.Is(err, filelock.ErrForeign)) && os.RemoveAll(path) == nil {
		return filelock.Try(path)
	}
	return nil, err
}
