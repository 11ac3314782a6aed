package nodefile

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// cannotChange returns why nothing can be created or removed in a directory, nil if it can.
func cannotChange(directory string) error {
	return unix.Access(directory, unix.W_OK|unix.X_OK)
}

// cannotCreate returns why a directory takes no new file of this size, nil if it does.
func cannotCreate(directory string, size int64) error {
	if err := cannotChange(directory); err != nil {
		return err
	}
	var s unix.Statfs_t
	if unix.Statfs(directory, &s) != nil {
		return nil // it will be seen
	}
	// Some file systems do not count files: then both numbers are 0.
	if s.Files > 0 && s.Ffree == 0 || s.Blocks > 0 && int64(s.Bfree)*int64(s.Bsize) < size {
		return syscall.ENOSPC
	}
	return nil
}

// cannotReplace returns why the file at path cannot be renamed or removed in its directory, nil if it can or if there
// is none.
func cannotReplace(directory, path string) error {
	switch file := attributes(path); {
	case file&unix.STATX_ATTR_MOUNT_ROOT != 0:
		return syscall.EBUSY
	case (file|attributes(directory))&(unix.STATX_ATTR_IMMUTABLE|unix.STATX_ATTR_APPEND) != 0: // see chattr(1)
		return syscall.EPERM
	}
	return nil
}

// attributes returns those of statx(2), 0 if the system has none.
func attributes(path string) uint64 {
	var s unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, 0, &s) != nil {
		return 0
	}
	return s.Attributes
}

// cannotRun returns why programs in a directory cannot be run, nil if they can.
func cannotRun(directory string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(directory, &s); err == nil && s.Flags&unix.ST_NOEXEC != 0 {
		return syscall.EACCES
	}
	return nil
}
