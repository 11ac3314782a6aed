//go:build !windows

package safefile

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// isAmongOurs reports whether those who can write what is at path by its group are none but the user. For root no
// group is: root's own may have others in it, and has all containers that run as a user without a name.
func isAmongOurs(path string, stat *syscall.Stat_t, user uint32) bool {
	const (
		others   = 0o002
		macAdmin = 80
	)
	switch {
	case user == 0 || stat.Mode&others != 0:
		return false
	case runtime.GOOS == "darwin":
		// /Applications and Homebrew's directories are the administrators', who can become root.
		return stat.Gid == macAdmin
	}
	// With an ACL, the group's bits are what all whom it names may have, see acl(5).
	return stat.Uid == user && !hasACL(path) && isPrivateGroup(systemFile("/etc/passwd"), systemFile("/etc/group"), user, stat.Gid)
}

// systemFile returns the content of a file of the system's, "" if there is none or it is larger than 1 MiB.
func systemFile(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil || len(text) > maxSize {
		return ""
	}
	return string(text)
}

// isPrivateGroup reports whether a group is the one that Linux distributions make for each user, with nobody
// else in it: what users of Debian, Ubuntu and Fedora make is open to it, as their umask is 002. Such a group
// has the name of its user. passwd and group are as in passwd(5) and group(5): a user or group that only a
// directory service knows is none.
func isPrivateGroup(passwd, group string, user, gid uint32) bool {
	uid, number := strconv.FormatUint(uint64(user), 10), strconv.FormatUint(uint64(gid), 10)
	name := ""
	for line := range strings.Lines(passwd) {
		fields := strings.Split(line, ":") // name, password, user, group, …
		switch {
		case len(fields) < 4:
		case fields[2] == uid:
			if name != "" && name != fields[0] {
				return false
			}
			name = fields[0]
		case fields[3] == number:
			return false
		}
	}
	private := false
	for line := range strings.Lines(group) {
		fields := strings.Split(strings.TrimSpace(line), ":") // name, password, group, members
		if len(fields) < 4 || fields[2] != number {
			continue
		}
		if fields[0] != name || fields[3] != "" && fields[3] != name {
			return false
		}
		private = true
	}
	return private && name != ""
}
