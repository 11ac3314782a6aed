package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestLogHostile: whatever is in the way of the log, a pull is answered at once, and no other file is touched.
func TestLogHostile(t *testing.T) {
	const (
		limit  = 5 * time.Second
		secret = "victim"
	)
	login := write(t, "config.json", `{"auths":{"docker.io":{"username":"me","password":"s3cret"}}}`)
	arguments := config(t, "- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: "+login+"}}\n")
	for name, c := range map[string]struct {
		make   func(victim, path string) error
		logged bool
	}{
		"link":              {os.Symlink, false},
		"hard link":         {os.Link, false},
		"pipe":              {func(_, path string) error { return syscall.Mkfifo(path, 0o666) }, false},
		"link to a device":  {func(_, path string) error { return os.Symlink("/dev/zero", path) }, false},
		"directory":         {func(_, path string) error { return os.Mkdir(path, 0o777) }, false},
		"no directory":      {func(_, path string) error { return os.Remove(filepath.Dir(path)) }, false},
		"file as directory": {func(_, path string) error { return rename(filepath.Dir(path)) }, false},
		"sparse": {func(_, path string) error {
			file, err := os.Create(path)
			if err != nil {
				return err
			}
			defer file.Close()
			return file.Truncate(8 << 30)
		}, true},
		"full, with a link as the older one": {func(victim, path string) error {
			if err := os.Symlink(victim, path+".1"); err != nil {
				return err
			}
			return os.WriteFile(path, make([]byte, 1<<20), 0o640)
		}, true},
		"full, with a directory as the older one": {func(_, path string) error {
			if err := os.MkdirAll(path+".1/below", 0o777); err != nil {
				return err
			}
			return os.WriteFile(path, make([]byte, 2<<20), 0o640)
		}, false},
		"full, with a pipe as the lock": {func(_, path string) error {
			if err := syscall.Mkfifo(filepath.Join(filepath.Dir(path), ".pullpass.log.lock"), 0o666); err != nil {
				return err
			}
			return os.WriteFile(path, make([]byte, 2<<20), 0o640)
		}, false},
		"another user's": {func(_, path string) error {
			if os.Geteuid() != 0 {
				return syscall.Mkfifo(path, 0o666) // it cannot be made here
			}
			if err := os.WriteFile(path, nil, 0o666); err != nil {
				return err
			}
			return os.Chown(path, 65534, 65534)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			victim := write(t, "victim", secret)
			path := filepath.Join(t.TempDir(), "log", "pullpass.log")
			must(t, os.Mkdir(filepath.Dir(path), 0o777))
			must(t, c.make(victim, path))
			begun := time.Now()
			r := pullOnce(t, nil, hubImage, append([]string{"--log-file", path}, arguments...)...)
			if took := time.Since(begun); took > limit {
				t.Errorf("it took %v", took)
			}
			r.answered(t, "docker.io")
			if warned := strings.Contains(r.stderr, "pullpass: warning: the log is not written to "+path+": "); warned == c.logged {
				t.Errorf("stderr is %q", r.stderr)
			}
			if data, err := os.ReadFile(victim); err != nil || string(data) != secret {
				t.Errorf("another file holds %q, %v", data, err)
			}
			if c.logged && len(logged(t, path)) != 1 {
				t.Errorf("logged %q", logged(t, path))
			}
		})
	}
}

// rename makes a file instead of an empty directory.
func rename(directory string) error {
	if err := os.Remove(directory); err != nil {
		return err
	}
	return os.WriteFile(directory, nil, 0o600)
}

// TestLogDisk has no space for the log, or a file system that is read-only: pulls are answered, and no part of a line is
// left where there is space again.
func TestLogDisk(t *testing.T) {
	login := write(t, "config.json", `{"auths":{"docker.io":{"username":"me","password":"s3cret"}}}`)
	arguments := config(t, "- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: "+login+"}}\n")
	m := pullpass.Mount(t, "size=128k,mode=755")
	program := m.Enter(t, binaries.Released)
	path := filepath.Join(m.Dir, "pullpass.log")
	pull := func(want string) {
		t.Helper()
		r, err := end(pullpass.Launch(t, program, pullpass.Offline(t), strings.NewReader(requestFor(hubImage)),
			append([]string{"--log-file", filepath.Join(m.Inside, "pullpass.log")}, arguments...)...))
		must(t, err)
		r.answered(t, "docker.io")
		if warned := strings.Contains(r.stderr, "the log is not written"); warned != (want != "") || !strings.Contains(r.stderr, want) {
			t.Errorf("stderr is %q, want %q", r.stderr, want)
		}
	}
	pull("")
	lines := logged(t, path)
	// One line more would be half a page, and half of it would fit.
	line, err := os.ReadFile(path)
	must(t, err)
	const page = 4096
	padding := "time=2026-10-05T12:00:00Z " + strings.Repeat("x", page-len(line)*3/2-len("time=2026-10-05T12:00:00Z \n")) + "\n"
	must(t, os.WriteFile(path, append(line, padding...), 0o640))
	m.Fill(t)
	pull("no space left")
	if got := logged(t, path); len(got) != 2 {
		t.Errorf("logged %d lines", len(got))
	}
	must(t, os.Remove(filepath.Join(m.Dir, "fill")))
	pull("")
	if got := logged(t, path); len(got) != 3 || got[2][:20] != lines[0][:20] {
		t.Errorf("logged %q", got)
	}
	m.Remount(t, "ro")
	pull("read-only file system")
}
