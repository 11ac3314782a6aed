package nodefile

import (
	"errors"
	"io/fs"
	"os"
)

// NewLink returns the content of a symbolic link: its target. Write and Replace create such a link.
func NewLink(target string) Content { return New([]byte(target), nil, fs.ModeSymlink|0o777) }

// isLink reports whether the content is that of a symbolic link.
func (s *Snapshot) isLink() bool { return s != nil && s.Mode&fs.ModeSymlink != 0 }

// ReadLink returns the content of the symbolic link at path, without a Snapshot if there is nothing. Anything else
// than a link has an empty content, which no link has.
func ReadLink(path string) (Content, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Content{}, nil
	case err != nil:
		return Content{}, err
	case info.Mode()&fs.ModeSymlink == 0:
		return New(nil, nil, 0), nil
	}
	target, err := os.Readlink(path)
	if err != nil {
		return Content{}, err
	}
	return NewLink(target), nil
}

// destination returns the path of the file that Write replaces: a link itself, if the content is a link's.
func destination(path string, c Content) (string, error) {
	if c.isLink() {
		return path, nil
	}
	return resolve(path)
}
