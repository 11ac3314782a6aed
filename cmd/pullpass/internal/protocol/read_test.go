package protocol

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pipe returns both ends of a pipe with text in it.
func pipe(t *testing.T, text string) (in, out *os.File) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		out.Close()
	})
	if _, err := out.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return in, out
}

// TestReadFiles reads from a pipe, in pieces, and from a file.
func TestReadFiles(t *testing.T) {
	in, out := pipe(t, v1Request[:20])
	go func() {
		time.Sleep(10 * time.Millisecond)
		out.WriteString(v1Request[20:] + strings.Repeat(" ", 3000))
		out.Close()
	}()
	if _, err := Read(t.Context(), in, time.Now); err != nil {
		t.Errorf("from a pipe: %v", err)
	}
	for text, want := range map[string]string{
		v1Request: "",
		"":        "it is empty",
		v1Request + strings.Repeat(" ", maxRequest): "it is larger than 1 MiB",
	} {
		path := filepath.Join(t.TempDir(), "request")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		_, err = Read(t.Context(), file, time.Now)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("from a file: got %v, want %q", err, want)
		}
	}
}

// TestReadPipeNeverClosed has a clock that runs fast: one byte after the other does not prolong
// the time.
func TestReadPipeNeverClosed(t *testing.T) {
	in, out := pipe(t, v1Request)
	now := time.Now()
	_, err := Read(t.Context(), in, func() time.Time {
		now = now.Add(requestWithin / 5)
		out.WriteString(" ")
		return now
	})
	if err == nil || err.Error() != "stdin was not closed within 10s" {
		t.Error(err)
	}
}

// TestReadPipeStopped: a signal ends the wait soon.
func TestReadPipeStopped(t *testing.T) {
	in, _ := pipe(t, v1Request)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	started := time.Now()
	if _, err := Read(ctx, in, time.Now); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if took := time.Since(started); took > requestWithin/2 {
		t.Errorf("it took %v", took)
	}
}

func TestReadDirectory(t *testing.T) {
	file, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := Read(t.Context(), file, time.Now); !errors.As(err, new(*fs.PathError)) {
		t.Errorf("got %v, want the error of the read", err)
	}
}
