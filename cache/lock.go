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

// tryLock takes the lock of scope, or fails at once with errLocked or errRemoved.
func (c *Cache) tryLock(scope provider.Scope) (unlock func(), err error) {
	return lockFile(c.path(scope, lockSuffix))
}

// lockWithin waits for the lock of scope, but leaves ownTry of ctx's time. The error is errRemoved when the
// holder that it waited for is done.
func (c *Cache) lockWithin(ctx context.Context, scope provider.Scope) (unlock func(), err error) {
	unlock, err = c.tryLock(scope)
	if !errors.Is(err, errLocked) {
		return unlock, err
	}
	c.Debug("wait for another process that fetches the same credential")
	if deadline, limited := ctx.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-ownTry))
		defer cancel()
	}
	unlock, err = filelock.Wait(ctx, c.path(scope, lockSuffix))
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, errors.New("another process that fetches the same credential has not ended in time")
	}
	return unlock, err
}

// lockFile locks the file at path, which it makes if there is none, or fails at once.
func lockFile(path string) (unlock func(), err error) {
	unlock, err = filelock.Try(path)
	if err == nil || errors.Is(err, errLocked) || errors.Is(err, errRemoved) {
		return unlock, err
	}
	if errors.Is(err, fs.ErrPermission) {
		if os.Chmod(path, 0o600) == nil { // it was made with an odd umask
			return filelock.Try(path)
		}
		return nil, err
	}
	// A directory, a link or a pipe can have been made by nobody but us, and is in the way.
	if info, e := os.Lstat(path); e == nil && !info.Mode().IsRegular() && os.RemoveAll(path) == nil {
		return filelock.Try(path)
	}
	return nil, err
}
