package cache

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// staleAfter is the age at which a lock or a place belongs to no running fetch.
	staleAfter = 2 * time.Minute
	// orphanAfter is the age at which an entry that cannot be read is removed. Before, a request of
	// its scope may replace it.
	orphanAfter = 24 * time.Hour
)

// sweep removes entries without use, and what killed processes have left. It leaves files that it does not
// know. It reports no errors: the next write sweeps again.
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

// sweepEntry removes the entry at path if it is of no use. It takes the entry's lock and looks again: a new
// entry may have replaced it.
func (c *Cache) sweepEntry(path string, orphaned bool) {
	over := func() bool {
		e, err := readAny(path)
		return err != nil && orphaned || err == nil && e.isOver(c.Now())
	}
	if !over() {
		return
	}
	lock, err := lockFile(strings.TrimSuffix(path, entrySuffix) + lockSuffix)
	if err != nil {
		return
	}
	defer lock.Unlock()
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
	if lock, err := lockFile(path); err == nil {
		lock.Unlock()
	}
}

// isOwnName reports whether the cache gives files such names.
func isOwnName(name string) bool {
	stem, rest, _ := strings.Cut(name, ".")
	isHash := len(stem) == 2*16 && strings.Trim(stem, "0123456789abcdef") == ""
	return isHash && ("."+rest == entrySuffix || "."+rest == lockSuffix || strings.HasSuffix(rest, placeSuffix))
}
