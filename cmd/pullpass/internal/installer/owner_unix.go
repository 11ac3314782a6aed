//go:build unix

package installer

import (
	"io/fs"
	"os"
	"syscall"
)

// owner returns whose file it is.
func owner(info fs.FileInfo) (uid, gid int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return os.Geteuid(), os.Getegid()
}

// chown gives a file that we have just made to its owner. Nobody else than root may, so it is
// not done where nothing is to be done.
func chown(file *os.File, uid, gid int) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if u, g := owner(info); u == uid && g == gid {
		return nil
	}
	return file.Chown(uid, gid)
}
