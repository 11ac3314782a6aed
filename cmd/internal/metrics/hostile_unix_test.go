//go:build !windows

package metrics

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
)

// one is a fetch as a process leaves it.
const one = `[{"Provider":"ecr","Scope":"x","Result":"none","At":"2026-10-05T12:00:00Z"}]`

func leave(t *testing.T, file Textfile, name, content string) string {
	t.Helper()
	path := beside(file, "."+name+fetchSuffix)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantNone checks how many fetches without a credential are counted.
func wantNone(t *testing.T, file Textfile, want int) {
	t.Helper()
	if got := content(t, file); !strings.Contains(got, fmt.Sprintf("result=\"none\"} %d\n", want)) {
		t.Errorf("the file holds\n%s\nwant %d", got, want)
	}
}

// TestNotOwn: what pullpass cannot have left is neither read nor removed before it is stale.
func TestNotOwn(t *testing.T) {
	long := "[" + strings.Repeat("{},", 250_000) + "{}]"
	for name, make := range map[string]func(t *testing.T, file Textfile){
		"large": func(t *testing.T, file Textfile) { leave(t, file, "1", long) },
		"link": func(t *testing.T, file Textfile) {
			target := leave(t, file, "1", "")
			os.Remove(target)
			os.Symlink(otherFile(t), target)
		},
		"hard": func(t *testing.T, file Textfile) {
			target := leave(t, file, "1", "")
			os.Remove(target)
			os.Link(otherFile(t), target)
		},
		"pipe":      func(t *testing.T, file Textfile) { syscall.Mkfifo(beside(file, ".1"+fetchSuffix), 0o600) },
		"directory": func(t *testing.T, file Textfile) { os.Mkdir(beside(file, ".1"+fetchSuffix), 0o700) },
		"another user's": func(t *testing.T, file Textfile) {
			path := leave(t, file, "1", one)
			if os.Geteuid() == 0 {
				os.Chown(path, 65534, 65534)
			} else {
				os.Remove(path)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := start
			file, warnings := textfile(t, &now)
			make(t, file)
			before, _ := os.ReadDir(filepath.Dir(file.Path))
			add(t, file, Fetch{Provider: "ecr", Result: None})
			wantNone(t, file, 1)
			after, _ := os.ReadDir(filepath.Dir(file.Path))
			if len(after) != len(before)+1 || len(*warnings) > 0 {
				t.Errorf("the directory holds %v, warnings %q", after, *warnings)
			}
		})
	}
}

// otherFile is a file of another purpose that holds a fetch.
func otherFile(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(path, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInvalidFetches: a file of the right size with what no process of ours leaves.
func TestInvalidFetches(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	leave(t, file, "1", `[{},{},{"Provider":"ecr","Result":"x"},{"Provider":"ecr","Result":"none","Took":-1},{"Result":"none"}]`)
	leave(t, file, "2", `[{"Provider":"`+strings.Repeat("x", 1000)+`","Result":"none"}]`)
	leave(t, file, "3", `{"Provider":"ecr"}`)
	leave(t, file, "4", strings.Repeat("[", 5000))
	leave(t, file, "5", one)
	add(t, file, Fetch{Provider: "ecr", Result: None})
	wantNone(t, file, 2)
	isAlone(t, file)
}

// TestManyFiles: those that a round does not read are for the next ones, and the own fetch is always
// counted.
func TestManyFiles(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	const many = maxFiles + maxFiles/2
	for i := range many {
		leave(t, file, fmt.Sprint(i), one)
	}
	add(t, file, Fetch{Provider: "ecr", Result: None})
	wantNone(t, file, many+1)
	isAlone(t, file)
}

// TestHugeDirectory: the own fetch is counted, whatever else is there.
func TestHugeDirectory(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	for i := range 3 * maxNames {
		if err := syscall.Mknod(beside(file, fmt.Sprintf(".%d%s", i, fetchSuffix)), syscall.S_IFREG|0o600, 0); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(filepath.Dir(file.Path))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	clock := 0
	file.Now = func() time.Time { clock++; return now } // once for each file that is looked at
	d := directory{Textfile: file, Root: root, name: filepath.Base(file.Path)}
	if left := d.left(t.Context()); len(left) != 0 || clock > maxNames+1000 {
		t.Errorf("%d left, %d looked at", len(left), clock)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if clock = 0; len(d.left(ctx)) != 0 || clock > 256 {
		t.Errorf("after its time it has looked at %d", clock)
	}
	add(t, file, Fetch{Provider: "ecr", Result: None})
	wantNone(t, file, 1)
}

// TestInTheWayOfTheLock: what is not a lock of ours is replaced.
func TestInTheWayOfTheLock(t *testing.T) {
	for name, create := range map[string]func(path string) error{
		"link":            func(path string) error { return os.Symlink(otherFile(t), path) },
		"link beside":     func(path string) error { return os.Symlink(filepath.Base(path)+"x", path) },
		"hard link":       func(path string) error { return os.Link(otherFile(t), path) },
		"pipe":            func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"empty directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a textfile":      func(path string) error { return os.WriteFile(path, make([]byte, 4<<10), 0o644) },
		"another user's, locked": func(path string) error {
			held, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
			if err != nil || os.Geteuid() != 0 {
				held.Close()
				return err
			}
			t.Cleanup(func() { held.Close() })
			if err := held.Chown(65534, 65534); err != nil {
				return err
			}
			return syscall.Flock(int(held.Fd()), syscall.LOCK_EX)
		},
		"of a frozen process": func(path string) error {
			held, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				return err
			}
			t.Cleanup(func() { held.Close() })
			return syscall.Flock(int(held.Fd()), syscall.LOCK_EX)
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Now().Add(2 * frozenAfter)
			file, warnings := textfile(t, &now)
			if err := create(beside(file, ".lock")); err != nil {
				t.Fatal(err)
			}
			add(t, file, Fetch{Provider: "ecr", Result: None})
			wantNone(t, file, 1)
			if len(*warnings) > 0 {
				t.Errorf("warnings %q", *warnings)
			}
			if _, err := os.Lstat(beside(file, ".lock")); err == nil {
				t.Error("the lock is left")
			}
		})
	}
}

// TestAnothersTextfile: its counts are not believed.
func TestAnothersTextfile(t *testing.T) {
	if os.Geteuid() != 0 {
		return // it cannot be made here; the tests of the image run as root
	}
	now := start
	file, warnings := textfile(t, &now)
	if err := os.WriteFile(file.Path, []byte("pullpass_fetches_total{provider=\"ecr\",result=\"none\"} 7\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file.Path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	add(t, file, Fetch{Provider: "ecr", Result: None})
	wantNone(t, file, 1)
	if len(*warnings) != 1 || !strings.Contains((*warnings)[0], "not a file of this user's own") {
		t.Errorf("warnings %q", *warnings)
	}
}

// TestLeaveManyFetches: a process can leave more fetches than one file of them has.
func TestLeaveManyFetches(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	lock, err := filelock.Try(beside(file, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	fetches := make([]Fetch, 3*maxFetches+1)
	for i := range fetches {
		fetches[i] = Fetch{Provider: strings.Repeat("p", 90), Scope: strings.Repeat("s", 90), Result: None, Took: time.Hour, At: now, Expires: now}
	}
	add(t, file, fetches...)
	lock.Unlock()
	add(t, file)
	wantNone(t, file, len(fetches))
	isAlone(t, file)
}
