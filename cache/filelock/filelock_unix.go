//go:build !windows

package filelock

import (
	"errors"
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

// removeAndClose removes a locked file, while nobody else can take it, and frees it.
func removeAndClose(file *os.File, path string) {
	os.Remove(path)
	file.Close()
}
