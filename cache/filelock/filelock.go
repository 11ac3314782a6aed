// Package filelock locks files against other processes. A lock is a file of its own, beside
// what it guards: that is replaced and so cannot be locked itself. The kernel frees a lock when
// its process ends, however it ends.
//
// A process that is stopped, by a debugger or the freezer of a cgroup, keeps its locks. So a holder
// changes the size of its lock file every second, and who waits looks at it.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/pullpass/pullpass/provider/await"
)

// An Error is the reason why a lock was not taken.
type Error string

func (e Error) Error() string { return string(e) }

// The reasons.
const (
	ErrLocked  Error = "another process is at it"
	ErrRemoved Error = "its holder has removed the lock"
	ErrFrozen  Error = "the process that holds the lock has been stopped"
	ErrForeign Error = "the lock is not a file of this user's own"
)

const (
	beatEvery = time.Second
	maxSize   = 1 << 10 // bytes of a lock file, which holds nothing
	lookEvery = 250 * time.Millisecond
	// frozenLooks is how often in a row somebody who waits sees no beat before it takes the holder for
	// frozen: 5 s of its own time, since all may have been stopped together.
	frozenLooks = int(5 * time.Second / lookEvery)
	// guardSuffix is of the lock that is held while another one is replaced.
	guardSuffix = ".tmp"
)

// A Lock is a lock that this process holds.
type Lock struct {
	at   place
	file *os.File
	end  chan struct{} // is closed to end the beats
}

// Unlock removes the file and frees the lock.
func (l *Lock) Unlock() {
	close(l.end)
	removeAndClose(l.file, l.at)
}

// Lost reports whether another process has replaced the lock: this one was stopped for some time.
func (l *Lock) Lost() bool { return !l.at.has(l.file) }

// beat shows that the holder runs, until Unlock.
func (l *Lock) beat() {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for size := int64(1); ; size++ {
		select {
		case <-l.end:
			return
		case <-ticker.C:
			l.file.Truncate(size % maxSize) // takes no space on the disk
		}
	}
}

// Try locks the file at path without waiting. It creates the file if needed, with mode 0600. The error is
// ErrLocked if another process holds the lock. It is ErrRemoved if a holder has just removed the file: then
// another try may succeed. It is ErrForeign for a file that this user cannot have made, such as a link.
func Try(path string) (*Lock, error) { return try(place{everywhere{}, path}) }

// TryIn is Try for a name in a directory.
func TryIn(directory *os.Root, name string) (*Lock, error) { return try(place{directory, name}) }

// Wait is Try, but waits for a lock that another process holds, until ctx ends. Then the error is the cause
// of ctx. The error is ErrRemoved when the holder that it waited for is done, and ErrFrozen if that one has
// been stopped.
func Wait(ctx context.Context, path string) (*Lock, error) {
	lock, _, err := wait(ctx, place{everywhere{}, path})
	return lock, err
}

// Take is Wait, but replaces the lock of a holder that has been stopped, see Replace. The error is
// ErrFrozen only if that is not possible.
func Take(ctx context.Context, path string) (*Lock, error) {
	lock, waitedFor, err := wait(ctx, place{everywhere{}, path})
	if !errors.Is(err, ErrFrozen) {
		return lock, err
	}
	waitForGuard := func(guard place) (*Lock, error) {
		lock, _, err := wait(ctx, guard)
		return lock, err
	}
	replacement, failed := place{everywhere{}, path}.replace(waitedFor, waitForGuard)
	if failed == nil || errors.Is(failed, ErrRemoved) {
		return replacement, failed
	}
	return nil, err
}

// Replace replaces the lock file at path, which is frozen, by one that this process holds. The old holder
// finds it lost. It does not wait: the error is ErrLocked if another process is just replacing it, and
// ErrRemoved if one has done so.
func Replace(path string, frozen fs.FileInfo) (*Lock, error) {
	return place{everywhere{}, path}.replace(frozen, try)
}

