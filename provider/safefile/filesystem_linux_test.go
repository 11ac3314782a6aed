package safefile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProcfs: other users decide what a file of procfs holds, and whose it seems to be.
func TestProcfs(t *testing.T) {
	dir := t.TempDir()
	link := func(target string) string {
		path := filepath.Join(dir, fmt.Sprint(len(target), filepath.Base(target)))
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	for path, kind := range map[string]string{
		"/proc/1/cmdline":                                       "procfs",
		"/proc/self/root" + file:                                "procfs",
		"/proc/self/cwd/safefile.go":                            "procfs",
		fmt.Sprint("/dev/fd/", opened.Fd()):                     "procfs",
		"/sys/kernel/mm/transparent_hugepage/enabled":           "sysfs",
		link("/proc/self/cmdline"):                              "procfs",
		link(fmt.Sprint("/proc/self/fd/", opened.Fd())):         "procfs",
		link("/sys/kernel/mm/transparent_hugepage/defrag"):      "sysfs",
		link(link("/proc/self/../self/environ")):                "procfs",
		link("/proc/../proc/../" + strings.TrimLeft(file, "/")): "procfs",
	} {
		_, err := Read(path)
		for name, err := range map[string]error{"Read": err, "Check": Check(path)} {
			if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.HasSuffix(err.Error(), " is on "+kind+", where other users decide what a file holds") {
				t.Errorf("%s: %s gives the error %v", path, name, err)
			}
		}
	}
}

func TestRefusedType(t *testing.T) {
	const ext4, tmpfs = 0xef53, 0x01021994
	for _, test := range []struct {
		number   uint64
		ofOthers bool
		want     string
	}{
		{ext4, false, ""}, {tmpfs, true, ""}, {procfs, false, "procfs"}, {sysfs, true, "sysfs"}, {fuse, false, ""}, {fuse, true, "FUSE"},
	} {
		if got := refusedType(test.number, func() bool { return test.ofOthers }); got != test.want {
			t.Errorf("filesystem %#x, of others %v: %q, want %q", test.number, test.ofOthers, got, test.want)
		}
	}
}

func TestFuseMounter(t *testing.T) {
	const mounts = `21 1 254:0 / / rw,relatime - ext4 /dev/root rw
77 21 0:48 / /home/eve/a\040b rw,nosuid,nodev shared:3 master:1 - fuse.sshfs eve@host: rw,user_id=1000,group_id=1000,allow_other
78 21 0:49 / /srv rw - fuse.glusterfs node:/srv rw,user_id=0,group_id=0,default_permissions,allow_other
79 21 0:50 / /mnt rw - virtiofs share rw
80 21 259:700000 / /media rw - fuseblk /dev/sdb1 rw,user_id=0,group_id=0
broken 0:51
`
	for device, want := range map[uint64]string{48: "1000 true", 49: "0 true", 50: " false", 51: " false", 4: " false", 259<<8 | 700000&0xff | (700000&^0xff)<<12: "0 true"} {
		user, named := fuseMounter(strings.NewReader(mounts), device)
		if got := fmt.Sprint(user, " ", named); got != want {
			t.Errorf("device %d: %s, want %s", device, got, want)
		}
	}
}

func TestRootIsNameless(t *testing.T) {
	for text, want := range map[string]bool{
		"         0          0 4294967295\n":                 false, // the host's namespace
		"         0       1000          1\n":                 true,  // unshare -r
		"         0       1000          1\n1 100000 65536\n": true,  // rootless Kubernetes
		"         0          0          1\n":                 false, // unshare -r by root
		"         0     100000      65536\n     65536 0 1\n": false,
		"":          false,
		"garbage\n": false,
	} {
		if got := rootIsNameless(strings.NewReader(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestNameless: directories of users without a number are trusted from / on, and nothing else of theirs.
func TestNameless(t *testing.T) {
	const dir, open, link = fs.ModeDir | 0o755, fs.ModeDir | fs.ModeSticky | 0o777, fs.ModeSymlink | 0o777
	nobody, root := uint32(overflowUser), uint32(0)
	for _, test := range []struct {
		name  string
		steps []info // from / on
		fault bool
	}{
		{"the host's root and home", []info{{nobody, dir}, {nobody, dir}, {root, dir}, {root, 0o600}}, false},
		{"the host's /tmp", []info{{nobody, dir}, {nobody, open}, {root, 0o600}}, false},
		{"a file of the host", []info{{nobody, dir}, {nobody, 0o600}}, true},
		{"a link of the host", []info{{nobody, dir}, {nobody, link}}, true},
		{"a directory in /tmp", []info{{nobody, dir}, {nobody, open}, {nobody, dir}}, true},
		{"a directory of nobody", []info{{nobody, dir}, {root, dir}, {nobody, dir}}, true},
		{"nobody's directory that all can write", []info{{nobody, dir}, {nobody, fs.ModeDir | 0o777}}, true},
	} {
		w := &walk{nameless: func() bool { return true }}
		for _, step := range test.steps {
			next := directory{place: place{path: "/", info: step}}
			if w.fault == nil {
				w.fault = w.judge(&next)
			}
			w.above = append(w.above, next)
		}
		if (w.fault != nil) != test.fault {
			t.Errorf("%s: %v", test.name, w.fault)
		}
	}
}
