package trust_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/googlefake"
)

func googleExternal(subject string) googlefake.External {
	return googlefake.External{SubjectTokenFile: subject}
}

// A fault lets others decide, and returns what a line of the messages says of it. dir is the directory of the
// file.
type fault struct {
	make func(t *testing.T, file, dir string) []string
	file bool // it is the file's own, not that of what is above it
}

var faults = map[string]fault{
	"directory of a stranger": {func(t *testing.T, file, dir string) []string {
		must(t, os.Chown(dir, stranger, stranger))
		return []string{dir, "owner", ", user 65534, can change where credentials go"}
	}, false},
	"directory above of a stranger": {func(t *testing.T, file, dir string) []string {
		must(t, os.Chown(filepath.Dir(dir), stranger, stranger))
		return []string{filepath.Dir(dir), "owner", ", user 65534, can change where credentials go"}
	}, false},
	"directory that all can write": {func(t *testing.T, file, dir string) []string {
		must(t, os.Chmod(dir, 0o777))
		return []string{"mode 0777", dir, " lets group or others change where credentials go"}
	}, false},
	"directory above that a group can write": {func(t *testing.T, file, dir string) []string {
		must(t, os.Chmod(filepath.Dir(dir), 0o775))
		return []string{"mode 0775", filepath.Dir(dir), " lets group or others change where credentials go"}
	}, false},
	"a stranger's link to the directory in a sticky one": {func(t *testing.T, file, dir string) []string {
		must(t, os.Chown(filepath.Dir(dir), root, root))
		must(t, os.Chmod(filepath.Dir(dir), 0o777|os.ModeSticky))
		must(t, os.Rename(dir, dir+"-real"))
		link(t, dir+"-real", dir, stranger)
		return []string{dir, "owner", ", user 65534, can change where credentials go"}
	}, false},
	"a way through procfs": {func(t *testing.T, file, dir string) []string {
		must(t, os.Rename(dir, dir+"-real"))
		link(t, "/proc/self/root"+dir+"-real", dir, root)
		return []string{"/proc is on procfs, where other users decide what a file holds"}
	}, false},
	"file of a stranger": {func(t *testing.T, file, dir string) []string {
		must(t, os.Chown(file, stranger, stranger))
		return []string{"user 65534, can change where credentials go"}
	}, true},
	"file that all can write": {func(t *testing.T, file, dir string) []string {
		must(t, os.Chmod(file, 0o777))
		return []string{"mode 0777", " lets group or others change where credentials go"}
	}, true},
	"a stranger's link to a good file": {func(t *testing.T, file, dir string) []string {
		must(t, os.Rename(file, dir+"-good"))
		link(t, dir+"-good", file, stranger)
		return []string{"user 65534, can change where credentials go"}
	}, true},
	"a link to a file in a stranger's directory": {func(t *testing.T, file, dir string) []string {
		theirs := dir + "-theirs"
		must(t, os.Mkdir(theirs, 0o755))
		must(t, os.Rename(file, theirs+"/file"))
		must(t, os.Chown(theirs, stranger, stranger))
		link(t, theirs+"/file", file, root)
		return []string{theirs, "owner", ", user 65534, can change where credentials go"}
	}, true},
	"a link to a file of procfs": {func(t *testing.T, file, dir string) []string {
		info, err := os.Stat(file)
		must(t, err)
		must(t, os.Remove(file))
		target := "/proc/self/status"
		if info.Mode()&0o100 != 0 { // it may have to be run
			target = "/proc/self/exe"
		}
		link(t, target, file, root)
		return []string{"/proc is on procfs, where other users decide what a file holds"}
	}, true},
}

func link(t *testing.T, target, path string, owner int) {
	t.Helper()
	must(t, os.Symlink(target, path))
	must(t, os.Lchown(path, owner, owner))
}

// TestFaults gives each input each fault.
func TestFaults(t *testing.T) {
	c := startClouds(t)
	for _, user := range []int{root, podUser} {
		for name, input := range inputs {
			t.Run(fmt.Sprintf("%d/%s", user, name), func(t *testing.T) {
				t.Parallel()
				for _, owner := range []int{user, root} {
					p := newPlace(t, c, user)
					s := input.make(t, p)
					if s.unusable {
						owner = user
					}
					p.own(t, owner)
					if r := p.run(t, s); !s.used(r) {
						t.Fatalf("with files of user %d: exit code %d\n%s", owner, r.Code, r.Stderr)
					}
				}
				for what, fault := range faults {
					p := newPlace(t, c, user)
					s := input.make(t, p)
					if fault.file && s.unusable {
						continue
					}
					p.own(t, user)
					want := fault.make(t, s.file, filepath.Dir(s.file))
					if r := p.run(t, s); s.used(r) || !hasLine(r.Stderr, want) || s.host != "" && !s.unusable && r.Code != 1 {
						t.Errorf("%s: exit code %d, want %q in:\n%s", what, r.Code, want, r.Stderr)
					} else if !s.unusable && !strings.Contains(r.Stderr, "\npullpass: hint: ") {
						t.Errorf("%s: no hint:\n%s", what, r.Stderr)
					}
				}
			})
		}
	}
}

// hasLine reports whether one of the lines has all the parts.
func hasLine(text string, parts []string) bool {
	for line := range strings.Lines(text) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			return true
		}
	}
	return false
}
