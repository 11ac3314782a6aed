//go:build !windows

package safefile

import (
	"runtime"
	"syscall"
	"testing"
)

func TestPrivateGroup(t *testing.T) {
	const (
		passwd = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000:A,,,:/home/alice:/bin/bash\nbob:x:1001:1002::/home/bob:/bin/sh\n"
		group  = "root:x:0:\nusers:x:100:\nalice:x:1000:\nbob:x:1002:bob\n"
	)
	for name, c := range map[string]struct {
		passwd, group string
		user, gid     uint32
		want          bool
	}{
		"her own":                    {passwd, group, 1000, 1000, true},
		"his own, which lists him":   {passwd, group, 1001, 1002, true},
		"without a line break":       {passwd + "x", group[:len(group)-1], 1001, 1002, true},
		"somebody else's":            {passwd, group, 1000, 1002, false},
		"one for all":                {passwd, group, 1000, 100, false},
		"one that others are in":     {passwd, "alice:x:1000:alice,bob\n", 1000, 1000, false},
		"one that another is in":     {passwd, "alice:x:1000:bob\n", 1000, 1000, false},
		"one that others begin in":   {passwd + "carol:x:1003:1000::/:/bin/sh\n", group, 1000, 1000, false},
		"one that has another name":  {passwd, "staff:x:1000:\n", 1000, 1000, false},
		"one that has two names":     {passwd, "alice:x:1000:\nstaff:x:1000:bob\n", 1000, 1000, false},
		"a user who has two names":   {passwd + "al:x:1000:1000::/:/bin/sh\n", group, 1000, 1000, false},
		"a user whom no file names":  {passwd, group, 2000, 2000, false},
		"a group that no file names": {passwd, "", 1000, 1000, false},
		"no files":                   {"", "", 1000, 1000, false},
		"a nameless line":            {"", ":x:2000:\n", 2000, 2000, false},
	} {
		if got := isPrivateGroup(c.passwd, c.group, c.user, c.gid); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAmongOurs(t *testing.T) {
	for name, c := range map[string]struct {
		stat  syscall.Stat_t
		user  uint32
		where string // where it is so
	}{
		"root's group":              {syscall.Stat_t{Mode: 0o775}, 0, ""},
		"root's group, for a user":  {syscall.Stat_t{Mode: 0o775}, 1000, ""},
		"administrators":            {syscall.Stat_t{Mode: 0o775, Gid: 80}, 501, "darwin"},
		"administrators, for root":  {syscall.Stat_t{Mode: 0o775, Gid: 80}, 0, ""},
		"administrators and others": {syscall.Stat_t{Mode: 0o777, Gid: 80}, 501, ""},
		"a user without a name":     {syscall.Stat_t{Mode: 0o775, Uid: 54321, Gid: 54321}, 54321, ""},
	} {
		if got := isAmongOurs("/", &c.stat, c.user); got != (c.where == runtime.GOOS) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
