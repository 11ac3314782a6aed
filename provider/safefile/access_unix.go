//go:build !windows

package safefile

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/pullpass/pullpass/provider"
)

// checkAccess refuses a file that someone else can change, as ssh does with its own.
func checkAccess(path string, info fs.FileInfo) error {
	return checkOwnerAndMode(path, info.Sys().(*syscall.Stat_t).Uid, os.Geteuid(), info.Mode().Perm())
}

func checkOwnerAndMode(path string, owner uint32, user int, mode fs.FileMode) error {
	if owner != 0 && int(owner) != user {
		return provider.WithHint(
			fmt.Errorf("%s: its owner, user %d, can change where credentials go", path, owner),
			"chown root "+path)
	}
	if mode&0o022 != 0 {
		return provider.WithHint(
			fmt.Errorf("%s: mode %04o lets group or others change where credentials go", path, mode),
			"chmod go-w "+path)
	}
	return nil
}

// othersCanRead leaves the group out: it is how a secret is shared on purpose.
func othersCanRead(mode fs.FileMode) bool { return mode&0o004 != 0 }
