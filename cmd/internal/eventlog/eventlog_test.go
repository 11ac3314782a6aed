package eventlog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var at = time.Date(2026, 10, 5, 14, 0, 0, 0, time.FixedZone("", 2*60*60))

func TestString(t *testing.T) {
	for _, test := range []struct {
		event Event
		want  string
	}{
		{Event{Level: Info}, "level=info"},
		{Event{Level: Error, Registry: "docker.io", Provider: "dockerhub", Text: "no", Hint: "docker login"}, `level=error registry=docker.io provider=dockerhub msg=no hint="docker login"`},
		{Event{Level: Warning, Text: "a\n\x1b[1m\"b\" =ü"}, `level=warning msg="a\n\x1b[1m\"b\" =ü"`},
		{Event{Level: Info, Registry: "a=b", Text: `c\d`}, `level=info registry="a=b" msg="c\\d"`},
	} {
		test.event.At = at
		if got, want := test.event.String(), "time=2026-10-05T12:00:00Z "+test.want; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestAppend: a file is made and added to.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pullpass.log")
	for _, lines := range [][]string{{"a"}, {"b", "c"}} {
		if err := Append(path, lines); err != nil {
			t.Fatal(err)
		}
	}
	if got := content(t, path); got != "a\nb\nc\n" {
		t.Errorf("the file holds %q", got)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != fileMode {
		t.Errorf("%v, %v", info, err)
	}
	if err := Append(filepath.Join(t.TempDir(), "none", "pullpass.log"), []string{"a"}); err == nil {
		t.Error("a directory was made")
	}
}

// TestRotate: there are never more than two files, of the bounded size.
func TestRotate(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "pullpass.log")
	line := strings.Repeat("x", 300<<10)
	for range 20 {
		if err := Append(path, []string{line}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) != 2 {
		t.Fatalf("the directory holds %v, %v", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Size() > maxFile || !strings.HasPrefix(info.Name(), "pullpass.log") {
			t.Errorf("%v, %v", info, err)
		}
	}
}

// TestConcurrent: lines that are appended at once, over rotations, are whole, and none of the last ones is lost.
func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pullpass.log")
	const writers, each = 8, 100
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				if err := Append(path, []string{fmt.Sprintf("%d.%d %s.", w, i, strings.Repeat("x", 2000))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for line := range strings.Lines(content(t, path+rotatedSuffix) + content(t, path)) {
		if name, rest, _ := strings.Cut(line, " "); rest != strings.Repeat("x", 2000)+".\n" || seen[name] {
			t.Errorf("a line begins with %.20q and has %d bytes", line, len(line))
		} else {
			seen[name] = true
		}
	}
	if want := writers * each; len(seen) != want { // 1.6 MB: rotated once
		t.Errorf("%d lines, want %d", len(seen), want)
	}
}

// printed is what was written so far, by any goroutine.
type printed struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *printed) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(data)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// TestFollow prints what is there and what comes, over a rotation, and says once why it cannot.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "pullpass.log")
		ctx, cancel := context.WithCancel(t.Context())
		var out, warned printed
		go Follow(ctx, path, &out, func(text string) { fmt.Fprintln(&warned, text) })
		step := func(want string) {
			t.Helper()
			time.Sleep(3 * lookEvery)
			synctest.Wait()
			if out.String() != want {
				t.Errorf("printed %q, want %q", out.String(), want)
			}
		}
		add := func(path, text string) {
			t.Helper()
			file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
			if err == nil {
				_, err = file.WriteString(text)
				file.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		step("")
		add(path, "a\n")
		step("a\n")
		add(path, "b\n")
		step("a\nb\n")
		if err := os.Rename(path, path+rotatedSuffix); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery)
		synctest.Wait()
		add(path+rotatedSuffix, "late\n")
		add(path, "c\n")
		step("a\nb\nlate\nc\n")
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		step("a\nb\nlate\nc\n")
		add(path, "d\n")
		step("a\nb\nlate\nc\nd\n")
		if warned.String() != "" {
			t.Errorf("warnings %q", warned.String())
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		step("a\nb\nlate\nc\nd\n")
		if text := warned.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "it is not a regular file") {
			t.Errorf("warnings %q", text)
		}
		cancel()
		synctest.Wait()
	})
}
