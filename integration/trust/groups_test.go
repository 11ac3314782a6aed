package trust_test

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// withAccounts has pullpass run where passwd and group are these.
func (p *place) withAccounts(t *testing.T, passwd, group string) {
	t.Helper()
	p.program = p.write(t, p.base+"/accounts/run", fmt.Sprintf(`#!/bin/sh
exec unshare --mount sh -c 'mount --bind %s /etc/passwd && mount --bind %s /etc/group && exec "$@"' sh \
  setpriv --reuid=%d --regid=%d --clear-groups %s "$@"
`, p.write(t, p.base+"/accounts/passwd", passwd), p.write(t, p.base+"/accounts/group", group), p.user, p.user, binaries.Released))
}

// giveTo lets a user write to a directory by an access control list, in the form of the kernel's
// linux/posix_acl_xattr.h: all others have what the mode says.
func giveTo(t *testing.T, directory string, user uint32) {
	t.Helper()
	const named, none = 0x02, 0xffffffff
	acl := binary.LittleEndian.AppendUint32(nil, 2)
	for _, entry := range []struct {
		tag, bits uint16
		id        uint32
	}{{0x01, 7, none}, {named, 7, user}, {0x04, 7, none}, {0x10, 7, none}, {0x20, 5, none}} {
		acl = binary.LittleEndian.AppendUint16(acl, entry.tag)
		acl = binary.LittleEndian.AppendUint16(acl, entry.bits)
		acl = binary.LittleEndian.AppendUint32(acl, entry.id)
	}
	must(t, syscall.Setxattr(directory, "system.posix_acl_access", acl, 0))
}

// TestPrivateGroups: what a user of Debian, Ubuntu or Fedora makes is open to a group, in which there is nobody
// else.
func TestPrivateGroups(t *testing.T) {
	const (
		passwd = "root:x:0:0::/:/bin/sh\ndev:x:65532:65532::/:/bin/sh\n"
		group  = "root:x:0:\ndev:x:65532:\n"
	)
	c := startClouds(t)
	for name, accounts := range map[string]struct {
		passwd, group string
		acl, used     bool
	}{
		"private":          {passwd, group, false, true},
		"with an ACL":      {passwd, group, true, false},
		"with a member":    {passwd, "root:x:0:\ndev:x:65532:other\n", false, false},
		"another's, too":   {passwd + "other:x:65533:65532::/:/bin/sh\n", group, false, false},
		"for all users":    {passwd, "root:x:0:\nusers:x:65532:\n", false, false},
		"without a name":   {passwd, "root:x:0:\n", false, false},
		"without an owner": {"root:x:0:0::/:/bin/sh\n", group, false, false},
	} {
		for _, input := range []string{"AWS_CONFIG_FILE", "the program of credential_process", "SSL_CERT_DIR"} {
			t.Run(name+"/"+input, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, c, podUser)
				p.withAccounts(t, accounts.passwd, accounts.group)
				s := inputs[input].make(t, p)
				p.own(t, podUser)
				must(t, filepath.WalkDir(filepath.Dir(p.dir), func(path string, entry fs.DirEntry, err error) error {
					if err != nil {
						return err
					}
					info, err := entry.Info()
					if err != nil {
						return err
					}
					return os.Chmod(path, info.Mode()|0o020)
				}))
				if accounts.acl {
					giveTo(t, p.dir, stranger)
				}
				r := p.run(t, s)
				if s.used(r) != accounts.used || !accounts.used && !strings.Contains(r.Stderr, "lets group or others change where credentials go") {
					t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
				}
			})
		}
	}
}
