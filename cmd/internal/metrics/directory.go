package metrics

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
)

const (
	// maxFile is the size in bytes above which a file cannot be ours: it has two lines a scope.
	maxFile = 1 << 20

	fetchSuffix = ".fetch"
	// staleAfter is the age at which a left fetch is removed. It was never written to the end, or somebody
	// holds the lock for good.
	staleAfter = 10 * time.Minute

	maxFetches = 20      // that a file has; each is some 200 bytes
	maxLeft    = 8 << 10 // bytes of such a file

	// What a round looks at. The next one begins where this one has removed what it has read.
	maxNames = 10_000
	maxFiles = 1000
	maxBytes = 256 << 10
)

// A directory is the textfile with its directory, which is opened once: the path may lead elsewhere a moment
// later.
type directory struct {
	Textfile
	*os.Root
	name string
}

// beside names a file that node_exporter does not read.
func (d directory) beside(suffix string) string { return "." + d.name + suffix }

// lock locks the textfile. The error is that of filelock.TryIn.
func (d directory) lock() (*filelock.Lock, error) {
	name := d.beside(".lock")
	lock, err := filelock.TryIn(d.Root, name)
	if err == nil || errors.Is(err, filelock.ErrRemoved) {
		return lock, err
	}
	info, failed := d.Lstat(name)
	switch {
	case failed != nil:
	case !filelock.IsOwn(info), errors.Is(err, filelock.ErrForeign):
		if d.Remove(name) == nil { // it is in the way, and not ours, or another file of ours that was renamed
			return filelock.TryIn(d.Root, name)
		}
	case errors.Is(err, filelock.ErrLocked) && d.Now().Sub(info.ModTime()) > frozenAfter:
		if lock, failed := filelock.ReplaceIn(d.Root, name, info); failed == nil {
			return lock, nil
		}
	}
	return nil, err
}

// leave writes fetches to files of their own, beside the textfile.
func (d directory) leave(fetches []Fetch) error {
	for some := range slices.Chunk(fetches, maxFetches) {
		data, err := json.Marshal(some)
		if err != nil {
			return err
		}
		name := d.beside("." + rand.Text() + fetchSuffix)
		file, err := d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = file.Write(data) // at once: the file is empty or complete
		if e := file.Close(); err == nil {
			err = e
		}
		if err != nil {
			d.Remove(name)
			return err
		}
	}
	return nil
}

// left returns the names of fetches that processes of this user have left, as many as a round reads. It
// removes stale ones. What another user has put there is that one's business.
func (d directory) left(ctx context.Context) []string {
	opened, err := d.Open(".")
	if err != nil {
		return nil
	}
	defer opened.Close()
	var names []string
	size := int64(0)
	for seen := 0; seen < maxNames && err == nil && ctx.Err() == nil; {
		var some []string
		some, err = opened.Readdirnames(256) // not sorted, and never all: there may be a million
		seen += len(some)
		for _, name := range some {
			if !strings.HasPrefix(name, d.beside(".")) || !strings.HasSuffix(name, fetchSuffix) {
				continue
			}
			info, err := d.Lstat(name)
			switch {
			case err != nil || !filelock.IsOwn(info): // it was collected, or is another user's
			case d.Now().Sub(info.ModTime()) > staleAfter:
				d.Remove(name)
			case info.Size() > 0 && info.Size() <= maxLeft && size+info.Size() <= maxBytes && len(names) < maxFiles:
				names, size = append(names, name), size+info.Size()
			}
		}
	}
	return names
}

// collect adds fetches, and those that processes have left, to the textfile. If it cannot be written, the
// fetches are lost: otherwise they would pile up. It stops reading at the end of ctx. The caller holds the
// lock. If the process is killed meanwhile, some fetches may be counted twice.
func (d directory) collect(ctx context.Context, fetches []Fetch) error {
	var read []string
	for _, name := range d.left(ctx) {
		if ctx.Err() != nil {
			break
		}
		read = append(read, name)
		var some []Fetch
		data, err := d.read(name, maxLeft)
		if err == nil && json.Unmarshal(data, &some) == nil {
			fetches = append(fetches, some...)
		}
	}
	fetches = slices.DeleteFunc(fetches, func(f Fetch) bool { return !f.isValid() })
	slices.SortStableFunc(fetches, func(a, b Fetch) int { return a.At.Compare(b.At) })
	samples, err := d.samples()
	if err != nil {
		d.Warn(fmt.Sprintf("the metrics in %s begin anew: %v", d.Path, err))
		samples = series{}
	}
	for _, fetch := range fetches {
		samples.add(fetch)
	}
	samples.forget(d.Now())
	err = d.replace(samples.text())
	for _, name := range read {
		if e := d.Remove(name); err == nil {
			err = e
		}
	}
	return err
}

// samples returns what is in the textfile, nothing if there is none. Errors quote nothing of it.
func (d directory) samples() (series, error) {
	data, err := d.read(d.name, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return series{}, nil
	}
	if err != nil {
		return nil, err
	}
	return parse(string(data))
}

// read reads a file of this user's own of at most limit bytes.
func (d directory) read(name string, limit int64) ([]byte, error) {
	named, err := d.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !filelock.IsOwn(named) {
		return nil, errors.New("it is not a file of this user's own")
	}
	file, err := d.OpenFile(name, os.O_RDONLY|filelock.OpenFlags, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if opened, err := file.Stat(); err != nil || !os.SameFile(opened, named) {
		return nil, errors.New("it was replaced meanwhile")
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("it is larger than %d KiB", limit>>10)
	}
	return data, nil
}

// replace replaces the textfile's content by text in one step. The caller holds the lock.
func (d directory) replace(text string) error {
	name := d.beside(".tmp")
	d.Remove(name) // a killed process's
	// Others may write to the directory: do not follow what they put there under this name.
	file, err := d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Chmod(0o644) // node_exporter is another user, whatever our umask is
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = d.Rename(name, d.name)
	}
	if err != nil {
		d.Remove(name)
	}
	return err
}
