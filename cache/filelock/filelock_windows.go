package filelock

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// OpenFlags are those of other systems, which keep links from being followed.
const OpenFlags = 0

// flock locks file against other processes. It is freed when file is closed.
func flock(file *os.File, wait bool) error {
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK)
	if !wait {
		flags |= windows.LOCKFILE_FAIL_IMMEDIATELY
	}
	err := windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// removeAndClose frees a locked file and removes it, which fails if another process has it open.
func removeAndClose(file *os.File, at place) {
	file.Close()
	at.Remove(at.name)
}

// IsOwn reports whether a file is a regular one. Its owner is not known.
func IsOwn(info fs.FileInfo) bool { return info.Mode().IsRegular() }
