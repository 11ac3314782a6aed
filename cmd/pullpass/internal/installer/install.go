package installer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// ownName is the name of the binary in the bin dir, and of its provider in the kubelet's config.
const ownName = kubeletconfig.EntryName

// An Installer is for one Install, Uninstall, dry run or Status. All paths are those of the node.
type Installer struct {
	StateDir string                 // has the state and the lock
	Binary   func() ([]byte, error) // the program to install
	Boot     string                 // the ID of this boot
	// Version returns the version of a pullpass, from its file; "" if it has none.
	Version func(program io.ReaderAt) string
	// Find looks for the running kubelet. It is nil where the files are not those of the running machine,
	// as in an image.
	Find func() (*kubelet.Process, error)
	// Healthy asks a kubelet once; see kubelet.Healthy.
	Healthy func(ctx context.Context, url string) error
	// Systemctl is systemd.Systemctl, CheckSystemctl that of package systemd.
	Systemctl      func(ctx context.Context, verb, unit string) error
	CheckSystemctl func(unit string) error
	Now            func() time.Time
	Done           func(text string) // says what has been done
	Note           func(text string) // says what else there is to know

	store store
	state state
	dry   bool // it is a dry run
}

// Options say what to install or to uninstall, and how far a run may go.
type Options struct {
	Platform platform.Platform   // for Uninstall, what could be found out
	Entry    kubeletconfig.Entry // for Install
	Selected bool                // Entry replaces an entry that somebody has edited
	Replace  bool                // remove other providers if Entry serves all of their images
	Restart  bool                // restart the kubelet if that is needed
	Retry    bool                // also what was rejected before
	Timeout  time.Duration       // until a restarted kubelet must be healthy
}

// Install installs pullpass, or changes an install to what the options say. It first finishes what an
// earlier run began. Some errors carry a hint.
func (i *Installer) Install(ctx context.Context, o Options) error {
	return i.locked(ctx, func() error {
		concluded, err := i.finish(ctx, o)
		if err != nil {
			return err
		}
		p, _, err := i.checkedPlan(ctx, o)
		if err != nil {
			return err
		}
		if err := i.apply(p); err != nil {
			return err
		}
		i.noteAll(p.notes)
		restarted, err := i.settle(ctx, p, o)
		if err == nil && !concluded && !restarted && len(p.changes) == 0 {
			i.Done("nothing to do")
		}
		return err
	})
}

func (i *Installer) noteAll(texts []string) {
	for _, text := range texts {
		i.Note(text)
	}
}

// noteRestart notes what is restarted together with the kubelet.
func (i *Installer) noteRestart(o Options) {
	if o.Platform.Restarts != "" {
		i.Note(o.Platform.Restarts)
	}
}

// locked loads the state and calls f. Meanwhile, no other installer is at work.
func (i *Installer) locked(ctx context.Context, f func() error) error {
	unlock, err := i.lock(ctx)
	if err != nil {
		return i.lockError(err)
	}
	if err = i.load(); err == nil {
		err = i.clean()
	}
	if err == nil {
		err = f()
	}
	unlock()
	os.Remove(i.StateDir) // fails if there is a state in it
	return err
}

// lockError returns the error for a state that cannot be locked.
func (i *Installer) lockError(err error) error {
	if errors.Is(err, syscall.EROFS) {
		err = provider.WithHint(err, "install keeps its state only in "+i.StateDir+": make it writable")
	}
	return fmt.Errorf("lock %s: %w", i.StateDir, err)
}

func (i *Installer) load() (err error) {
	i.store = store{i.StateDir}
	i.state, err = i.store.load()
	return err
}

// clean removes what a killed run has left.
func (i *Installer) clean() error {
	if i.state.Installed != nil {
		for _, f := range i.state.Installed.Files {
			for _, suffix := range [...]string{"", beforeSuffix, rollbackSuffix} {
				nodefile.RemoveTemporary(f.Path + suffix)
			}
		}
	}
	return i.store.sweep(i.state)
}

func (i *Installer) lockPath() string { return filepath.Join(i.StateDir, "install.lock") }

// checkLock returns the error with which lock would fail because of where the state is. It writes nothing.
func (i *Installer) checkLock() error {
	parent := filepath.Dir(i.StateDir)
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
		return withRootHint(err)
	}
	if err := (store{i.StateDir}).check(); err != nil {
		return err
	}
	if _, err := os.Lstat(i.StateDir); errors.Is(err, fs.ErrNotExist) {
		return i.unlessMountedSo(i.StateDir, nodefile.CheckCreate("mkdir", i.StateDir))
	}
	if info, err := os.Lstat(i.lockPath()); err == nil && !filelock.IsOwn(info) {
		return fmt.Errorf("lock %s: %w", i.lockPath(), filelock.ErrForeign)
	}
	return i.unlessMountedSo(i.lockPath(), nodefile.CheckCreate("open", i.lockPath()))
}

// lock waits until no other installer is at work.
func (i *Installer) lock(ctx context.Context) (unlock func(), err error) {
	path := i.lockPath()
	waited := false
	for range 100 { // another installer removes the directory at its end
		if err := (store{i.StateDir}).check(); err != nil {
			return nil, err
		}
		if err := os.Mkdir(i.StateDir, 0o700); errors.Is(err, fs.ErrNotExist) {
			return nil, withRootHint(err)
		} else if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		lock, err := filelock.Try(path)
		if errors.Is(err, filelock.ErrLocked) {
			if !waited {
				i.Note("another install or uninstall is running: waiting for it")
			}
			waited = true
			lock, err = waitForOther(ctx, path)
		}
		switch {
		case ctx.Err() != nil:
			if err == nil {
				lock.Unlock()
			}
			return nil, errors.New("stopped by a signal")
		case errors.Is(err, filelock.ErrRemoved), errors.Is(err, fs.ErrNotExist): // the other one removed it
		case err != nil:
			return nil, err
		default:
			return lock.Unlock, nil
		}
	}
	return nil, errors.New("it is removed again and again")
}

// otherLimit is how long to wait for another installer, which may be waiting for the kubelet to become healthy.
const otherLimit = 10 * time.Minute

// waitForOther waits for the lock of another installer. One that was stopped in the middle is not replaced:
// it may go on.
func waitForOther(ctx context.Context, path string) (*filelock.Lock, error) {
	limited, cancel := context.WithTimeout(ctx, otherLimit)
	defer cancel()
	lock, err := filelock.Wait(limited, path)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, filelock.ErrFrozen) {
		return nil, provider.WithHint(errors.New("another install or uninstall is running and does not end"), "find it and stop it: fuser "+path)
	}
	return lock, err
}

// withRootHint adds the hint for a root without the parent of the state's directory.
func withRootHint(err error) error {
	return provider.WithHint(err, "this is not the root directory of a Linux system: name one with --root")
}

// running returns the running kubelet, nil if none runs or none is to be looked for.
func (i *Installer) running() (*kubelet.Process, error) {
	if i.Find == nil {
		return nil, nil
	}
	return i.Find()
}

// checkRejected refuses a plan that was rejected before, unless it is to be tried again.
func (i *Installer) checkRejected(p *plan, running *kubelet.Process, o Options) error {
	if !i.state.refuses(p, running, o.Retry) {
		return nil
	}
	r := i.state.Rejected
	return provider.WithHint(
		fmt.Errorf("this configuration failed at %s and is not tried again: %s", r.Time.Format(time.RFC3339), r.Reason),
		retryHint(p.record))
}
