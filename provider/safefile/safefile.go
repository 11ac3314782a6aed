// Package safefile reads the files that decide where a node's credentials come from and go.
// Who can change such a file, or exchange it, can send the credentials of root elsewhere. It is
// refused if others than root and the user who runs pullpass can.
package safefile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

const (
	maxSize = 1 << 20 // bytes
	// attempts bounds how often a file is looked up again that is exchanged meanwhile, as a kubelet does
	// with the files of its volumes.
	attempts = 10
)

// Read returns the content of a regular file of at most 1 MiB. Links are followed. Except on Windows,
// where the mode says nothing, it trusts the file by its whole path: each directory from / on, each link
// and the file itself must belong to root or the effective user, and group and others must not be able
// to write it. A directory that they can write is accepted if it is root's and has the sticky bit, as
// /tmp has: nobody can replace what others own there. So is root's on a read-only mount, as a pod's volume
// of a ConfigMap, if the files and directories in it are root's. Files of procfs and sysfs are refused, since other
// users decide what they hold. For a user who is not root, the group may be one that nobody else is in, and macOS's
// administrators.
//
// Errors name the path, what is at fault on it, and the cause, never content. Those about trust carry a
// hint. IsMissing reports whether the error is a missing file: what does not exist is missing, even where
// it would not be trusted.
func Read(path string) ([]byte, error) {
	data, _, err := read(path)
	return data, err
}

// ReadRules is Read for a file without which other rules hold: who can remove it decides as well. If it does not
// exist, and a directory above it is not trusted, the error is about that.
func ReadRules(path string) ([]byte, error) {
	data, _, err := read(path)
	var missing *missingError
	if errors.As(err, &missing) && missing.fault != nil {
		return nil, missing.fault
	}
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

// Check trusts an existing file or directory as Read does, and reads nothing.
func Check(path string) error {
	found, err := resolve(path)
	if err != nil {
		return err
	}
	if mode := found.info.Mode(); !mode.IsRegular() && !mode.IsDir() {
		return fmt.Errorf("use %s: not a regular file or directory", path)
	}
	return nil
}

// CheckProgram trusts an existing program as Check does. In a user namespace that does not know the host's
// root, a program may be of a user without a number: such are all that the host installed. The error is a missing
// file only if others cannot make the program.
func CheckProgram(path string) error {
	found, err := resolveProgram(path)
	switch {
	case IsMissing(err):
		return cmp.Or(found.fault, found.exposed, err)
	case err == nil && !found.info.Mode().IsRegular():
		return fmt.Errorf("use %s: %w", path, errIrregular)
	}
	return err
}

// CheckPlace trusts whatever a path names, as CheckProgram does. Of what does not exist or cannot be reached, it checks
// what exists on the way.
func CheckPlace(path string) error {
	found, err := resolveProgram(path)
	if errors.As(err, new(*fs.PathError)) {
		return found.fault
	}
	return err
}

// CheckDir trusts a directory, which may not exist yet, as Read does. Of one that does not, it checks
// the directories that exist above it.
func CheckDir(path string) error {
	found, err := resolve(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return found.fault
	case err != nil:
		return err
	case !found.info.IsDir():
		return &fs.PathError{Op: "use", Path: path, Err: syscall.ENOTDIR}
	}
	return nil
}

// CheckClosed is CheckDir for a place where what is missing must stay missing: another program looks for files there
// after the check, and takes what it finds. Others must not be able to make anything in the directory or, if it
// does not exist, in the nearest one above it: the sticky bit, which keeps what is there, is not enough. What this
// process may not look into, its programs may not either. path may also be that of a missing file.
func CheckClosed(path string) error {
	found, err := resolve(path)
	switch {
	case found.fault != nil:
		return found.fault
	case err != nil && !IsMissing(err) && !errors.Is(err, fs.ErrPermission):
		return err
	}
	return found.exposed
}

// IsMissing reports whether err says that a file does not exist. What lies below a file is missing as
// well, as with HOME=/dev/null.
func IsMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// IsDevice reports whether err says that a file is a character device, such as /dev/null.
func IsDevice(err error) bool { return errors.Is(err, errDevice) }

// A place is where a path leads.
type place struct {
	path string // without links
	info fs.FileInfo
	// linked says that a link led here, or to nothing.
	linked bool
	// fault is why a path is not trusted that leads to nothing.
	fault error
	// exposed says that others can make files in the directory that was found, or in the last one on the way to
	// nothing.
	exposed error
}

// A missingError is that of a file which does not exist.
type missingError struct {
	error
	fault error // why the directories above it are not trusted
}

func (e *missingError) Unwrap() error { return e.error }

var (
	errExchanged = errors.New("another file has taken its place")
	errIrregular = errors.New("not a regular file")
	errDevice    = errors.New("not a regular file")
)

func read(path string) ([]byte, fs.FileMode, error) {
	for attempt := 1; ; attempt++ {
		data, mode, again, err := readOnce(path)
		if !again || attempt == attempts {
			return data, mode, err
		}
	}
}

// readOnce reads a file. again says that it may have been exchanged meanwhile.
func readOnce(path string) (data []byte, mode fs.FileMode, again bool, err error) {
	found, err := resolve(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, found.linked, &missingError{err, found.fault}
	case err != nil:
		return nil, 0, false, err
	}
	if mode := found.info.Mode(); mode&fs.ModeCharDevice != 0 {
		return nil, 0, false, fmt.Errorf("read %s: %w", path, errDevice)
	} else if !mode.IsRegular() {
		return nil, 0, false, fmt.Errorf("read %s: %w", path, errIrregular)
	}
	// Without O_NONBLOCK, opening a FIFO waits for a writer.
	file, err := os.OpenFile(found.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, errors.Is(err, fs.ErrNotExist), renamed(err, path)
	}
	defer file.Close()
	// What was checked is what is read.
	info, err := file.Stat()
	if err != nil {
		return nil, 0, false, err
	}
	if !os.SameFile(info, found.info) {
		return nil, 0, true, fmt.Errorf("read %s: %w", path, errExchanged)
	}
	data, err = io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, 0, false, err
	}
	if len(data) > maxSize {
		return nil, 0, false, fmt.Errorf("read %s: larger than 1 MiB", path)
	}
	return data, info.Mode().Perm(), false, nil
}

// renamed returns the cause of err with the path that was asked for in place of where it led.
func renamed(err error, path string) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return &fs.PathError{Op: "open", Path: path, Err: err}
}
