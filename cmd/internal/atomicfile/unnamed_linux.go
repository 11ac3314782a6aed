package atomicfile

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// writeUnnamed writes to a file that gets a name only when it is complete: a process that is killed before
// leaves nothing behind. It returns false if the file system has no such files.
func writeUnnamed(path string, data []byte) (bool, error) {
	fd, err := unix.Open(filepath.Dir(path), unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return false, nil // for one of several reasons; a real one also stops the usual way
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	if err := file.Chmod(0o600); err != nil { // whatever our umask is
		return false, err
	}
	if err := fill(file, data); err != nil {
		return false, err
	}
	// Beside path first: a link does not replace a file.
	name := filepath.Join(filepath.Dir(path), strings.Replace(temporary(path), "*", rand.Text(), 1))
	if err := unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW); err != nil {
		return false, nil // without /proc
	}
	if err := os.Rename(name, path); err != nil {
		os.Remove(name)
		return false, err
	}
	return true, nil
}
