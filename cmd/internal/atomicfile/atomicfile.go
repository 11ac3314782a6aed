// Package atomicfile writes files that hold secrets: whole or not at all.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes data the content of the regular file at path in one step: at any time, readers find the old
// file or the whole new one. Only the user can read the new file: its mode is 0600. The directory must
// exist. An error leaves nothing behind. It is "write PATH: cause".
func Write(path string, data []byte) error {
	if err := write(path, data); err != nil {
		return fmt.Errorf("write %s: %w", path, Cause(err))
	}
	return nil
}

func write(path string, data []byte) error {
	switch info, err := os.Lstat(path); {
	case err == nil && !info.Mode().IsRegular(): // it would be replaced, not written to
		return errors.New("it is there and not a regular file")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	done, err := writeUnnamed(path, data)
	if done || err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), temporary(path)) // with mode 0600
	if err != nil {
		return err
	}
	err = fill(file, data)
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// temporary is the pattern of names beside path, for os.CreateTemp.
func temporary(path string) string { return "." + filepath.Base(path) + ".*.tmp" }

// fill writes data to the disk, where a file system may first notice that it is full.
func fill(file *os.File, data []byte) error {
	if _, err := file.Write(data); err != nil {
		return err
	}
	return file.Sync()
}

// Cause returns err without the path of a temporary file, for callers that name the target instead.
func Cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
