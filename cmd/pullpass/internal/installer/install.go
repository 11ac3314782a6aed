// Package installer puts pullpass on a node and takes it off again: the binary, its provider in the
// kubelet's CredentialProviderConfig, and the flags with which the kubelet reads that.
//
// A kubelet does not start with a mistake in any of these, and its node is lost. So all of it is
// checked before anything is written; a run can be killed between any two steps, and what it
// leaves is something that a kubelet starts with and the next run completes; and what a kubelet
// does not come back with is put back and not tried again.
package installer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// Name is the binary's in the bin dir, and so that of its provider in the kubelet's config.
const Name = "pullpass"

// An Installer is for one Install, Uninstall, dry run or Status. All paths are those of the node.
type Installer struct {
	Folder string                 // of the state and the lock
	Binary func() ([]byte, error) // the program to install
	Boot   string                 // the ID of this boot
	// Find looks for the running kubelet. It is nil where the files are not those of the machine
	// that runs, as in an image.
	Find func() (*kubelet.Process, error)
	// Healthy asks a kubelet once; see kubelet.Healthy.
	Healthy func(ctx context.Context, url string) error
	// Systemctl is that of package kubelet.
	Systemctl func(ctx context.Context, verb, unit string) error
	Now       func() time.Time
	Done      func(text string) // says what has been done
	Note      func(text string) // says what else there is to know

	store store
	state state
}

// Options say what is to be installed or taken off, and how far a run may go.
type Options struct {
	Platform platform.Platform   // for Uninstall what could be found out
	Entry    kubeletconfig.Entry // for Install
	Selected bool                // Entry replaces one that somebody has changed
	Replace  bool                // take out providers whose images are all served by Entry
	Restart  bool                // restart the kubelet where that is needed
	Retry    bool                // also what was rejected before
	Timeout  time.Duration       // until a restarted kubelet is healthy
}

// Install installs. Errors carry hints.
func (i *Installer) Install(ctx context.Context, o Options) error {
	return i.locked(ctx, func() error {
		concluded, err := i.finish(ctx, o)
		if err != nil {
			return err
		}
		p, err := i.checkedPlan(ctx, o)
		if err != nil {
			return err
		}
		if err := i.apply(p); err != nil {
			return err
		}
		if len(p.changes) > 0 {
			i.noteAll(o.Platform.Notes)
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

// locked loads the state and calls f, while no other installer is at work.
func (i *Installer) locked(ctx context.Context, f func() error) error {
	unlock, err := i.lock(ctx)
	if errors.Is(err, syscall.EROFS) {
		err = provider.WithHint(err, "what an install has to remember is in "+i.Folder+", and nowhere else: make that writable")
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", i.Folder, err)
	}
	if err = i.load(); err == nil {
		err = i.clean()
	}
	if err == nil {
		err = f()
	}
	unlock()
	os.Remove(i.Folder) // which fails if there is a state in it
	return err
}

func (i *Installer) load() (err error) {
	i.store = store{i.Folder}
	i.state, err = i.store.load()
	return err
}

// clean removes what a killed run has left.
func (i *Installer) clean() error {
	if i.state.Installed != nil {
		for _, f := range i.state.Installed.Files {
			for _, suffix := range [...]string{"", beforeSuffix, rollbackSuffix} {
				if target, err := resolve(f.Path + suffix); err == nil {
					os.Remove(temporary(target))
				}
			}
		}
	}
	return i.store.sweep(i.state)
}

// lock waits until no other installer is at work.
func (i *Installer) lock(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(i.Folder, "install.lock")
	waited := false
	for range 100 { // only one that has just ended its work can be in the way
		if err := os.Mkdir(i.Folder, 0o700); errors.Is(err, fs.ErrNotExist) {
			return nil, withRootHint(err)
		} else if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if err := (store{i.Folder}).check(); err != nil {
			return nil, err
		}
		unlock, err := filelock.Try(path)
		if errors.Is(err, filelock.ErrLocked) {
			if !waited {
				i.Note("another installer is at work: waiting for it")
			}
			waited = true
			unlock, err = filelock.Wait(ctx, path)
		}
		switch {
		case ctx.Err() != nil:
			if err == nil {
				unlock()
			}
			return nil, errors.New("stopped by a signal")
		case errors.Is(err, filelock.ErrRemoved), errors.Is(err, fs.ErrNotExist): // by the one that was at work
		default:
			return unlock, err
		}
	}
	return nil, errors.New("it comes and goes")
}

// withRootHint is for the missing folder of the state's.
func withRootHint(err error) error {
	return provider.WithHint(err, "this is not the root of a Linux system; --root names one")
}

// refuseRejected is the error for what a kubelet did not come back with, unless it is to be
// tried again.
func (i *Installer) refuseRejected(p *plan, retry bool) error {
	r := i.state.Rejected
	if r == nil || r.Hash != p.hash || retry {
		return nil
	}
	running, err := i.running()
	if err != nil {
		return err
	}
	if running != nil && !p.removal && len(p.changes) == 0 && i.current(running, p.record, p.config) == nil {
		return nil // somebody else's, and a kubelet runs with it after all
	}
	return provider.WithHint(
		fmt.Errorf("this was tried at %s and is not tried again: %s", r.Time.Format(time.RFC3339), r.Reason),
		retryHint(p.record))
}

func retryHint(r *record) string {
	log := "the log of " + r.Platform
	if service := unit(nil, r); service != "" {
		log = "journalctl -u " + service
	}
	return "see " + log + ", mend it, and --retry"
}

// unit is the systemd unit of the kubelet, "" if that is unknown.
func unit(running *kubelet.Process, r *record) string {
	switch {
	case running != nil && running.Service != "":
		return running.Service
	case r.Service != "" || r.setsFlags():
		return r.Service
	}
	return "kubelet.service"
}

// restartCommand is how a user restarts the kubelet.
func restartCommand(running *kubelet.Process, r *record) string {
	if service := unit(running, r); service != "" {
		return "systemctl restart " + service
	}
	return "restart " + r.Platform
}
