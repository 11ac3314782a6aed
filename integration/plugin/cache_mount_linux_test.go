package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// A disk is a mount with a store on it.
type disk struct {
	store   // for us
	inside  store
	program string // runs the binary that is tested where the mount is
	burst   string // and the one that is released
}

func storeOn(t *testing.T, m *pullpass.Mounted) disk {
	return disk{
		store:   store(filepath.Join(m.Dir, "cache")),
		inside:  store(filepath.Join(m.Inside, "cache")),
		program: m.Enter(t, binaries.Tested),
		burst:   m.Enter(t, binaries.Released),
	}
}

// ask asks for the cloud's image with the cache on the disk.
func (d disk) ask(t *testing.T, c *cloud) run {
	t.Helper()
	r, err := end(pullpass.Launch(t, d.program, join(pullpass.Offline(t), c.env, d.inside.env()), strings.NewReader(requestFor(c.image)), "-v"))
	must(t, err)
	return r
}

// TestFullDisk has no space left: for the entry alone, or not even for a file. All that ask at
// once are answered, and do not take turns in finding that nothing can be kept.
func TestFullDisk(t *testing.T) {
	for name, c := range map[string]struct {
		options string
		fill    func(*testing.T, *pullpass.Mounted)
	}{
		"no blocks": {"size=128k,mode=700", func(t *testing.T, m *pullpass.Mounted) { m.Fill(t) }},
		"no files": {"size=128k,mode=700,nr_inodes=16", func(t *testing.T, m *pullpass.Mounted) {
			for n := 'a'; ; n++ {
				if err := os.WriteFile(filepath.Join(m.Dir, string(n)), nil, 0o600); err != nil {
					return
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := pullpass.Mount(t, c.options)
			aws, s := newAWSCloud(t), storeOn(t, m)
			must(t, os.Mkdir(string(s.store), 0o700))
			c.fill(t, m)
			for n := range 2 {
				r := s.ask(t, aws)
				aws.accepts(t, r)
				if !strings.Contains(r.stderr, "pullpass: warning: fetch without the cache: ") || !strings.Contains(r.stderr, ": no space left on device") {
					t.Errorf("no warning:\n%s", r.stderr)
				}
				aws.fetched(t, n+1)
			}
			if left := s.files(t, ""); len(left) != 0 {
				t.Errorf("files are left: %q", left)
			}

			// In turns, these would take more than 100 s, and give up waiting after 35 s.
			aws.fake.Always(aws.token, script.Order{Delay: time.Second})
			for _, r := range aws.burst(t, s.burst, s.inside, 100) {
				aws.accepts(t, r)
				if strings.Contains(r.stderr, "has not ended in time") {
					t.Errorf("the processes have waited for each other:\n%s", r.stderr)
				}
			}
			if calls := aws.fake.Calls(aws.token); calls < 102 {
				t.Errorf("%d calls for a token: where were the others kept?", calls)
			}

			// Space again: the next process has a whole cache.
			files, err := os.ReadDir(m.Dir)
			must(t, err)
			for _, file := range files {
				if !file.IsDir() {
					must(t, os.Remove(filepath.Join(m.Dir, file.Name())))
				}
			}
			password := aws.accepts(t, s.ask(t, aws))
			if aws.accepts(t, s.ask(t, aws)) != password {
				t.Error("nothing was kept")
			}
			s.holdsOneEntry(t)
		})
	}
}

// TestDiskFullAtRefresh: the token in hand is good for an answer.
func TestDiskFullAtRefresh(t *testing.T) {
	m := pullpass.Mount(t, "size=128k,mode=700")
	aws, s := newAWSCloud(t), storeOn(t, m)
	password := aws.accepts(t, s.ask(t, aws))
	s.age(t)
	m.Fill(t)
	r := s.ask(t, aws)
	if aws.accepts(t, r) != password || !strings.Contains(r.stderr, "pullpass: warning: a credential is not renewed ahead: ") {
		t.Errorf("another password, or no warning:\n%s", r.stderr)
	}
	aws.fetched(t, 1)
	s.holdsOneEntry(t)
}

// TestReadOnlyMount: what is there is used, and what is not is fetched.
func TestReadOnlyMount(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		prepare func(*testing.T, store)
		hit     bool
	}{
		"good entry":     {func(*testing.T, store) {}, true},
		"entry to renew": {func(t *testing.T, s store) { s.age(t) }, true},
		"expired entry": {func(t *testing.T, s store) {
			edit(t, s.entry(t), entry{"issued": now.Add(-13 * time.Hour), "expires": now.Add(-time.Hour)})
		}, false},
		"corrupt entry": {func(t *testing.T, s store) { replaceFile(t, s.entry(t), []byte("{")) }, false},
		"no entry":      {func(t *testing.T, s store) { s.empty(t) }, false},
		"no directory":  {func(t *testing.T, s store) { must(t, os.RemoveAll(string(s))) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := pullpass.Mount(t, "size=128k,mode=700")
			aws, s := newAWSCloud(t), storeOn(t, m)
			old := aws.accepts(t, s.ask(t, aws))
			c.prepare(t, s.store)
			m.Remount(t, "ro")
			for n := range 2 {
				r := s.ask(t, aws)
				password := aws.accepts(t, r)
				if c.hit {
					if password != old {
						t.Error("the password is another")
					}
					aws.fetched(t, 1)
					continue
				}
				if password == old || !strings.Contains(r.stderr, ": read-only file system") {
					t.Errorf("the old password, or no warning:\n%s", r.stderr)
				}
				aws.fetched(t, n+2)
			}
			m.Remount(t, "rw")
			password := aws.accepts(t, s.ask(t, aws))
			if aws.accepts(t, s.ask(t, aws)) != password {
				t.Error("nothing is kept although it can be written to again")
			}
			s.holdsOneEntry(t)
		})
	}
}
