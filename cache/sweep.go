package cache

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// staleAfter is the age at which a lock or a place can belong to no fetch that still runs.
	staleAfter = 2 * time.Minute
	// orphanAfter is the age at which an entry that cannot be read is cleared away; before,
	// its own scope may come and heal it.
	orphanAfter = 24 * time.Hour
)

// sweep removes the entries that are over, and what killed processes have left. It leaves what
// it does not know, and reports no errors: the next write sweeps again.
func (c *Cache) sweep() {
	files, err := os.ReadDir(c.Dir)
	if err != nil {
		return
	}
	now := c.Now()
	for _, file := range files {
		name, path := file.Name(), filepath.Join(c.Dir, file.Name())
		info, err := file.Info()
		if err != nil || !isOwnName(name) {
			continue
		}
		age := now.Sub(info.ModTime())
		switch suffix := filepath.Ext(name); {
		case suffix == placeSuffix && age > staleAfter:
			os.Remove(path)
		case suffix == lockSuffix && age > staleAfter:
			removeUnlocked(path)
		case suffix == entrySuffix:
			c.sweepEntry(path, age > orphanAfter)
		}
	}
}

// sweepEntry removes the entry at path if it is over. It does so under the entry's lock: a new
// one may have taken its place.
func (c *Cache) sweepEntry(path string, orphaned bool) {
	over := func() bool {
		e, err := readAny(path)
		return err != nil && orphaned || err == nil && e.isOver(c.Now())
	}
	if !over() {
		return
	}
	unlock, err := lockFile(strings.TrimSuffix(path, entrySuffix) + lockSuffix)
	if err != nil {
		return
	}
	defer unlock()
	if over() {
		os.RemoveAll(path)
	}
}

// readAny reads the entry at path, of whatever scope.
func readAny(path string) (entry, error) {
	data, err := readFile(path)
	if err != nil {
		return entry{}, err
	}
	e, err := decodeAny(data)
	if err == nil && ID(e.Scope)+entrySuffix != filepath.Base(path) {
		return entry{}, os.ErrInvalid
	}
	return e, err
}

// removeUnlocked removes a lock that nobody holds.
func removeUnlocked(path string) {
	if unlock, err := lockFile(path); err == nil {
		unlock()
	}
}

// isOwnName reports whether the cache gives files such names.
func isOwnName(name string) bool {
	stem, rest, _ := strings.Cut(name, ".")
	isHash := len(stem) == 2*16 && strings.Trim(stem, "0123456789abcdef") == ""
	return isHash && ("."+rest == entrySuffix || "."+rest == lockSuffix || strings.HasSuffix(rest, placeSuffix))
}
