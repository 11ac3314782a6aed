//go:build !windows

package filelock

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// OpenFlags keep links from being followed, and pipes from being waited for.
const OpenFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// flock locks file against other processes. It is freed when file is closed.
func flock(file *os.File, wait bool) error {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		err := syscall.Flock(int(file.Fd()), how)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrLocked
		default:
			return err
		}
	}
}

// removeAndClose removes a locked file, while nobody else can take it, and frees it. Another file in its
// place is another process's.
func removeAndClose(file *os.File, at place) {
	if at.has(file) {
		at.Remove(at.name)
	}
	file.Close()
}

// IsOwn reports whether a file is a regular one that this user has made, under this name alone. In a
// directory of another user, that one can put links and files of its own in its place.
func IsOwn(info fs.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().IsRegular() && int(status.Uid) == os.Geteuid() && status.Nlink <= 1
}
