package safefile

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// Numbers of filesystems, from linux/magic.h.
const (
	procfs = 0x9fa0
	sysfs  = 0x62656572
	fuse   = 0x65735546
)

// refusedFilesystem returns the name of the filesystem that is mounted at path, if it shows what other
// users say: procfs has the arguments and environment of their processes, sysfs their devices. Users can
// mount a filesystem of FUSE, which names any owner. They can do so on what they own, such as in /tmp;
// inOpen says that path is in such a directory, which others can write.
func refusedFilesystem(path string, inOpen bool) (string, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return "", &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	return refusedType(uint64(stat.Type), inOpen), nil
}

func refusedType(number uint64, inOpen bool) string {
	switch {
	case number == procfs:
		return "procfs"
	case number == sysfs:
		return "sysfs"
	case number == fuse && inOpen:
		return "FUSE"
	}
	return ""
}

// isReadOnly reports whether path is on a mount that is read-only.
func isReadOnly(path string) bool {
	const readOnly = 1 // ST_RDONLY, see statvfs(3)
	var stat syscall.Statfs_t
	return syscall.Statfs(path, &stat) == nil && uint64(stat.Flags)&readOnly != 0
}

// hasACL reports whether what is at path has an access control list, or cannot be asked for it.
func hasACL(path string) bool {
	switch _, err := syscall.Getxattr(path, "system.posix_acl_access", nil); err {
	case syscall.ENODATA, syscall.ENOTSUP:
		return false
	}
	return true
}

// overflowUser is the kernel's number for users whom a user namespace does not map, unless
// /proc/sys/kernel/overflowuid says otherwise.
const overflowUser = 65534

// hostRootIsNameless reports whether this process is in a user namespace to which root of the namespace
// around it does not belong, as in a rootless Kubernetes. There / and /home belong to overflowUser, as
// does all else of users that are not mapped: nobody can tell them apart. Such a directory is trusted
// as long as all directories above it are of this kind, and such a file or link is not: who
// owns a directory of the host can then at most choose among files that are ours. In the namespace of the
// host, and where its root is mapped, overflowUser is a user like others.
func hostRootIsNameless() bool {
	file, err := os.Open("/proc/self/uid_map")
	if err != nil {
		return false
	}
	defer file.Close()
	return rootIsNameless(io.LimitReader(file, maxSize))
}

// rootIsNameless reads a uid_map: in each line, the first number inside, the first outside and how many
// follow, see user_namespaces(7).
func rootIsNameless(uidMap io.Reader) bool {
	lines := 0
	for scanner := bufio.NewScanner(uidMap); scanner.Scan(); lines++ {
		if fields := strings.Fields(scanner.Text()); len(fields) != 3 || fields[1] == "0" {
			return false
		}
	}
	return lines > 0
}
