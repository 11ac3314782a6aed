package plugin

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A store is the path of a directory for the cache, which pullpass makes.
type store string

func newStore(t *testing.T) store {
	t.Helper()
	return store(filepath.Join(t.TempDir(), "cache"))
}

// env names the store, and a home that is always the same: it is a part of some scopes.
func (s store) env() []string {
	return []string{"PULLPASS_CACHE_DIR=" + string(s), "HOME=" + filepath.Dir(string(s))}
}

// files returns the paths of the directory's files with a suffix.
func (s store) files(t *testing.T, suffix string) []string {
	t.Helper()
	files, err := os.ReadDir(string(s))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, file := range files {
		if strings.HasSuffix(file.Name(), suffix) {
			paths = append(paths, filepath.Join(string(s), file.Name()))
		}
	}
	return paths
}

// entry returns the path of the only entry.
func (s store) entry(t *testing.T) string {
	t.Helper()
	entries := s.files(t, ".json")
	if len(entries) != 1 {
		t.Fatalf("the cache holds %d entries, not one", len(entries))
	}
	return entries[0]
}

// holdsOneEntry checks that there is an entry and nothing else.
func (s store) holdsOneEntry(t *testing.T) {
	t.Helper()
	s.entry(t)
	if all := s.files(t, ""); len(all) != 1 {
		t.Errorf("the cache holds more than an entry: %q", all)
	}
}

// An entry is the JSON of a file of the cache.
type entry map[string]any

func readEntry(t *testing.T, path string) entry {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var e entry
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// time returns a time of the entry, or of its failure.
func (e entry) time(t *testing.T, field string) time.Time {
	t.Helper()
	text, _ := e[field].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatalf("%s: %v", field, err)
	}
	return at
}

func (e entry) failure() entry {
	failure, _ := e["failure"].(map[string]any)
	return failure
}

// edit changes fields of the entry at path, as a whole at once.
func edit(t *testing.T, path string, change entry) {
	t.Helper()
	e := readEntry(t, path)
	maps.Copy(e, change)
	replaceFile(t, path, encode(t, e))
}

func encode(t *testing.T, e entry) []byte {
	t.Helper()
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func replaceFile(t *testing.T, path string, data []byte) {
	t.Helper()
	next := filepath.Join(filepath.Dir(path), "next")
	if err := os.WriteFile(next, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

// age makes the only entry one that is past half of its life, and is to be renewed now.
func (s store) age(t *testing.T) {
	t.Helper()
	now := time.Now()
	edit(t, s.entry(t), entry{"issued": now.Add(-8 * time.Hour), "refresh": now.Add(-time.Minute), "failure": nil})
}
