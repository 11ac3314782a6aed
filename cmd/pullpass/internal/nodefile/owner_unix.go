//go:build unix

package nodefile

import (
	"io/fs"
	"os"
	"syscall"
)

// Owner returns the IDs of the user and the group that own a file.
func Owner(info fs.FileInfo) (uid, gid int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return os.Geteuid(), os.Getegid()
}

// chown gives a new file to its owner. It does nothing if the file has that owner already, since only root
// may change it.
func chown(file *os.File, uid, gid int) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if u, g := Owner(info); u == uid && g == gid {
		return nil
	}
	return file.Chown(uid, gid)
}
