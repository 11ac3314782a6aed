// Package filelock locks files against other processes. A lock is a file of its own, beside
// what it guards: that is replaced and so cannot be locked itself. The kernel frees a lock when
// its process ends, however it ends.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pullpass/pullpass/provider/await"
)

// An Error is the reason why a lock was not taken.
type Error string

func (e Error) Error() string { return string(e) }

// The reasons.
const (
	ErrLocked  Error = "another process is at it"
	ErrRemoved Error = "its holder has removed the lock"
)

// Try locks the file at path without waiting. It creates the file if needed, with mode 0600. The error is
// ErrLocked if another process holds the lock. It is ErrRemoved if a holder has just removed the file: then
// another try may succeed. unlock removes the file.
func Try(path string) (unlock func(), err error) { return lock(path, false) }

// Wait is Try, but waits for a lock that another process holds, until ctx ends. Then the error is the cause
// of ctx. The error is ErrRemoved when the holder that it waited for is done.
func Wait(ctx context.Context, path string) (unlock func(), err error) {
	return await.Result(ctx, func() (func(), error) { return lock(path, true) }, func(unlock func()) { unlock() })
}

func lock(path string, wait bool) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|OpenFlags, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(file, wait); err != nil {
		file.Close()
		if !errors.Is(err, ErrLocked) {
			err = fmt.Errorf("lock %s: %w", path, err)
		}
		return nil, err
	}
	if !isAt(file, path) {
		file.Close()
		return nil, ErrRemoved
	}
	return func() { removeAndClose(file, path) }, nil
}

// isAt reports whether file is the one that path names.
func isAt(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(opened, named)
}
