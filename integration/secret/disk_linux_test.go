package secret_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestFullDisk: what cannot be written whole is not written, and what is there stays.
func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		options string
		fill    func(*testing.T, *pullpass.Mounted)
	}{
		"no blocks": {"size=128k,mode=700", func(t *testing.T, m *pullpass.Mounted) { m.Fill(t) }},
		"a page, and no more": {"size=128k,mode=700", func(t *testing.T, m *pullpass.Mounted) {
			m.Fill(t)
			fill := filepath.Join(m.Dir, "fill")
			must(t, os.Truncate(fill, int64(len(read(t, fill))-os.Getpagesize())))
		}},
		"no files": {"size=128k,mode=700,nr_inodes=16", func(t *testing.T, m *pullpass.Mounted) {
			for n := 'a'; n <= 'z'; n++ {
				if err := os.WriteFile(filepath.Join(m.Dir, string(n)), nil, 0o600); err != nil {
					return
				}
			}
			t.Error("there is no end of files")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := pullpass.Mount(t, c.options)
			kept := filepath.Join(m.Dir, "kept.yaml")
			w.toFile(t, kept)
			c.fill(t, m)
			before := state(t, m.Dir)
			for _, out := range []string{kept, filepath.Join(m.Dir, "new.yaml")} {
				r := w.three().with("--out", out).run(t)
				checkFailed(t, r, "write "+out, "no space left on device")
				if after := state(t, m.Dir); !slices.Equal(after, before) {
					t.Errorf("with %s the directory has %d files, before %d, or another content", filepath.Base(out), len(after), len(before))
				}
			}
			// With space again, the same call works.
			for _, file := range before {
				if name, _, _ := strings.Cut(file, " "); name != "kept.yaml" {
					must(t, os.Remove(filepath.Join(m.Dir, name)))
				}
			}
			w.toFile(t, kept)
			if after := state(t, m.Dir); len(after) != 1 {
				t.Errorf("there are %d files", len(after))
			}
		})
	}
}

// toFile writes the Secret of three registries to path, and checks that it is there, for its
// owner alone.
func (w *world) toFile(t *testing.T, path string) {
	t.Helper()
	r := w.three().with("-o", "json", "--out", path).run(t)
	if r.Code != 0 || r.Stdout != "" {
		t.Fatalf("exit code %d, %d bytes on stdout, stderr:\n%s", r.Code, len(r.Stdout), r.Stderr)
	}
	if keys := parse(t, read(t, path)).config(t).keys(); len(keys) != 3 {
		t.Errorf("the Secret is for %q", keys)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("the mode is %v", info.Mode())
	}
}

// TestReadOnlyDisk is TestFullDisk for a file system that takes nothing.
func TestReadOnlyDisk(t *testing.T) {
	w := newWorld(t)
	m := pullpass.Mount(t, "size=128k,mode=700")
	kept := filepath.Join(m.Dir, "kept.yaml")
	w.toFile(t, kept)
	before := state(t, m.Dir)
	m.Remount(t, "ro")
	for _, out := range []string{kept, filepath.Join(m.Dir, "new.yaml")} {
		checkFailed(t, w.three().with("--out", out).run(t), "write "+out, "read-only file system")
	}
	if after := state(t, m.Dir); !slices.Equal(after, before) {
		t.Errorf("the directory has %d files, or another content", len(after))
	}
}

// TestFullStdout: who only looks at the exit code knows that the Secret is not whole.
func TestFullStdout(t *testing.T) {
	w := newWorld(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer full.Close()
	for _, format := range []string{"yaml", "json", "dockerconfigjson"} {
		c := w.three().with("-o", format)
		p := pullpass.NewProcess(t, binaries.Tested, c.environ(t), strings.NewReader(c.stdin), c.arguments()...)
		p.Stdout = full
		must(t, p.Start())
		checkFailed(t, end(t, p), "no space left on device")
	}
}
