// Package rootfs reads the files of a machine whose root is a directory of this one, such as a
// mounted image.
package rootfs

import (
	"os"
	"path/filepath"
	"strings"
)

// A Root is the root directory of a machine; "/" is this one's. The paths that its methods take
// and return are the machine's. A symbolic link with an absolute target leads to the right file
// only if the root is "/".
type Root string

// Path returns where a file of the machine is for this process.
func (r Root) Path(name string) string { return filepath.Join(string(r), filepath.FromSlash(name)) }

// Exists reports whether there is a file or directory, or a link to one.
func (r Root) Exists(name string) bool {
	_, err := os.Stat(r.Path(name))
	return err == nil
}

// ReadFile returns the content of a file. Errors are those of os.ReadFile.
func (r Root) ReadFile(name string) ([]byte, error) { return os.ReadFile(r.Path(name)) }

// ReadDir returns the entries of a directory by name. Errors are those of os.ReadDir.
func (r Root) ReadDir(name string) ([]os.DirEntry, error) { return os.ReadDir(r.Path(name)) }

// Glob returns the existing files that a pattern of filepath.Match selects, in lexical order. The
// error says that the pattern is malformed.
func (r Root) Glob(pattern string) ([]string, error) {
	own := strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(string(r))
	found, err := filepath.Glob(filepath.Join(own, filepath.FromSlash(pattern)))
	if err != nil {
		return nil, err
	}
	for i, name := range found {
		below, err := filepath.Rel(string(r), name)
		if err != nil {
			return nil, err
		}
		found[i] = "/" + filepath.ToSlash(below)
	}
	return found, nil
}
