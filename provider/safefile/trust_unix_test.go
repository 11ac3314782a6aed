//go:build !windows

package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// info is what Lstat says of a file.
type info struct {
	owner uint32
	mode  fs.FileMode
}

func (i info) Name() string       { return "" }
func (i info) Size() int64        { return 0 }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return &syscall.Stat_t{Uid: i.owner} }

func TestJudge(t *testing.T) {
	const (
		dir    = fs.ModeDir
		link   = fs.ModeSymlink
		sticky = fs.ModeDir | fs.ModeSticky
	)
	tests := []struct {
		name      string
		user      uint32
		above, at info // the directory, and what is in it
		asked     string
		err, hint string
	}{
		{name: "root's file", at: info{0, 0o644}},
		{name: "root's file, for a user", user: 1000, at: info{0, 0o644}},
		{name: "own file", user: 1000, at: info{1000, 0o600}},
		{name: "own directory", user: 1000, at: info{1000, dir | 0o700}},
		{name: "a link of root", at: info{0, link | 0o777}},
		{name: "an own link", user: 1000, at: info{1000, link | 0o777}},
		{name: "root's sticky directory", user: 1000, at: info{0, sticky | 0o777}},
		{name: "a file in a sticky directory", user: 1000, above: info{0, sticky | 0o777}, at: info{1000, 0o600}},
		{name: "a device", at: info{0, fs.ModeDevice | fs.ModeCharDevice | 0o666}},

		{name: "a stranger's file", at: info{1000, 0o600}, asked: "/at",
			err: "/at: its owner, user 1000, can change where credentials go", hint: "check what it says, and put a copy in its place: cp /at /at.new && mv /at.new /at"},
		{name: "another user's file", user: 1001, at: info{1000, 0o600}, asked: "/at",
			err: "/at: its owner, user 1000, can change where credentials go", hint: "check what it says, and put a copy in its place: cp /at /at.new && mv /at.new /at"},
		{name: "a stranger's directory", at: info{1000, dir | 0o755}, asked: "/at/file",
			err: "/at/file: the owner of /at, user 1000, can change where credentials go", hint: "chown root /at after checking what is in it, or use another directory"},
		{name: "a stranger's sticky directory", at: info{1000, sticky | 0o777}, asked: "/at/file",
			err: "/at/file: the owner of /at, user 1000, can change where credentials go", hint: "chown root /at after checking what is in it, or use another directory"},
		{name: "a stranger's link", at: info{1000, link | 0o777}, asked: "/at",
			err: "/at: its owner, user 1000, can change where credentials go", hint: "chown -h root /at after checking where it leads"},
		{name: "a stranger's link in a sticky directory", above: info{0, sticky | 0o777}, at: info{1000, link | 0o777}, asked: "/at",
			err: "/at: its owner, user 1000, can change where credentials go", hint: "chown -h root /at after checking where it leads"},
		{name: "a directory of nobody", at: info{overflowUser, dir | 0o755}, asked: "/at",
			err: "/at: its owner, user 65534, can change where credentials go", hint: "chown root /at after checking what is in it, or use another directory"},

		{name: "a file that the group can write", at: info{0, 0o664}, asked: "/at",
			err: "/at: mode 0664 lets group or others change where credentials go", hint: "chmod go-w /at"},
		{name: "a file that all can write", at: info{0, 0o646}, asked: "/link",
			err: "/link: mode 0646 of /at lets group or others change where credentials go", hint: "chmod go-w /at"},
		{name: "a file with the sticky bit", at: info{0, fs.ModeSticky | 0o666}, asked: "/at",
			err: "/at: mode 0666 lets group or others change where credentials go", hint: "chmod go-w /at"},
		{name: "a directory that the group can write", at: info{0, dir | fs.ModeSetgid | 0o775}, asked: "/at/file",
			err: "/at/file: mode 0775 of /at lets group or others change where credentials go", hint: "chmod go-w /at"},
		{name: "an emptyDir volume", at: info{0, dir | 0o777}, asked: "/at/file",
			err:  "/at/file: mode 0777 of /at lets group or others change where credentials go",
			hint: "chmod go-w /at; a pod can trust an emptyDir volume if its medium is Memory"},
		{name: "an own sticky directory", user: 1000, at: info{1000, sticky | 0o770}, asked: "/at/file",
			err: "/at/file: mode 0770 of /at lets group or others change where credentials go", hint: "chmod go-w /at"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.above.mode == 0 {
				test.above.mode = fs.ModeDir | 0o755
			}
			w := &walk{asked: test.asked, whole: test.asked, user: test.user, nameless: func() bool { return false }, above: []directory{{place: place{path: "/", info: test.above}, open: test.above.mode&shared != 0}}}
			err := w.judge(&directory{place: place{path: "/at", info: test.at}})
			text := ""
			if err != nil {
				text = err.Error()
			}
			if hint := provider.Hint(err); text != test.err || hint != test.hint {
				t.Errorf("the error is %q with the hint %q, want %q with %q", text, hint, test.err, test.hint)
			}
		})
	}
}

