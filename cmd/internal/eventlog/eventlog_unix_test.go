//go:build !windows

package eventlog

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNotOwn: what this user has not made is not written to.
func TestNotOwn(t *testing.T) {
	for name, put := range map[string]func(victim, path string) error{
		"link":          os.Symlink,
		"link to none":  func(victim, path string) error { return os.Symlink(victim+"x", path) },
		"link beside":   func(_, path string) error { return os.Symlink("beside", path) },
		"hard link":     os.Link,
		"pipe":          func(_, path string) error { return syscall.Mkfifo(path, 0o666) },
		"directory":     func(_, path string) error { return os.Mkdir(path, 0o755) },
		"link to a tty": func(_, path string) error { return os.Symlink("/dev/zero", path) },
		"another user's": func(_, path string) error {
			if os.Geteuid() != 0 {
				return os.Mkdir(path, 0o755) // it cannot be made here
			}
			if err := os.WriteFile(path, nil, 0o666); err != nil {
				return err
			}
			return os.Chown(path, 65534, 65534)
		},
	} {
		t.Run(name, func(t *testing.T) {
			victim, directory := filepath.Join(t.TempDir(), "victim"), t.TempDir()
			for _, path := range []string{victim, filepath.Join(directory, "beside")} {
				if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(directory, "pullpass.log")
			if err := put(victim, path); err != nil {
				t.Fatal(err)
			}
			if err := Append(path, []string{"a"}); err == nil || !strings.Contains(err.Error(), "not a file of this user's own") {
				t.Errorf("the error is %v", err)
			}
			if content(t, victim) != "x" || content(t, filepath.Join(directory, "beside")) != "x" {
				t.Error("another file was written to")
			}
			if _, err := os.Stat(victim + "x"); err == nil {
				t.Error("another file was made")
			}
		})
	}
}

// TestKeptFromRotating: the file does not grow without end where it cannot be rotated.
func TestKeptFromRotating(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "pullpass.log")
	if err := os.MkdirAll(filepath.Join(path+rotatedSuffix, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	var last error
	for range 10 {
		last = Append(path, []string{strings.Repeat("x", 300<<10)})
	}
	if info, err := os.Stat(path); err != nil || info.Size() > hardLimit || last == nil || !strings.Contains(last.Error(), "cannot be rotated") {
		t.Errorf("%v, %v, the last error is %v", info, err, last)
	}
}

// TestRotatedLink: a link instead of the older file is replaced, not followed.
func TestRotatedLink(t *testing.T) {
	victim, path := filepath.Join(t.TempDir(), "victim"), filepath.Join(t.TempDir(), "pullpass.log")
	if err := os.WriteFile(victim, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path+rotatedSuffix); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Append(path, []string{strings.Repeat("x", maxFile*2/3)}); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Lstat(path + rotatedSuffix); err != nil || !info.Mode().IsRegular() || content(t, victim) != "x" {
		t.Errorf("%v, %v", info, err)
	}
}

// TestSend: each event is a datagram, to the first socket that is there.
func TestSend(t *testing.T) {
	directory, err := os.MkdirTemp("", "log") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(directory)
	socket := filepath.Join(directory, "log")
	none := []string{filepath.Join(directory, "none"), filepath.Join(directory, "other")}
	if err := send(none, []Event{{Level: Info}}); err == nil || !strings.Contains(err.Error(), none[0]) {
		t.Errorf("the error is %v", err)
	}
	listener, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	events := []Event{{At: at, Level: Error, Text: "a b"}, {At: at, Level: Warning, Text: "c"}, {At: at, Level: Info, Registry: "docker.io", Text: "d"}}
	if err := send([]string{none[0], socket}, events); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`<27>%s level=error msg="a b"`, `<28>%s level=warning msg=c`, `<30>%s level=info registry=docker.io msg=d`} {
		buffer := make([]byte, 1000)
		n, err := listener.Read(buffer)
		header := fmt.Sprintf("Oct  5 14:00:00 pullpass[%d]:", os.Getpid())
		if want := fmt.Sprintf(want, header); err != nil || string(buffer[:n]) != want {
			t.Errorf("message %d is %q, %v, want %q", i, buffer[:n], err, want)
		}
	}
}
