package install_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// lookedFor returns the paths of a node at which a command looks, and whether there is something.
func lookedFor(t *testing.T, m *machine, args ...string) map[string]bool {
	t.Helper()
	all := tracer{paths: map[string]bool{}}
	all.trace(t, slices.Insert(slices.Clone(args), 1, "--root", m.root)...)
	paths := map[string]bool{}
	for path, found := range all.paths {
		// Our own program and its memory are not the node's. They are looked at before the root is changed.
		if path = filepath.Clean(path); filepath.IsAbs(path) && !strings.HasPrefix(path, "/sys/") && !strings.HasPrefix(path, "/proc/self/") && !strings.HasPrefix(path, m.root) {
			paths[path] = found
		}
	}
	if len(paths) < 10 {
		t.Fatalf("%q looks at %v", args, all.paths)
	}
	return paths
}

// fifo is what an open for reading waits at.
func fifo(path string) error { return syscall.Mkfifo(path, 0o644) }

// TestHostileFiles: whatever is where a command looks for a file, it ends at once, and with little memory.
// The places are all those at which it looks, without other files in them.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(path string) error{
		"FIFO":      fifo,
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
		"link":      func(path string) error { return os.Symlink(filepath.Base(path), path) }, // to itself
		"sparse file": func(path string) error {
			if err := os.WriteFile(path, nil, 0o755); err != nil {
				return err
			}
			return os.Truncate(path, 4<<30)
		},
	}
	if os.Geteuid() == 0 {
		kinds["device"] = func(path string) error {
			return syscall.Mknod(path, syscall.S_IFCHR|0o644, int(unix.Mkdev(1, 5))) // zeros without end
		}
	}
	for _, args := range [][]string{{"install", "--dry-run"}, {"install", "--restart", "--dry-run"}, {"install", "--status"}, {"uninstall", "--dry-run"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			if args[1] != "--dry-run" || args[0] == "uninstall" {
				wantCode(t, m.install(), 0)
			}
			before := withState(m)
			for _, path := range m.newPlaces(t, args...) {
				for kind, place := range kinds {
					missing := m.replace(t, path, place)
					m.bounded(t, kind+" at "+path, args...)
					m.restore(t, path, missing)
				}
			}
			wantSame(t, withState(m), before)
		})
	}
	for _, args := range [][]string{{"install"}, {"install", "--restart", "--restart-timeout", "2s"}, {"uninstall"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			prepared := func() *machine {
				m := newMachine(t)
				if args[0] == "uninstall" {
					wantCode(t, m.install(), 0)
				}
				return m
			}
			for _, path := range prepared().newPlaces(t, args...) {
				m := prepared()
				if _, err := os.Stat(m.path(path)); err != nil && strings.HasPrefix(path, "/proc/10") {
					continue // of the kubelet that comes later: it would be the test that waits
				}
				m.replace(t, path, fifo)
				m.bounded(t, "FIFO at "+path, args...)
			}
		})
	}
}

// places returns where a command looks for files, in order, after running it. There is a file, or nothing.
func (m *machine) places(t *testing.T, args ...string) []string {
	t.Helper()
	places := slices.DeleteFunc(slices.Sorted(maps.Keys(lookedFor(t, m, args...))), func(path string) bool {
		info, err := os.Stat(m.path(path))
		gone := strings.HasPrefix(path, "/proc/") && err != nil && path != "/proc/1/cgroup" // a process that was started meanwhile
		return err == nil && info.IsDir() || gone
	})
	t.Logf("%d places", len(places))
	return places
}

// newPlaces returns those of places at which the command does not look without --restart.
func (m *machine) newPlaces(t *testing.T, args ...string) []string {
	t.Helper()
	places := m.places(t, args...)
	if slices.Contains(args, "--restart") {
		others := newMachine(t).places(t, slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "--restart" })...)
		places = slices.DeleteFunc(places, func(path string) bool { return slices.Contains(others, path) })
	}
	return places
}

// replace puts something else where a file is, and keeps the file beside it. It returns the directories that it
// has made.
func (m *machine) replace(t *testing.T, path string, place func(string) error) (made []string) {
	t.Helper()
	for directory := filepath.Dir(path); ; directory = filepath.Dir(directory) {
		if _, err := os.Lstat(m.path(directory)); err == nil {
			break
		}
		made = append(made, directory)
	}
	must(t, os.MkdirAll(m.path(filepath.Dir(path)), 0o755))
	if err := os.Rename(m.path(path), m.path(path)+".kept"); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	must(t, place(m.path(path)))
	return made
}

// restore undoes replace.
func (m *machine) restore(t *testing.T, path string, made []string) {
	t.Helper()
	must(t, os.RemoveAll(m.path(path)))
	if err := os.Rename(m.path(path)+".kept", m.path(path)); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, directory := range made {
		must(t, os.Remove(m.path(directory)))
	}
}

// bounded runs a command, which has to end in time and with little memory. It may fail.
func (m *machine) bounded(t *testing.T, what string, args ...string) pullpass.Run {
	t.Helper()
	const (
		most   = 20 * time.Second // an unhealthy kubelet is waited for for 15 s
		memory = 160 << 10        // KiB; our own program is held twice, as it is and as a copy to write
	)
	p := newProcess(t, slices.Insert(slices.Clone(args), 1, "--root", m.root)...)
	used := pullpass.MeasurePeak(t, peak, p.Cmd)
	must(t, p.Start())
	timer := time.AfterFunc(most, func() { p.Process.Kill() })
	r := end(t, p)
	timer.Stop()
	if r.Code < 0 {
		t.Errorf("%s: it does not end", what)
		return r
	}
	if used := used(); used > memory {
		t.Errorf("%s: it uses %d KiB", what, used)
	}
	if strings.Contains(r.Stderr, "panic") || r.Code > 1 {
		t.Errorf("%s: %+v", what, r)
	}
	return r
}
