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

// A version is what a file was like at one time. It is nil where there was no file.
type version struct {
	SHA256 string      `json:"sha256"`
	Mode   fs.FileMode `json:"mode"` // the permission bits
	UID    int         `json:"uid"`
	GID    int         `json:"gid"`
}

// same reports whether both are without a file, or with the same content.
func (v *version) same(other *version) bool { return v.hash() == other.hash() }

// equal is same with the same mode and owner.
func (v *version) equal(other *version) bool {
	return v.same(other) && (v == nil || *v == *other)
}

// hash is that of the content, "" without a file.
func (v *version) hash() string {
	if v == nil {
		return ""
	}
	return v.SHA256
}

func sum(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}

// read returns the regular file at path, which may be a link to it; a nil version if there is
// none.
func read(path string) (*version, []byte, error) {
	target, err := resolve(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: it is a symbolic link: %w", path, err)
	}
	info, err := os.Lstat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("read %s: it is not a regular file", path)
	}
	data, err := os.ReadFile(target)
	if err != nil {
		return nil, nil, err
	}
	uid, gid := owner(info)
	return &version{sum(data), info.Mode().Perm(), uid, gid}, data, nil
}

// resolve returns the path of the file that path leads to by symbolic links: with a link to it
// replaced, who else uses the file would not see the change.
func resolve(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path, nil // what is wrong with it shows when it is used
	}
	return filepath.EvalSymlinks(path)
}

// realPath is where a file is or would be, with all links followed.
func realPath(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	if folder := filepath.Dir(path); folder != path {
		return filepath.Join(realPath(folder), filepath.Base(path))
	}
	return path
}

// temporary is where a new content of path is written. There is one such name: only the holder
// of the lock uses it, and the next one finds what a killed process left.
func temporary(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+temporarySuffix)
}

const temporarySuffix = ".pullpass-install"

// write makes data the content of path in one step, with v's mode and owner. Before that, it
// asks accept, unless that is nil, about the file that will be renamed to path. An error leaves
// path as it was, but for one of its folder at the end: then it may be the new one.
func write(path string, data []byte, v *version, accept func(path string) error) error {
	target, err := resolve(path)
	if err != nil {
		return err
	}
	temp := temporary(target)
	describe := func(err error) error { return fmt.Errorf("write %s: %w", path, atomicfile.Cause(err)) }
	if err := remove(temp); err != nil {
		return describe(err)
	}
	if err := writeNew(temp, data, v); err != nil {
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
	return syncFolder(target)
}

// writeNew writes a file that is not there yet, to the disk.
func writeNew(path string, data []byte, v *version) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = chown(file, v.UID, v.GID)
	}
	if err == nil {
		err = file.Chmod(v.Mode)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncFolder has the folder of path on the disk: after a power cut, there must not be the flags
// without the config that was written before them.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// remove removes path, which may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// missingFolders returns those of the folder and the ones above it that are not there, the
// outermost first.
func missingFolders(folder string) []string {
	var missing []string
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			return missing
		}
		missing = append([]string{folder}, missing...)
	}
}

// removeFolders removes those of the folders that are empty. The others are used by somebody.
func removeFolders(folders []string) {
	for i := len(folders) - 1; i >= 0; i-- {
		os.Remove(folders[i])
	}
}
