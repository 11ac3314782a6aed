package safefile

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Numbers of filesystems, from linux/magic.h.
const (
	procfs = 0x9fa0
	sysfs  = 0x62656572
	fuse   = 0x65735546
)

// maxMounts is how much of a table of mounts is read, in bytes: a node with a thousand pods has some MiB.
const maxMounts = 16 << 20

// refusedFilesystem returns the name of the filesystem that is mounted at path, if it shows what other
// users say: procfs has the arguments and environment of their processes, sysfs their devices. Users can
// mount a filesystem of FUSE, which names any owner, on what they own: it is trusted if root or user has mounted it. device
// is that of path. inOpen says that path is in a directory which others can write, such as /tmp.
func refusedFilesystem(path string, device uint64, user uint32, inOpen bool) (string, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return "", &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	return refusedType(uint64(stat.Type), func() bool {
		mounts, err := os.Open("/proc/self/mountinfo")
		if err != nil {
			return inOpen
		}
		defer mounts.Close()
		mounter, named := fuseMounter(io.LimitReader(mounts, maxMounts), device)
		return named && mounter != "0" && mounter != strconv.FormatUint(uint64(user), 10) || !named && inOpen
	}), nil
}

// refusedType is refusedFilesystem for the number of a filesystem. ofOthers says whether one of FUSE is another user's.
func refusedType(number uint64, ofOthers func() bool) string {
	switch {
	case number == procfs:
		return "procfs"
	case number == sysfs:
		return "sysfs"
	case number == fuse && ofOthers():
		return "FUSE"
	}
	return ""
}

// fuseMounter returns the ID of the user who has mounted the filesystem of FUSE on a device, by a mountinfo file of
// /proc, see proc_pid_mountinfo(5). Those that only root can mount, such as virtiofs, name none.
func fuseMounter(mountinfo io.Reader, device uint64) (user string, named bool) {
	number := fmt.Sprintf("%d:%d", device>>8&0xfff|device>>32&^0xfff, device&0xff|device>>12&^0xff) // as in makedev(3)
	for scanner := bufio.NewScanner(mountinfo); scanner.Scan(); {
		// number parent device root point options tags… - type source options
		fields := strings.Fields(scanner.Text())
		if len(fields) < 10 || fields[2] != number {
			continue
		}
		for option := range strings.SplitSeq(fields[len(fields)-1], ",") {
			if user, named = strings.CutPrefix(option, "user_id="); named {
				return user, true
			}
		}
	}
	return "", false
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
