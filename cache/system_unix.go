//go:build !windows

package cache

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/pullpass/pullpass/provider"
)

func mkdirAll(path string) error { return os.MkdirAll(path, 0o700) }

// checkAccess refuses a directory of someone else, and one that is open to others.
func checkAccess(path string, info fs.FileInfo) error {
	return checkOwnerAndMode(path, info.Sys().(*syscall.Stat_t).Uid, os.Geteuid(), info.Mode().Perm())
}

func checkOwnerAndMode(path string, owner uint32, user int, mode fs.FileMode) error {
	if int(owner) != user {
		return fmt.Errorf("%s belongs to user %d", path, owner)
	}
	if mode&0o077 != 0 {
		return provider.WithHint(fmt.Errorf("mode %04o opens %s to others", mode, path), "chmod go-rwx "+path)
	}
	return nil
}

// isInUse reports whether a file could not be replaced because someone has it open.
func isInUse(error) bool { return false }
