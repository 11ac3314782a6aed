package secret_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestStoppedWhileItWaits ends a process that has two of three credentials and waits for the
// third: nothing is written, and a file that is there stays.
func TestStoppedWhileItWaits(t *testing.T) {
	for name, c := range map[string]struct {
		signal syscall.Signal
		code   int
	}{
		"killed":      {syscall.SIGKILL, -1},
		"terminated":  {syscall.SIGTERM, 1},
		"interrupted": {syscall.SIGINT, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			directory := t.TempDir()
			kept := filepath.Join(directory, "kept.yaml")
			must(t, os.WriteFile(kept, []byte("a good Secret\n"), 0o600))
			before := state(t, directory)
			w.aws.Always(awsfake.GetAuthorizationToken, script.Hang())
			for i, args := range [][]string{nil, {"--out", kept}, {"--out", filepath.Join(directory, "new.yaml")}} {
				p := w.three().with(args...).launch(t)
				w.await(t, awsfake.GetAuthorizationToken, i+1)
				must(t, p.Process.Signal(c.signal))
				r := end(t, p)
				if after := state(t, directory); r.Code != c.code || r.Stdout != "" || !slices.Equal(after, before) {
					t.Errorf("with %q: exit code %d, %d bytes on stdout, the directory has %q", args, r.Code, len(r.Stdout), after)
				}
				if c.code == 1 {
					checkFailed(t, r, "signal")
				}
			}
		})
	}
}

// TestStoppedAtAPipe ends a process that waits for what nobody writes.
func TestStoppedAtAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	p := call{args: []string{"--namespace", "team", "--service-account", "default", "--service-account-file", pipe}}.launch(t)
	var writer *os.File
	for tries := 0; writer == nil; tries++ { // until it has opened the other end
		file, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil && (!errors.Is(err, syscall.ENXIO) || tries > 60_000) {
			t.Fatal(err)
		}
		writer = file
		time.Sleep(time.Millisecond)
	}
	defer writer.Close()
	must(t, p.Process.Signal(syscall.SIGTERM))
	if r := end(t, p); r.Code != 1 || r.Stdout != "" || !strings.Contains(r.Stderr, pipe+": stopped by a signal") {
		t.Errorf("exit code %d, %d bytes on stdout, stderr:\n%s", r.Code, len(r.Stdout), r.Stderr)
	}
}

// await waits until there have been n calls of one of Amazon's operations.
func (w *world) await(t *testing.T, operation string, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, w.aws.Await(ctx, operation, n))
}

// A rotation writes the one and the other of two Secrets to a file, again and again. They are
// large, so that it takes time.
type rotation struct {
	calls [2]call
	texts [2]string
	out   string
}

func (w *world) newRotation(t *testing.T) *rotation {
	t.Helper()
	r := &rotation{out: filepath.Join(t.TempDir(), "secret.yaml")}
	environment := pullpass.Offline(t)
	for i, letter := range []string{"a", "b"} {
		c := w.three().in(environment)
		c.stdin = strings.Repeat(letter, 200_000)
		r.texts[i] = c.written(t)
		r.calls[i] = c.with("--out", r.out)
	}
	if len(r.texts[0]) < 600_000 || r.texts[0] == r.texts[1] {
		t.Fatal("the two Secrets are small, or the same")
	}
	return r
}

// launch starts the process that writes the i-th Secret.
func (r *rotation) launch(t *testing.T, i int) *pullpass.Process {
	t.Helper()
	c := r.calls[i]
	return pullpass.Launch(t, binaries.Released, c.environ(t), strings.NewReader(c.stdin), c.arguments()...)
}

// check checks what a killed process that wrote the i-th Secret left: the old file or the whole
// new one. It returns which, and how many other files there are, and removes those.
func (r *rotation) check(t *testing.T, i int, before string) (after string, left int) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(r.out))
	must(t, err)
	for _, file := range files {
		path := filepath.Join(filepath.Dir(r.out), file.Name())
		text := read(t, path)
		switch {
		case path == r.out:
			after = text
		case text != "" && text != r.texts[i]:
			t.Fatalf("a part of the Secret is left in %s: %d bytes of %d", file.Name(), len(text), len(r.texts[i]))
		default:
			left++
			must(t, os.Remove(path))
		}
	}
	if after != before && after != r.texts[i] {
		t.Fatalf("the file has %d bytes, before %d, the Secret %d", len(after), len(before), len(r.texts[i]))
	}
	return after, left
}

// TestKilled kills the process at any time of its life.
func TestKilled(t *testing.T) {
	const kills = 100
	r := newWorld(t).newRotation(t)
	content, killed, written, leftovers := "", 0, 0, 0
	var life time.Duration // of the last process that was left alone
	for n := range kills {
		begun := time.Now()
		p := r.launch(t, n%2)
		if n%10 == 0 {
			end(t, p)
			life = time.Since(begun)
			content, _ = r.check(t, n%2, content)
			continue
		}
		time.Sleep(time.Duration(rand.Float64() * float64(life)))
		p.Process.Kill()
		if end(t, p).Code == -1 {
			killed++
		}
		after, left := r.check(t, n%2, content)
		if after != content {
			written++
		}
		content, leftovers = after, leftovers+left
	}
	t.Logf("of %d processes %d were killed and %d wrote their Secret; %d files were left", kills, killed, written, leftovers)
	if killed < kills/3 || written == 0 {
		t.Error("the kills were not spread over a life")
	}
}

// TestKilledAtTheFile kills the process as soon as there is any change in the directory.
func TestKilledAtTheFile(t *testing.T) {
	const kills = 30
	r := newWorld(t).newRotation(t)
	content, killed, leftovers := "", 0, 0
	for n := range kills {
		changes, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		must(t, err)
		_, err = unix.InotifyAddWatch(changes, filepath.Dir(r.out), unix.IN_CREATE|unix.IN_MODIFY|unix.IN_MOVED_TO)
		must(t, err)
		p := r.launch(t, n%2)
		if _, err := unix.Read(changes, make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
		p.Process.Kill()
		if end(t, p).Code == -1 {
			killed++
		}
		unix.Close(changes)
		var left int
		content, left = r.check(t, n%2, content)
		leftovers += left
	}
	t.Logf("of %d processes %d were killed; %d files were left", kills, killed, leftovers)
	if killed == 0 {
		t.Error("no process was killed")
	}
}
