package nodefile

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
)

// CheckReplace returns the error with which Replace would fail because of where the file is: on a file system
// that is read-only or full, in a directory that cannot be changed, mounted by itself, or immutable. It writes nothing.
func CheckReplace(path string, c Content) error {
	if c.Snapshot == nil {
		return checkRemove(path)
	}
	target, err := destination(path, c)
	if err != nil {
		return err
	}
	directory := filepath.Dir(target)
	if missing := MissingDirectories(directory); len(missing) > 0 {
		if err := CheckCreate("mkdir", missing[0]); err != nil {
			return err
		}
		directory = filepath.Dir(missing[0])
	}
	if cause := cmp.Or(cannotCreate(directory, int64(len(c.Data))), cannotReplace(directory, target)); cause != nil {
		return fmt.Errorf("write %s: %w", path, cause)
	}
	return nil
}

// checkRemove is CheckReplace for a file that is to be removed. Of a link, it is the link itself.
func checkRemove(path string) error {
	directory := filepath.Dir(path)
	if len(MissingDirectories(directory)) > 0 {
		return nil
	}
	if cause := cmp.Or(cannotChange(directory), cannotReplace(directory, path)); cause != nil {
		return &fs.PathError{Op: "remove", Path: path, Err: cause}
	}
	return nil
}

// CheckCreate returns the error with which an operation would fail that creates path, an empty file or
// directory, in its directory, which exists.
func CheckCreate(operation, path string) error {
	if cause := cannotCreate(filepath.Dir(path), 0); cause != nil {
		return &fs.PathError{Op: operation, Path: path, Err: cause}
	}
	return nil
}

// CheckRun returns the error with which a program at path would not run because its file system is mounted
// without execution. It is that of the temporary file which Write asks about.
func CheckRun(path string) error {
	if cause := cannotRun(Parent(path)); cause != nil {
		return &fs.PathError{Op: "fork/exec", Path: temporary(path), Err: cause}
	}
	return nil
}
