package cache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/provider"
)

const (
	maxEntry = 64 << 10 // bytes; a token has some 2 KiB
	reserved = 8 << 10  // bytes

	entrySuffix = ".json"
	lockSuffix  = ".lock"
	placeSuffix = ".tmp"
)

func (c *Cache) path(scope provider.Scope, suffix string) string {
	return filepath.Join(c.Dir, ID(scope)+suffix)
}

// read returns the entry of scope, the zero one if there is none or an error.
func (c *Cache) read(scope provider.Scope) (entry, error) {
	path := c.path(scope, entrySuffix)
	data, err := readFile(path)
	if err == nil {
		var e entry
		if e, err = decode(data, scope); err == nil && !e.Issued.IsZero() {
			c.Hide(e.credential())
			err = e.credential().Check()
		}
		if err == nil {
			return e, nil
		}
		err = fmt.Errorf("%s: %w", path, err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return entry{}, err
}

// readFile reads a regular file of a plausible size. Errors name it.
func readFile(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|filelock.OpenFlags, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: it is not a regular file", path)
	case info.Size() > maxEntry:
		return nil, fmt.Errorf("%s: it is larger than %d KiB", path, maxEntry>>10)
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(file, data)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	return data[:n], nil
}

// A place is the temporary file of an entry, which replaces the entry of the scope.
type place struct {
	file   *os.File
	target string
}

// reserve creates a place. If that fails, it sweeps and tries again.
func (c *Cache) reserve(scope provider.Scope) (*place, error) {
	p, err := c.tryReserve(scope)
	if err != nil {
		c.sweep()
		return c.tryReserve(scope)
	}
	return p, nil
}

// tryReserve creates a place with its space on the disk. A full disk shows now, before other processes wait
// for an entry that cannot be kept.
func (c *Cache) tryReserve(scope provider.Scope) (*place, error) {
	file, err := os.CreateTemp(c.Dir, ID(scope)+".*"+placeSuffix) // with mode 0600
	if err != nil {
		return nil, err
	}
	p := &place{file, c.path(scope, entrySuffix)}
	if _, err := file.Write(make([]byte, reserved)); err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

// put makes e the entry.
func (p *place) put(e entry) error {
	data, err := e.encode()
	if len(data) > maxEntry {
		err = fmt.Errorf("it is larger than %d KiB", maxEntry>>10)
	}
	if err == nil {
		_, err = p.file.WriteAt(data, 0)
	}
	if err == nil {
		err = p.file.Truncate(int64(len(data)))
	}
	if err != nil {
		p.release()
		return err
	}
	if err := p.file.Close(); err != nil {
		p.release()
		return err
	}
	err = replace(p.file.Name(), p.target)
	if info, e := os.Lstat(p.target); err != nil && e == nil && info.IsDir() {
		// Nobody but us can have made it; no entry can be kept until it is gone.
		if os.RemoveAll(p.target) == nil {
			err = replace(p.file.Name(), p.target)
		}
	}
	if err != nil {
		p.release()
	}
	return err
}

// release removes the place.
func (p *place) release() {
	p.file.Close()
	os.Remove(p.file.Name())
}

// replace renames a file over another. On Windows that fails while someone reads it.
func replace(from, to string) error {
	const tries = 20
	for try := 1; ; try++ {
		err := os.Rename(from, to)
		if err == nil || try == tries || !isInUse(err) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
