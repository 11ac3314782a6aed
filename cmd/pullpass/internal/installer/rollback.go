package installer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
)

// rollBack puts back what a kubelet last ran with, and restarts it if it may. The error is what could
// not be done; it is nil if the kubelet is healthy again, or was not to be restarted.
func (i *Installer) rollBack(ctx context.Context, o Options) error {
	if err := i.putFilesBack(); err != nil {
		return err
	}
	if !o.Restart {
		running, err := i.Find()
		if err != nil {
			return err
		}
		command := restartCommand(running, i.state.Installed)
		if service := unit(running, i.state.Installed); service != "" {
			command = "systemctl reset-failed " + service + "; " + command
		}
		i.Note("the kubelet reads what is put back when it is restarted: " + command)
		return i.endRollBack(running)
	}
	err := i.restartFormer(ctx, o.Timeout)
	if ctx.Err() != nil {
		return errStopped
	}
	return also(err, i.endRollBack(nil))
}

// putAllBack is a rollback where no kubelet runs.
func (i *Installer) putAllBack() error {
	if err := i.putFilesBack(); err != nil {
		return err
	}
	return i.endRollBack(nil)
}

// endRollBack ends the trial. unseeing is the kubelet that runs and has not read what is put back.
func (i *Installer) endRollBack(unseeing *kubelet.Process) error {
	next := state{Version: stateVersion, Installed: i.former(), Rejected: i.state.Rejected}
	if unseeing != nil {
		next.Kubelet = unseeing.ID
	}
	return i.save(next)
}

// former is the record of what a kubelet last ran with, but for files of which a newer content stays:
// a binary can be replaced while a kubelet runs.
func (i *Installer) former() *record {
	b := i.state.Trial.Before
	if b.Installed == nil {
		return nil
	}
	r := *b.Installed
	stays := func(f file) bool {
		return !slices.ContainsFunc(b.Files, func(back restored) bool { return back.Path == f.Path })
	}
	r.Files = slices.DeleteFunc(slices.Clone(r.Files), stays)
	for _, f := range i.state.Installed.Files {
		if stays(f) {
			r.Files = append(r.Files, f)
		}
	}
	return &r
}

// putFilesBack makes all files what they were when a kubelet last ran with them.
func (i *Installer) putFilesBack() error {
	t := i.state.Trial
	for _, f := range slices.Backward(t.Before.Files) {
		if err := i.putBack(f); err != nil {
			return fmt.Errorf("put back %s: %w; the next run tries again", f.Path, err)
		}
	}
	if err := i.mendBinary(i.former()); err != nil {
		return fmt.Errorf("put back the binary: %w; the next run tries again", err)
	}
	removeFolders(newFolders(i.state.Installed, t.Before.Installed))
	i.Done("put back what the kubelet ran with before")
	return nil
}

// rollbackSuffix is for a file that others have changed before it is put back. The kubelet does not
// read files with such names.
const rollbackSuffix = ".before-rollback"

// putBack makes a file what it was.
func (i *Installer) putBack(f restored) error {
	now, nowData, err := read(f.Path)
	if err != nil || now.equal(f.Version) {
		return err
	}
	data, err := i.store.content(f.Version)
	if err != nil {
		return err
	}
	installed, _ := i.state.Installed.file(f.Path)
	if now != nil && !now.same(f.Version) && now.SHA256 != f.Written && !installed.wrote(now) && installed.Kind != kindBinary {
		if err := write(f.Path+rollbackSuffix, nowData, now, nil); err != nil {
			return err
		}
		i.Note(fmt.Sprintf("%s was changed after the install: what it was until now is in %s%s", f.Path, f.Path, rollbackSuffix))
	}
	return i.make(change{file: file{Path: f.Path}, new: f.Version, newData: data})
}

// mendBinary is for the binary of an install that is put back, and was not changed by us: what
// happened to it may be why the kubelet did not come back.
func (i *Installer) mendBinary(r *record) error {
	if r == nil {
		return nil
	}
	path := filepath.Join(r.BinDir, Name)
	f, ok := r.file(path)
	if !ok || slices.ContainsFunc(i.state.Trial.Before.Files, func(back restored) bool { return back.Path == path }) {
		return nil
	}
	now, data, err := read(path)
	if err != nil || f.wrote(now) && now.Mode&0o111 == 0o111 {
		return err
	}
	if !f.wrote(now) {
		if data, err = i.Binary(); err != nil {
			return err
		}
	}
	v := binaryVersion(data)
	if !f.wrote(v) {
		return nil // somebody's, or lost
	}
	return i.make(change{file: f, new: v, newData: data})
}

// restartFormer restarts the kubelet with what it ran with before.
func (i *Installer) restartFormer(ctx context.Context, timeout time.Duration) error {
	running, err := i.Find()
	if err != nil {
		return err
	}
	service := unit(running, i.state.Installed)
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// It may have failed too often to be started again. If it has not, the error is of no account.
	_ = i.Systemctl(bounded, "reset-failed", service)
	restarted := i.Systemctl(bounded, "restart", service)
	_, err = i.await(ctx, func(p *kubelet.Process) error {
		if running != nil && p.ID == running.ID {
			return errors.New("the kubelet was not restarted")
		}
		return nil
	}, timeout)
	if err != nil {
		return also(restarted, fmt.Errorf("it does not come back with its former configuration either, %w", err))
	}
	return nil
}
