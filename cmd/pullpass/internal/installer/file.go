package installer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/cmd/internal/atomicfile"
)

// A snapshot identifies the content of a file at one time, with the file's mode and owner. It is nil
// if there was no file.
type snapshot struct {
	SHA256 string      `json:"sha256"`
	Mode   fs.FileMode `json:"mode"` // the permission bits
	UID    int         `json:"uid"`
	GID    int         `json:"gid"`
}

// hash is the hash of the content, "" without a file.
func (s *snapshot) hash() string {
	if s == nil {
		return ""
	}
	return s.SHA256
}

// same reports whether both have the same content, or both are without a file.
func (s *snapshot) same(other *snapshot) bool { return s.hash() == other.hash() }

// equal is same, with the same mode and owner.
func (s *snapshot) equal(other *snapshot) bool {
	return s.same(other) && (s == nil || *s == *other)
}

func sum(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}

// A content is a snapshot with the file's bytes. Its snapshot is nil if there is no file.
type content struct {
	*snapshot
	data []byte
}

// newContent returns data with the mode and the owner of like. Without like, it has this mode, and is
// the process's.
func newContent(data []byte, like *snapshot, mode fs.FileMode) content {
	s := snapshot{Mode: mode, UID: os.Geteuid(), GID: os.Getegid()}
	if like != nil {
		s = *like
	}
	s.SHA256 = sum(data)
	return content{&s, data}
}

// read returns the content of a regular file. path may be a symbolic link to it.
func read(path string) (content, error) {
	target, err := resolve(path)
	if err != nil {
		return content{}, fmt.Errorf("read %s: it is a symbolic link: %w", path, err)
	}
	info, err := os.Lstat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return content{}, nil
	}
	if err != nil {
		return content{}, err
	}
	if !info.Mode().IsRegular() {
		return content{}, fmt.Errorf("read %s: it is not a regular file", path)
	}
	data, err := os.ReadFile(target)
	if err != nil {
		return content{}, err
	}
	uid, gid := owner(info)
	return content{&snapshot{sum(data), info.Mode().Perm(), uid, gid}, data}, nil
}

// resolve follows a symbolic link to the file that has to be changed. If the link itself were replaced,
// other users of the file would not see the change.
func resolve(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path, nil // an error shows when the file is used
	}
	return filepath.EvalSymlinks(path)
}

// realPath returns where a file is or would be, with all links followed.
func realPath(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	if directory := filepath.Dir(path); directory != path {
		return filepath.Join(realPath(directory), filepath.Base(path))
	}
	return path
}

// temporary returns where a new content of path is written. The name is always the same, so that the
// next run finds what a killed one left. Only the holder of the lock uses it.
func temporary(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+temporarySuffix)
}

const temporarySuffix = ".pullpass-install"

// write replaces the file at path in one step. If accept is not nil, it is asked about the new file
// before that is renamed to path. After an error, path has its former content. Only if the directory
// could not be synced at the end, it may have the new one.
func write(path string, c content, accept func(path string) error) error {
	target, err := resolve(path)
	if err != nil {
		return err
	}
	temp := temporary(target)
	describe := func(err error) error { return fmt.Errorf("write %s: %w", path, atomicfile.Cause(err)) }
	if err := remove(temp); err != nil {
		return describe(err)
	}
	if err := writeNew(temp, c); err != nil {
		os.Remove(temp)
		return describe(err)
	}
	if accept != nil {
		if err := accept(temp); err != nil {
			os.Remove(temp)
			return err
		}
	}
	if err := os.Rename(temp, target); err != nil {
		os.Remove(temp)
		return describe(err)
	}
	return syncDirectory(filepath.Dir(target))
}

// writeNew creates a file and syncs it to the disk.
func writeNew(path string, c content) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(c.data)
	if err == nil {
		err = chown(file, c.UID, c.GID)
	}
	if err == nil {
		err = file.Chmod(c.Mode)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDirectory syncs a directory to the disk. After a power failure, there must not be the flags without
// the config that was written before them.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	return directory.Sync()
}

// remove removes a file, which may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// missingDirectories returns which of a directory and its parents do not exist, the outermost first.
func missingDirectories(path string) []string {
	var missing []string
	for ; ; path = filepath.Dir(path) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return missing
		}
		missing = append([]string{path}, missing...)
	}
}

// removeDirectories removes the empty ones of these directories. Somebody uses the others.
func removeDirectories(paths []string) {
	for i := len(paths) - 1; i >= 0; i-- {
		os.Remove(paths[i])
	}
}
