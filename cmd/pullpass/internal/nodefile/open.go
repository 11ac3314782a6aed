package nodefile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// The most that files may have, in bytes. A larger one is refused, also if it is empty space on the disk.
const (
	MaxConfig  = 1 << 20   // a configuration, flags, a unit, the state; as for safefile.Read
	MaxProgram = 256 << 20 // a program, ten times as large as ours is
)

// Open opens a regular file for reading; links are followed. It never waits, as for the writer of a pipe,
// and does not open devices, some of which do something when they are opened.
func Open(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, notRegular(path)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = file.Stat(); err == nil && !info.Mode().IsRegular() { // it has just been replaced
		err = notRegular(path)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

func notRegular(path string) error { return fmt.Errorf("read %s: it is not a regular file", path) }

// ReadAll returns the content of the regular file at path, of limit bytes at most. It does not ask who can
// write to the file: Read does.
func ReadAll(path string, limit int64) ([]byte, error) {
	file, info, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, info, path, limit)
}

func readAll(file io.Reader, info fs.FileInfo, path string, limit int64) ([]byte, error) {
	if info.Size() > limit {
		return nil, tooLarge(path, limit)
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1)) // files of /proc have a size of 0
	if err == nil && int64(len(data)) > limit {
		err = tooLarge(path, limit)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// An Error is a reason why a file is not read.
type Error string

func (e Error) Error() string { return string(e) }

// ErrTooLarge is the error for a file that is larger than its limit.
const ErrTooLarge Error = "it is larger than"

func tooLarge(path string, limit int64) error {
	return fmt.Errorf("read %s: %w %d MiB", path, ErrTooLarge, limit>>20)
}