// tree makes directories (which end in a slash), links ("path -> target") and files, and returns the
// directory that they are in.
func tree(t *testing.T, entries ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, entry := range entries {
		path, target, isLink := strings.Cut(entry, " -> ")
		full := filepath.Join(dir, path)
		err := os.MkdirAll(filepath.Dir(full), 0o755)
		switch {
		case err != nil:
		case isLink:
			err = os.Symlink(strings.ReplaceAll(target, "$", dir), full)
		case strings.HasSuffix(path, "/"):
			err = os.MkdirAll(full, 0o755)
		default:
			err = os.WriteFile(full, []byte("content"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestPaths compares where a path leads with where the kernel goes.
func TestPaths(t *testing.T) {
	dir := tree(t, "a/b/file", "a/file", "up -> a/b", "a/b/abs -> $/a/file", "a/b/rel -> ../file", "chain -> up/rel",
		"loop -> loop", "loop1 -> loop2", "loop2 -> loop1", "dangling -> nothing/file", "slash -> a/b/", "dots -> ./a/./b/../b/file", "proc -> a/b/../../a/file")
	t.Chdir(filepath.Join(dir, "a"))
	for _, path := range []string{
		"$/a/file", "$/a//b/./file", "$/a/b/../file", "$/up/file", "$/up/../file", "$/up/abs", "$/up/rel", "$/chain", "$/slash/file", "$/dots", "$/proc",
		"$/loop", "$/loop1", "$/dangling", "$/a/file/", "$/a/file/x", "$/a/file/..", "$/chain/", "$/up/", "$/a/b/..", "$/nothing", "$/nothing/..",
		"file", "b/file", "./b/../file", "../up/rel", "nothing", "..", ".", "", "/", "/..", "//", "$/a/\x00",
	} {
		path := strings.ReplaceAll(path, "$", dir)
		want, wantErr := os.Stat(path)
		found, err := resolve(path)
		switch {
		case wantErr != nil && err != nil:
			if !errors.Is(err, errors.Unwrap(wantErr)) {
				t.Errorf("%q: %v, want %v", path, err, wantErr)
			}
		case wantErr != nil || err != nil:
			t.Errorf("%q: %v, want %v", path, err, wantErr)
		case !os.SameFile(found.info, want):
			t.Errorf("%q leads to %s", path, found.path)
		default:
			if real, err := filepath.EvalSymlinks(found.path); err != nil || real != found.path && path != "//" {
				t.Errorf("%q leads to %s, on which is a link to %s", path, found.path, real)
			}
		}
	}
}

// TestWholePath changes the mode of one place of a path at a time.
func TestWholePath(t *testing.T) {
	entries := []string{"a/b/file", "c/link -> ../a/b/file", "entry -> c/link", "beside/"}
	for place, want := range map[string]string{
		"a": "mode 0775 of $/a", "a/b": "mode 0775 of $/a/b", "a/b/file": "mode 0775 of $/a/b/file", "c": "mode 0775 of $/c", ".": "mode 0775 of $", "beside": "",
	} {
		dir := tree(t, entries...)
		if err := os.Chmod(filepath.Join(dir, place), 0o775); err != nil {
			t.Fatal(err)
		}
		entry := filepath.Join(dir, "entry")
		_, err := Read(entry)
		for name, err := range map[string]error{"Read": err, "Check": Check(entry)} {
			switch {
			case want == "" && err != nil, want != "" && err == nil:
				t.Errorf("%s: %s gives the error %v", place, name, err)
			case want != "" && !strings.HasPrefix(err.Error(), entry+": "+strings.ReplaceAll(want, "$", dir)+" lets group or others"):
				t.Errorf("%s: %s gives the error %v", place, name, err)
			}
		}
	}
}

// TestMissing: what does not exist is missing, unless a link leads there that others decide about.
func TestMissing(t *testing.T) {
	dir := tree(t, "open/file", "open/below/", "open/link -> nothing")
	if err := os.Chmod(filepath.Join(dir, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, missing := range map[string]bool{"nothing": true, "below/nothing": true, "nothing/file": true, "file/x": true, "link": false, "file": false} {
		if _, err := Read(filepath.Join(dir, "open", name)); err == nil || IsMissing(err) != missing {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckDir(t *testing.T) {
	dir := tree(t, "good/below/", "good/file", "open/below/", "good/link -> $/open/below", "good/dangling -> ../new")
	if err := os.Chmod(filepath.Join(dir, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"good": "", "good/below": "", "good/new": "", "good/new/newer": "", "new": "", "good/dangling": "",
		"good/file":     "use $/good/file: not a directory",
		"good/file/new": "open $/good/file/new: not a directory",
		"open":          "$/open: mode 0777 lets group or others change where credentials go",
		"open/below":    "$/open/below: mode 0777 of $/open lets group or others change where credentials go",
		"open/new":      "$/open/new: mode 0777 of $/open lets group or others change where credentials go",
		"good/link":     "$/good/link: mode 0777 of $/open lets group or others change where credentials go",
		"good/link/new": "$/good/link/new: mode 0777 of $/open lets group or others change where credentials go",
	} {
		text := ""
		if err := CheckDir(filepath.Join(dir, path)); err != nil {
			text = err.Error()
		}
		if want := strings.ReplaceAll(want, "$", dir); text != want {
			t.Errorf("%s: %q, want %q", path, text, want)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := tree(t, "dir/", "file")
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"dir": "", "file": "", "fifo": "use $/fifo: not a regular file or directory", "nothing": "open $/nothing: no such file or directory",
	} {
		text := ""
		if err := Check(filepath.Join(dir, path)); err != nil {
			text = err.Error()
		}
		if want := strings.ReplaceAll(want, "$", dir); text != want {
			t.Errorf("%s: %q, want %q", path, text, want)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Read(path); err != nil {
			b.Fatal(err)
		}
	}
}
