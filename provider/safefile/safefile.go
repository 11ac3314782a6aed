// Package safefile reads the files that decide where a node's credentials come from and go.
// Who can change such a file can send the credentials of root elsewhere, so that it is
// refused if others than root and the user who runs pullpass can.
package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

const maxSize = 1 << 20 // bytes

// Read returns the content of a regular file of at most 1 MiB; links are followed. Except on
// Windows, where the mode says nothing, the file must belong to root or the effective user,
// and group and others must not be able to write it; these errors carry a hint.
//
// Errors name the path and the cause, never content. IsMissing reports whether the error is a missing file.
func Read(path string) ([]byte, error) {
	data, _, err := read(path)
	return data, err
}

// ReadSecret is Read for a file that holds a secret. If users other than the file's owner and
// group can read it, warn gets one line that names the path and the mode, and the content is
// returned all the same.
func ReadSecret(path string, warn func(string)) ([]byte, error) {
	data, mode, err := read(path)
	if err == nil && othersCanRead(mode) {
		warn(fmt.Sprintf("%s: mode %04o lets every user read this secret; chmod o-r it", path, mode))
	}
	return data, err
}

// IsMissing reports whether err says that a file does not exist. What lies below a file is missing as
// well, as with HOME=/dev/null.
func IsMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// read makes its checks on the descriptor that it reads, so that the file cannot be exchanged
// in between.
func read(path string) ([]byte, fs.FileMode, error) {
	// Without O_NONBLOCK, opening a FIFO waits for a writer.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("read %s: not a regular file", path)
	}
	if err := checkAccess(path, info); err != nil {
		return nil, 0, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, 0, err
	}
	if len(data) > maxSize {
		return nil, 0, fmt.Errorf("read %s: larger than 1 MiB", path)
	}
	return data, info.Mode().Perm(), nil
}
