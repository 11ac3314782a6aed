// Package metrics keeps counts of fetches in a file for the textfile collector of
// Prometheus's node_exporter. There is no process of ours that lives long enough to be asked.
//
// The directory may be another user's, who can put anything into it. What is not a file of this user's own
// is not read, and what is read, and the time that it takes, have a bound.
package metrics

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

// isValid reports whether a fetch can be one that pullpass has made.
func (f Fetch) isValid() bool {
	const long = 100
	switch f.Result {
	case Success, None, Failure:
		return f.Provider != "" && len(f.Provider) < long && len(f.Scope) < long && f.Took >= 0
	}
	return false
}

// frozenAfter is the age at which the lock's holder does not run any more: writing takes less than a second.
const frozenAfter = time.Minute

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
	path, name := filepath.Split(t.Path)
	root, err := os.OpenRoot(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer root.Close()
	d := directory{Textfile: t, Root: root, name: name}
	lock, err := d.lock()
	if isTaken(err) {
		if err := d.leave(fetches); err != nil {
			return err
		}
		fetches = nil
		// Its holder may have ended before it could see them.
		lock, err = d.lock()
	}
	for ; ; lock, err = d.lock() {
		switch {
		case errors.Is(err, filelock.ErrRemoved) && ctx.Err() == nil:
			continue
		case isTaken(err):
			return nil
		case err != nil:
			return err
		}
		err = d.collect(ctx, fetches)
		lock.Unlock()
		fetches = nil
		// A process that finds the file locked has left its fetches for us: look again after each unlock.
		if err != nil || ctx.Err() != nil || len(d.left(ctx)) == 0 {
			return err
		}
	}
}

func isTaken(err error) bool {
	return errors.Is(err, filelock.ErrLocked) || errors.Is(err, filelock.ErrRemoved)
}
