//go:build !windows

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/provider"
)

func TestLoad(t *testing.T) {
	path := write(t, full, 0o644)
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	list := backends.All()
	for _, name := range []string{path, link} {
		got, err := Load(name, list)
		if err != nil {
			t.Fatal(err)
		}
		if want := fullConfig(t, list); !reflect.DeepEqual(got, want) {
			t.Errorf("Load gives %+v, want %+v", got, want)
		}
	}
}

func TestLoadOfABadFile(t *testing.T) {
	path := write(t, head+"x: y\n", 0o600)
	_, err := Load(path, backends.All())
	if want := path + ":3: x: unknown field, known are apiVersion, kind, cache, metrics, log, registries"; err == nil || err.Error() != want {
		t.Errorf("Load gives the error %v, want %s", err, want)
	}
}

func TestLoadOfAMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing.yaml")
	_, err := Load(path, backends.All())
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Load gives the error %v, want one that names the path and is fs.ErrNotExist", err)
	}
}

// TestLoadOfAFileThatOthersCanRemove: without root's rules, other ones decide.
func TestLoadOfAFileThatOthersCanRemove(t *testing.T) {
	directory := t.TempDir()
	if err := os.Chmod(directory, 0o775); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "missing.yaml")
	_, err := Load(path, backends.All())
	if want := path + ": mode 0775 of " + directory + " lets group or others change where credentials go"; err == nil || err.Error() != want {
		t.Errorf("Load gives the error %v, want %s", err, want)
	}
}

func TestLoadOfAFileThatOthersCanWrite(t *testing.T) {
	for _, mode := range []fs.FileMode{0o664, 0o602, 0o666, 0o620} {
		path := write(t, full, mode)
		_, err := Load(path, backends.All())
		want := fmt.Sprintf("%s: mode %04o lets group or others change where credentials go", path, mode)
		if err == nil || err.Error() != want {
			t.Fatalf("Load gives the error %v, want %s", err, want)
		}
		if hint, want := provider.Hint(err), "chmod go-w "+path; hint != want {
			t.Errorf("Load hints %q, want %q", hint, want)
		}
	}
}

// write makes a file whose mode the umask does not change.
func write(t *testing.T, content string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}