// ReplaceIn is Replace for a name in a directory.
func ReplaceIn(directory *os.Root, name string, frozen fs.FileInfo) (*Lock, error) {
	return place{directory, name}.replace(frozen, try)
}

// replace is Replace, with the function that takes the guard.
func (p place) replace(frozen fs.FileInfo, take func(guard place) (*Lock, error)) (*Lock, error) {
	guard, err := take(place{p.directory, p.name + guardSuffix})
	if err != nil {
		return nil, err
	}
	defer guard.Unlock()
	if named, err := p.Lstat(p.name); err != nil || !os.SameFile(named, frozen) {
		return nil, ErrRemoved
	}
	if err := p.Remove(p.name); err != nil {
		return nil, err
	}
	lock, err := try(p)
	if errors.Is(err, ErrLocked) {
		return nil, ErrRemoved // somebody who did not wait was faster
	}
	return lock, err
}

func try(at place) (*Lock, error) {
	file, _, err := at.open()
	if err != nil {
		return nil, err
	}
	return at.lock(file, false)
}

// wait is Wait. It also returns what file it has waited for.
func wait(ctx context.Context, at place) (*Lock, fs.FileInfo, error) {
	file, opened, err := at.open()
	if err != nil {
		return nil, nil, err
	}
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	go func() { giveUp(at.watch(waiting, opened)) }()
	lock, err := await.Result(waiting, func() (*Lock, error) { return at.lock(file, true) }, (*Lock).Unlock)
	return lock, opened, err
}

// A directory is where lock files are.
type directory interface {
	OpenFile(name string, flag int, mode fs.FileMode) (*os.File, error)
	Lstat(name string) (fs.FileInfo, error)
	Remove(name string) error
}

// everywhere is the directory of all paths.
type everywhere struct{}

func (everywhere) OpenFile(path string, flag int, mode fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag, mode)
}
func (everywhere) Lstat(path string) (fs.FileInfo, error) { return os.Lstat(path) }
func (everywhere) Remove(path string) error               { return os.Remove(path) }

// A place is where a lock file is.
type place struct {
	directory
	name string
}

// open opens the file, which it creates if needed.
func (p place) open() (*os.File, fs.FileInfo, error) {
	file, err := p.OpenFile(p.name, os.O_RDWR|os.O_CREATE|OpenFlags, 0o600)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && (!IsOwn(info) || info.Size() > maxSize || p.isLink()) {
		err = fmt.Errorf("lock %s: %w", p.name, ErrForeign)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// isLink is for directories that follow links to other files in them.
func (p place) isLink() bool {
	info, err := p.Lstat(p.name)
	return err == nil && !info.Mode().IsRegular()
}

// lock locks file, which is that of the place, or closes it.
func (p place) lock(file *os.File, wait bool) (*Lock, error) {
	err := flock(file, wait)
	switch {
	case err != nil && !errors.Is(err, ErrLocked):
		err = fmt.Errorf("lock %s: %w", p.name, err)
	case err == nil && !p.has(file):
		err = ErrRemoved
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	lock := &Lock{at: p, file: file, end: make(chan struct{})}
	go lock.beat()
	return lock, nil
}

// has reports whether file is the one that the place names.
func (p place) has(file *os.File) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := p.Lstat(p.name)
	return err == nil && os.SameFile(opened, named)
}

// watch returns ErrRemoved when the file that was opened is no longer there, and ErrFrozen if its holder
// gives no sign of life. It returns nil at the end of ctx.
func (p place) watch(ctx context.Context, opened fs.FileInfo) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for size, quiet := opened.Size(), 0; quiet < frozenLooks; quiet++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		named, err := p.Lstat(p.name)
		switch {
		case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(opened, named):
			return ErrRemoved
		case err == nil && named.Size() != size:
			size, quiet = named.Size(), -1
		}
	}
	return ErrFrozen
}
