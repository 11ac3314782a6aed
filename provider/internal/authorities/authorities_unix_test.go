//go:build !windows && !darwin

package authorities

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestCheckSystem(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"file": "x", "open": "x", "large": strings.Repeat("x", 1<<20+1),
		"good/one": "x", "good/below/two": "x", "bad/open": "x", "linked/x": "x", "big/one": "x", "fifo/x": "x", "alias/one": "x",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		os.Chmod(filepath.Join(dir, "open"), 0o666),
		os.Chmod(filepath.Join(dir, "bad/open"), 0o666),
		os.Symlink("../open", filepath.Join(dir, "linked/link")),
		os.Symlink("nothing", filepath.Join(dir, "good/dangling")),
		os.Symlink("../nothing", filepath.Join(dir, "good/dangling2")),
		os.Symlink("../alias", filepath.Join(dir, "good/directory")),
		os.Symlink("one", filepath.Join(dir, "alias/1234.0")),
		syscall.Mkfifo(filepath.Join(dir, "fifo/f"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 9 {
		if err := os.WriteFile(filepath.Join(dir, "big", strings.Repeat("x", i+1)), make([]byte, 1<<20), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ file, directories, err string }{
		{},
		{file: "$/file", directories: "$/good"},
		{file: "$/nothing", directories: "$/nothing:/dev/null::$/alias"},
		{file: "/dev/null"},
		{file: "/dev/zero", err: "SSL_CERT_FILE: read /dev/zero: not a regular file"},
		{file: "$/large", err: "SSL_CERT_FILE: read $/large: larger than 1 MiB"},
		{file: "$/open", err: "SSL_CERT_FILE: $/open: mode 0666 lets group or others change where credentials go"},
		{directories: "$/good:$/bad", err: "SSL_CERT_DIR: $/bad/open: mode 0666 lets group or others change where credentials go"},
		{directories: "$/linked", err: "SSL_CERT_DIR: $/linked/link: mode 0666 of $/open lets group or others change where credentials go"},
		{directories: "$/fifo", err: "SSL_CERT_DIR: read $/fifo/f: not a regular file"},
		{directories: "$/big", err: "SSL_CERT_DIR: read $/big: more than 8 MiB in all"},
	} {
		environment := map[string]string{
			fileVariable: strings.ReplaceAll(test.file, "$", dir), directoryVariable: strings.ReplaceAll(test.directories, "$", dir),
		}
		text := ""
		if err := CheckSystem(func(name string) string { return environment[name] }); err != nil {
			text = err.Error()
		}
		if want := strings.ReplaceAll(test.err, "$", dir); text != want {
			t.Errorf("%v: %q, want %q", environment, text, want)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bundle.pem")
	if err := os.WriteFile(path, []byte("none"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || err.Error() != "no certificate in "+path {
		t.Errorf("the error is %v", err)
	}
	if _, err := Load("/dev/zero"); err == nil || err.Error() != "read /dev/zero: not a regular file" {
		t.Errorf("the error is %v", err)
	}
}
