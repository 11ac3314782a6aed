package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/provider/safefile"
)

// makeDir creates the directory if there is none. The error is like that of checkDir.
func (c *Cache) makeDir() error {
	err := c.checkDir()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := mkdirAll(c.Dir); err != nil {
		return err
	}
	return c.checkDir()
}

// checkDir returns why the directory must not be used. Users who can write to it, or exchange it, can give
// out credentials, users who can read it have those of the node. The error is fs.ErrNotExist if there is no
// directory.
func (c *Cache) checkDir() error {
	if err := safefile.CheckDir(filepath.Dir(c.Dir)); err != nil {
		return err
	}
	info, err := os.Lstat(c.Dir)
	switch {
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a link", c.Dir)
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", c.Dir)
	}
	return checkAccess(c.Dir, info)
}
