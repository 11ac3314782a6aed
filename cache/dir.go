package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// makeDir makes the directory if there is none, and says why it must not be used if so.
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

// checkDir tells why the directory must not be used: who can write to it can give out
// credentials, who can read it has those of the node. The error is fs.ErrNotExist if there is
// none.
func (c *Cache) checkDir() error {
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
