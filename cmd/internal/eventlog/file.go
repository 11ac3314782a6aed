package eventlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/cache/filelock"
)

const (
	// maxFile is the size in bytes at which a file is rotated. There are at most two: the file and PATH.1.
	maxFile = 1 << 20
	// hardLimit is the size at which nothing more is written: somebody keeps the file from being rotated.
	hardLimit = 2 * maxFile

	rotatedSuffix = ".1"
	// fileMode lets a group read the log, such as root's in the DaemonSet's container that prints it.
	fileMode fs.FileMode = 0o640
	// attempts bounds how often a file is opened again that another process has just rotated.
	attempts = 10
)

var (
	errNotOwn   = errors.New("it is not a file of this user's own")
	errReplaced = errors.New("it was replaced meanwhile")
	errFull     = errors.New("it has 2 MiB and cannot be rotated")
)

// Append adds lines to the file at path, each with a line break at its end, with one write. It creates the file with
// mode 0640, but not its directory. A file that would exceed 1 MiB is renamed to PATH.1 first, which replaces an older
// one. Many processes may append at once.
func Append(path string, lines []string) error {
	parent, name := filepath.Split(filepath.Clean(path))
	root, err := os.OpenRoot(filepath.Clean(parent))
	if err != nil {
		return err
	}
	defer root.Close()
	d := directory{root, name}
	text := strings.Join(lines, "\n") + "\n"
	for range attempts {
		if err = d.append(text); !errors.Is(err, errReplaced) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// A directory is that of the log, which is opened once: the path may lead elsewhere a moment later.
type directory struct {
	*os.Root
	name string // of the log
}

// append is Append. The error is errReplaced or fs.ErrNotExist if the file was rotated meanwhile.
func (d directory) append(text string) error {
	named, err := d.Lstat(d.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d.create(text)
	case err != nil:
		return err
	case !filelock.IsOwn(named):
		return errNotOwn
	case named.Size()+int64(len(text)) > maxFile:
		rotated, err := d.rotate(int64(len(text)))
		if rotated {
			return d.create(text)
		}
		if named.Size()+int64(len(text)) > hardLimit {
			if err != nil {
				return fmt.Errorf("%w: %w", errFull, err)
			}
			return errFull
		}
	}
	file, err := d.OpenFile(d.name, os.O_WRONLY|os.O_APPEND|filelock.OpenFlags, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	// What was looked at is what is written to.
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(opened, named) || !filelock.IsOwn(opened) {
		return errReplaced
	}
	return write(file, text)
}

// create is append for a file that does not exist.
func (d directory) create(text string) error {
	file, err := d.OpenFile(d.name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return errReplaced // another process was faster
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Chmod(fileMode); err != nil { // whatever the umask is
		return err
	}
	return write(file, text)
}

// write adds text to a file. What a full disk takes of it is removed again, unless another process has written since:
// it is not to become the beginning of the next line.
func write(file *os.File, text string) error {
	n, err := file.WriteString(text)
	if err == nil {
		return file.Close()
	}
	end, failed := file.Seek(0, io.SeekCurrent)
	if info, unknown := file.Stat(); n > 0 && failed == nil && unknown == nil && info.Size() == end {
		file.Truncate(end - int64(n))
	}
	return err
}

// rotate renames the file, unless another process is at it or has done it: then there is room for size bytes again.
func (d directory) rotate(size int64) (rotated bool, err error) {
	lock, err := filelock.TryIn(d.Root, "."+d.name+".lock")
	if err != nil {
		return false, err
	}
	defer lock.Unlock()
	named, err := d.Lstat(d.name)
	if err != nil || named.Size()+size <= maxFile {
		return false, err
	}
	if err := d.Rename(d.name, d.name+rotatedSuffix); err != nil {
		return false, err
	}
	return true, nil
}
