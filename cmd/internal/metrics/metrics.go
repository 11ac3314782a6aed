// Package metrics keeps counts of fetches in a file for the textfile collector of
// Prometheus's node_exporter. There is no process of ours that lives long enough to be asked.
package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
)

// Results of a fetch.
const (
	Success = "success"
	None    = "none" // there is no credential to get
	Failure = "failure"
)

// A Fetch is a call of an authority for a credential.
type Fetch struct {
	Provider string // the name of the backend
	Scope    string // short name of what the credential is for
	Result   string // Success, None or Failure
	Took     time.Duration
	At       time.Time // its end
	Expires  time.Time // of a credential; zero if it has no expiry
}

const (
	// maxFile is the size in bytes above which a file cannot be ours: it has two lines a scope.
	maxFile = 1 << 20

	fetchSuffix = ".fetch"
	// staleAfter is the age at which a left fetch is removed. It was never written to the end, or somebody
	// holds the lock for good.
	staleAfter = 10 * time.Minute
	// maxCollected is how many files one round reads: others may be able to write to the directory.
	maxCollected = 1000
)

// A Textfile is the file. It may be updated by many processes at once. All fields must be set.
type Textfile struct {
	Path string // ends in .prom
	Now  func() time.Time
	// Warn takes a line if the file cannot be read and its counters start from zero.
	Warn func(string)
}

// Add adds fetches to the file. It creates the file if needed, but not its directory. It does not wait for
// another process that is adding to the file: it leaves the fetches beside the file, and that process
// adds them. In turn, Add adds what others have left until ctx ends. The rest is for the next Add. The
// error says what cannot be written.
func (t Textfile) Add(ctx context.Context, fetches ...Fetch) error {
	own, err := t.leave(fetches)
	if err != nil {
		return err
	}
	// A process that finds the file locked has left its fetches for us: look again after each unlock.
	for ctx.Err() == nil && len(t.left()) > 0 {
		lock, err := filelock.Try(t.beside(".lock"))
		switch {
		case errors.Is(err, filelock.ErrLocked):
			return nil
		case errors.Is(err, filelock.ErrRemoved):
			continue
		case err != nil:
			os.Remove(own)
			return err
		}
		err = t.collect()
		lock.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// leave writes fetches to a file of their own, beside the textfile, and returns its path.
func (t Textfile) leave(fetches []Fetch) (path string, err error) {
	data, err := json.Marshal(fetches)
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Split(t.beside(".*" + fetchSuffix)))
	if err != nil {
		return "", err
	}
	_, err = file.Write(data) // at once: the file is empty or complete
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return file.Name(), err
}

// left returns the paths of fetches that processes have left, and removes stale ones.
func (t Textfile) left() []string {
	directory, prefix := filepath.Split(t.beside("."))
	files, err := os.ReadDir(directory)
	if err != nil {
		return nil
	}
	var paths []string
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), prefix) || !strings.HasSuffix(file.Name(), fetchSuffix) {
			continue
		}
		path := filepath.Join(directory, file.Name())
		info, err := file.Info()
		switch {
		case err != nil: // it was collected
		case t.Now().Sub(info.ModTime()) > staleAfter:
			os.Remove(path)
		case info.Mode().IsRegular() && info.Size() > 0 && len(paths) < maxCollected:
			paths = append(paths, path)
		}
	}
	return paths
}

// collect moves the fetches that processes have left into the textfile. If it cannot be written, the
// fetches are lost: otherwise they would pile up. The caller holds the lock. If the process is killed
// meanwhile, some fetches may be counted twice.
func (t Textfile) collect() error {
	paths := t.left()
	var fetches []Fetch
	for _, path := range paths {
		var some []Fetch
		data, err := readFile(path)
		if err == nil && json.Unmarshal(data, &some) == nil {
			fetches = append(fetches, some...)
		}
	}
	slices.SortStableFunc(fetches, func(a, b Fetch) int { return a.At.Compare(b.At) })
	samples, err := t.read()
	if err != nil {
		t.Warn(fmt.Sprintf("the metrics in %s begin anew: %v", t.Path, err))
		samples = series{}
	}
	for _, fetch := range fetches {
		samples.add(fetch)
	}
	samples.forget(t.Now())
	err = t.replace(samples.text())
	for _, path := range paths {
		if e := os.Remove(path); err == nil {
			err = e
		}
	}
	return err
}

// beside names a file in the same directory that node_exporter does not read.
func (t Textfile) beside(suffix string) string {
	directory, name := filepath.Split(t.Path)
	return filepath.Join(directory, "."+name+suffix)
}

// read returns what is in the file, nothing if there is none. Errors quote nothing of it.
func (t Textfile) read() (series, error) {
	data, err := readFile(t.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return series{}, nil
	}
	if err != nil {
		return nil, err
	}
	return parse(string(data))
}

// readFile reads a regular file of a plausible size.
func readFile(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|filelock.OpenFlags, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("it is larger than %d KiB", maxFile>>10)
	}
	return data, nil
}

// replace replaces the file's content by text in one step. The caller holds the lock.
func (t Textfile) replace(text string) error {
	name := t.beside(".tmp")
	os.Remove(name) // a killed process's
	// Others may write to the directory: do not follow what they put there under this name.
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
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
		err = os.Rename(name, t.Path)
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}
