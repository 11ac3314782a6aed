package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefusedDirectories has directories that others could have put a credential into, or can
// read: with one in them, that must not be given out. They stay as they are.
func TestRefusedDirectories(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, s store) store // returns what to use as the cache
		want   string
	}{
		"link": {func(t *testing.T, s store) store {
			link := filepath.Join(t.TempDir(), "cache")
			must(t, os.Symlink(string(s), link))
			return store(link)
		}, " is a link"},
		"link to nowhere": {func(t *testing.T, s store) store {
			link := filepath.Join(t.TempDir(), "cache")
			must(t, os.Symlink("/nonexistent", link))
			return store(link)
		}, " is a link"},
		"of another user": {func(t *testing.T, s store) store {
			if os.Geteuid() != 0 {
				return "/usr"
			}
			must(t, os.Chown(string(s), nobody, nobody))
			return s
		}, " belongs to user "},
		"that all can read":     {chmod(0o755), "mode 0755 opens "},
		"that a group can read": {chmod(0o750), "mode 0750 opens "},
		"that all can write":    {chmod(0o777), "mode 0777 opens "},
		"file": {func(t *testing.T, s store) store {
			return store(write(t, "cache", ""))
		}, " is not a directory"},
		"below a file": {func(t *testing.T, s store) store {
			return store(filepath.Join(write(t, "file", ""), "cache"))
		}, "not a directory"},
		"device":   {func(t *testing.T, s store) store { return "/dev/null" }, " is not a directory"},
		"in /proc": {func(t *testing.T, s store) store { return "/proc/pullpass" }, "/proc: it is on procfs"},
	} {
		t.Run(name, func(t *testing.T) {
			aws, s := newAWSCloud(t), newStore(t)
			home := s.env()[1]
			aws.accepts(t, aws.ask(t, s))
			edit(t, s.entry(t), entry{"password": "planted"})
			dir := c.change(t, s)
			before := s.files(t, "")
			for n := range 2 {
				r := ask(t, join(aws.env, dir.env(), []string{home}), aws.image)
				aws.accepts(t, r)
				if !strings.Contains(r.stderr, "pullpass: warning: the cache is not used: ") || !strings.Contains(r.stderr, c.want) {
					t.Errorf("no warning of %q:\n%s", c.want, r.stderr)
				}
				aws.fetched(t, n+2)
			}
			if after := s.files(t, ""); len(after) != len(before) {
				t.Errorf("the directory holds %q", after)
			}
		})
	}
}

func chmod(mode os.FileMode) func(*testing.T, store) store {
	return func(t *testing.T, s store) store {
		must(t, os.Chmod(string(s), mode))
		return s
	}
}
