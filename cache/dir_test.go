package cache

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// wantUnused has calls find a directory that must not be used: each is answered by a fetch of
// its own, and warns.
func (c *testCache) wantUnused(t *testing.T, warning ...string) {
	t.Helper()
	a := &authority{clock: c.clock, life: time.Hour}
	for number := 1; number <= 2; number++ {
		c.wantCall(t, a, number)
		c.wantWarning(t, append(warning, "the cache is not used: ")...)
	}
	a.err = errors.New("refused")
	if _, err := c.Get(t.Context(), scope, a.fetch); err != a.err {
		t.Errorf("the error is %v, want the authority's own", err)
	}
	c.wantWarning(t, warning...)
}

func TestAFileInThePlaceOfTheDirectory(t *testing.T) {
	t.Parallel()
	for _, below := range []string{"", "below", "far/below"} {
		t.Run(below, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			file := c.Dir
			writeFile(t, file, []byte("stays"))
			c.Dir = filepath.Join(file, below)
			c.wantUnused(t, file)
			if data, err := os.ReadFile(file); string(data) != "stays" {
				t.Errorf("the file holds %q, the error is %v", data, err)
			}
			if _, err := c.List(); err == nil {
				t.Error("List gives no error")
			}
			if _, err := c.Clear(t.Context(), ""); err == nil {
				t.Error("Clear gives no error")
			}
		})
	}
}

func TestMissingParentsAreMade(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.Dir = filepath.Join(c.Dir, "more", "below")
	a := &authority{clock: c.clock, life: time.Hour}
	c.wantCall(t, a, 1)
	c.wantCall(t, a, 1)
	c.wantFiles(t, ID(scope)+entrySuffix)
}
