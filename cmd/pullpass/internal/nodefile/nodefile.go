// Package nodefile reads and replaces regular files of a node in one step each, with their mode and owner,
// so that they can be restored byte for byte.
package nodefile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/cmd/internal/atomicfile"
	"github.com/pullpass/pullpass/provider/safefile"
)

// A Snapshot identifies the content of a file at one time, with the file's mode and owner. It is nil
// if there was no file.
type Snapshot struct {
	SHA256 string      `json:"sha256"`
	Mode   fs.FileMode `json:"mode"` // the permission bits, with setuid, setgid and sticky
	UID    int         `json:"uid"`
	GID    int         `json:"gid"`
}

// Hash is the SHA-256 of the content, "" without a file.
func (s *Snapshot) Hash() string {
	if s == nil {
		return ""
	}
	return s.SHA256
}

// Same reports whether both have the same content, or both are without a file.
func (s *Snapshot) Same(other *Snapshot) bool { return s.Hash() == other.Hash() }

// Equal is Same, with the same mode and owner.
func (s *Snapshot) Equal(other *Snapshot) bool {
	return s.Same(other) && (s == nil || *s == *other)
}

// Sum returns the SHA-256 of data, in hex.
func Sum(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}

// A Content is a Snapshot with the file's bytes. Its Snapshot is nil if there is no file.
type Content struct {
	*Snapshot
	Data []byte
}

// New returns data with the mode and the owner of like. Without like, it has this mode, and is
// the process's.
func New(data []byte, like *Snapshot, mode fs.FileMode) Content {
	s := Snapshot{Mode: mode, UID: os.Geteuid(), GID: os.Getegid()}
	if like != nil {
		s = *like
	}
	s.SHA256 = Sum(data)
	return Content{&s, data}
}

// Read returns the content of the regular file at path, which may be a symbolic link to it; without a
// Snapshot if there is none. The file may have limit bytes. Only root and the effective user may be able to
// write it, or to replace it or anything on the way to it. If there is no such file, nobody else may be able to
// create it. The errors about that are those of safefile.Check and safefile.CheckClosed.
func Read(path string, limit int64) (c Content, err error) {
	err = use(path, func(file *os.File, info fs.FileInfo) error {
		data, err := readAll(file, info, path, limit)
		c = Content{snapshot(Sum(data), info), data}
		return err
	})
	if err != nil {
		return Content{}, err
	}
	return c, nil
}

// Look is Read without the bytes, which it does not keep in memory.
func Look(path string, limit int64) (s *Snapshot, err error) {
	err = use(path, func(file *os.File, info fs.FileInfo) error {
		if info.Size() > limit {
			return tooLarge(path, limit)
		}
		hash := sha256.New()
		_, err := io.Copy(hash, io.LimitReader(file, limit))
		s = snapshot(hex.EncodeToString(hash.Sum(nil)), info)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func snapshot(sum string, info fs.FileInfo) *Snapshot {
	uid, gid := Owner(info)
	return &Snapshot{sum, info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky), uid, gid}
}

// use calls f with the file at path if there is one that Read trusts.
func use(path string, f func(*os.File, fs.FileInfo) error) error {
	target, err := resolve(path)
	if err != nil {
		return fmt.Errorf("read %s: it is a symbolic link: %w", path, err)
	}
	if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
		return safefile.CheckClosed(filepath.Dir(path))
	}
	if err := safefile.Check(path); err != nil {
		return err
	}
	file, info, err := Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return f(file, info)
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

// RealPath returns where a file is or would be, with all links followed.
func RealPath(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	if directory := filepath.Dir(path); directory != path {
		return filepath.Join(RealPath(directory), filepath.Base(path))
	}
	return path
}

// TemporarySuffix is how the names of temporary files end.
const TemporarySuffix = ".pullpass-install"

// temporary returns where a new content of a file is written. The name is always the same: the next run
// finds what a killed one left. So only one process may write at a time.
func temporary(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+TemporarySuffix)
}

// RemoveTemporary removes what a killed Write of path has left.
func RemoveTemporary(path string) {
	os.Remove(temporary(path)) // of a link
	if target, err := resolve(path); err == nil {
		os.Remove(temporary(target))
	}
}

// Replace gives a file a content, or removes it if that is none. It creates missing directories. accept is as in
// Write.
func Replace(path string, c Content, accept func(path string) error) error {
	if c.Snapshot == nil {
		return Remove(path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return Write(path, c, accept)
}

// Write replaces the file at path in one step. If accept is not nil, it is asked about the new file
// before that is renamed to path. After an error, path has its former content. Only if the directory
// could not be synced at the end, it may have the new one.
func Write(path string, c Content, accept func(path string) error) error {
	target, err := destination(path, c)
	if err != nil {
		return err
	}
	temp := temporary(target)
	describe := func(err error) error { return fmt.Errorf("write %s: %w", path, atomicfile.Cause(err)) }
	if err := Remove(temp); err != nil {
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

// writeNew creates a file and syncs it to the disk, or creates a link.
func writeNew(path string, c Content) error {
	if c.isLink() {
		return os.Symlink(string(c.Data), path)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(c.Data)
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

// Remove removes a file, which may be gone already.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// MissingDirectories returns which of a directory and its parents do not exist, the outermost first.
func MissingDirectories(path string) []string {
	var missing []string
	for ; ; path = filepath.Dir(path) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return missing
		}
		missing = append([]string{path}, missing...)
	}
}

// RemoveDirectories removes the empty ones of these directories. Somebody uses the others.
func RemoveDirectories(paths []string) {
	for i := len(paths) - 1; i >= 0; i-- {
		os.Remove(paths[i])
	}
}
