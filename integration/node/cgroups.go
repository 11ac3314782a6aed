package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	cgroupRoot   = "/sys/fs/cgroup"
	cgroupPrefix = "pullpass-test-"
)

// claimCgroups comes before the first machine of this process, and holds for as long as it runs.
var claimCgroups = sync.OnceValues(func() (*os.File, error) { return claim(cgroupRoot) })

// claim tells other processes that machines are in use, whose cgroups are below root, until the file
// is closed. If no other has told that, the cgroups that are there are of machines whose first process
// was killed, and those without processes are removed.
func claim(root string) (*os.File, error) {
	directory, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	lock := func(how int) error { return os.NewSyscallError("flock", unix.Flock(int(directory.Fd()), how)) }
	err = lock(unix.LOCK_EX | unix.LOCK_NB)
	if err == nil {
		removeLeft(root)
	}
	if err == nil || errors.Is(err, unix.EWOULDBLOCK) {
		err = lock(unix.LOCK_SH)
	}
	return directory, err
}

// removeLeft leaves what has processes, for those who come later.
func removeLeft(root string) {
	for _, pattern := range []string{"/", "/*/"} { // of cgroups' version 2, of version 1
		left, _ := filepath.Glob(root + pattern + cgroupPrefix + "*")
		for _, cgroup := range left {
			var directories []string
			filepath.WalkDir(cgroup, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					directories = append(directories, path)
				}
				return nil
			})
			for _, directory := range slices.Backward(directories) {
				unix.Rmdir(directory)
			}
		}
	}
}
