// Package rootfs reads the files of a machine whose root is a directory of this one, such as a
// mounted image.
package rootfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/provider/safefile"
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

// ReadFile returns the content of a file that decides what root does: of a regular file of at most 1 MiB, to
// which only root and the effective user can write. Errors are those of safefile.Read.
func (r Root) ReadFile(name string) ([]byte, error) { return safefile.Read(r.Path(name)) }

// ReadDir returns the entries of a directory by name. Errors are those of os.ReadDir.
func (r Root) ReadDir(name string) ([]os.DirEntry, error) { return os.ReadDir(r.Path(name)) }

// FilesBelow returns what is below a directory and no directory itself, in lexical order. What cannot be listed is
// left out. The directory may be a link.
func (r Root) FilesBelow(directory string) []string {
	var names []string
	_ = filepath.WalkDir(r.Path(directory)+string(filepath.Separator), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		below, err := filepath.Rel(r.Path("/"), name)
		if err == nil {
			names = append(names, "/"+filepath.ToSlash(below))
		}
		return nil
	})
	return names
}

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
