package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/provider"
)

// An Entry is what the cache knows of a scope, without the secret.
type Entry struct {
	ID       string // of the scope
	Scope    provider.Scope
	Username string    // for people, see provider.Credential; "" if there is no credential
	Issued   time.Time // zero if there is no credential
	Refresh  time.Time // zero if it is not renewed ahead
	Expires  time.Time // zero if there is no expiry
	// GoodUntil is when the credential is no longer given out; zero if there is none.
	GoodUntil time.Time
	// Reread is whether the credential is read again after GoodUntil, because it has no expiry that is believed.
	Reread  bool
	Failure *Failure // the last failure; nil if the last fetch was good
}

// List returns the entries, sorted by scope. Without a directory, there are none. It warns of entries that
// cannot be read. The error says why the directory is not used.
func (c *Cache) List() ([]Entry, error) {
	paths, err := c.entries()
	if err != nil {
		return nil, err
	}
	var list []Entry
	for _, path := range paths {
		e, err := readAny(path)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed in the meantime
		case err != nil:
			c.Warn(fmt.Sprintf("%s: it is not an entry that can be read", path))
		default:
			c.Hide(e.credential())
			list = append(list, Entry{
				ID: ID(e.Scope), Scope: e.Scope, Username: e.credential().ShownUsername(),
				Issued: e.Issued, Refresh: e.Refresh, Expires: e.Expires, GoodUntil: e.goodUntil(), Reread: !e.Issued.IsZero() && e.isReread(), Failure: e.Failure,
			})
		}
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Scope, b.Scope) })
	return list, nil
}

// IDs returns the IDs of all entries, including those that cannot be read. The error says why the directory
// is not used.
func (c *Cache) IDs() ([]string, error) {
	paths, err := c.entries()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, path := range paths {
		ids = append(ids, strings.TrimSuffix(filepath.Base(path), entrySuffix))
	}
	return ids, nil
}

// Clear removes the entries whose IDs begin with prefix, including those that cannot be read, and returns
// their number. It waits for running fetches, which would write an entry again, until ctx ends. The error
// names what could not be removed.
func (c *Cache) Clear(ctx context.Context, prefix string) (int, error) {
	paths, err := c.entries()
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, path := range paths {
		if !strings.HasPrefix(filepath.Base(path), prefix) {
			continue
		}
		if err := c.clear(ctx, path); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// clear removes the entry at path, and the temporary files of killed processes for it.
func (c *Cache) clear(ctx context.Context, path string) error {
	stem := strings.TrimSuffix(path, entrySuffix)
	lock, err := c.waitLock(ctx, stem+lockSuffix)
	for errors.Is(err, errRemoved) && ctx.Err() == nil {
		lock, err = c.waitLock(ctx, stem+lockSuffix)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, filelock.ErrFrozen):
		return provider.WithHint(fmt.Errorf("another process fetches %s and has not ended in time", filepath.Base(stem)),
			"try again; the process has "+stem+lockSuffix+" open")
	case errors.Is(err, context.Canceled):
		return errors.New("stopped by a signal")
	case err != nil:
		return fmt.Errorf("lock %s: %w", filepath.Base(stem), err)
	}
	defer lock.Unlock()
	files, err := os.ReadDir(c.Dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		if strings.HasPrefix(file.Name(), filepath.Base(stem)+".") && strings.HasSuffix(file.Name(), placeSuffix) {
			os.Remove(filepath.Join(c.Dir, file.Name()))
		}
	}
	return os.RemoveAll(path)
}

// entries returns the paths of all entries.
func (c *Cache) entries() ([]string, error) {
	err := c.checkDir()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	files, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, file := range files {
		if name := file.Name(); isOwnName(name) && filepath.Ext(name) == entrySuffix {
			paths = append(paths, filepath.Join(c.Dir, name))
		}
	}
	return paths, nil
}
