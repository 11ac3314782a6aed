package installer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
)

// rollBack restores what a kubelet last ran with, and restarts the kubelet if that is allowed. The error
// is nil if the kubelet is healthy again, or was not to be restarted.
func (i *Installer) rollBack(ctx context.Context, o Options) error {
	if err := i.restoreFiles(); err != nil {
		return err
	}
	if o.Restart {
		err := i.restartFormer(ctx, o.Timeout)
		if ctx.Err() != nil {
			return errStopped
		}
		return also(err, i.save(i.state.rolledBack(nil)))
	}
	running, err := i.Find()
	if err != nil {
		return err
	}
	command := restartCommand(running, i.state.Installed)
	if service := unit(running, i.state.Installed); service != "" {
		command = "systemctl reset-failed " + service + "; " + command
	}
	i.Note("restart the kubelet to use the restored configuration: " + command)
	return i.save(i.state.rolledBack(running))
}

// restoreFiles gives all files the contents with which a kubelet last ran.
func (i *Installer) restoreFiles() error {
	t := i.state.Trial
	for _, f := range slices.Backward(t.Before.Files) {
		if err := i.restore(f); err != nil {
			return fmt.Errorf("restore %s: %w; the next run tries again", f.Path, err)
		}
	}
	if err := i.restoreBinary(i.state.former()); err != nil {
		return fmt.Errorf("restore the binary: %w; the next run tries again", err)
	}
	nodefile.RemoveDirectories(newDirectories(i.state.Installed, t.Before.Installed))
	i.Done("restored the previous configuration")
	return nil
}

// rollbackSuffix is for the content of a file that others changed before it was restored. The kubelet does
// not read files with such names.
const rollbackSuffix = ".before-rollback"

// restore gives a file its former content. If someone edited it in the meantime, that
// version is saved beside it.
func (i *Installer) restore(f restored) error {
	installed, _ := i.state.Installed.file(f.Path)
	installed.Path = f.Path
	now, err := installed.read()
	if err != nil || now.Equal(f.Snapshot) {
		return err
	}
	others := now.Snapshot != nil && !now.Same(f.Snapshot) && now.SHA256 != f.Written && !installed.wrote(now.Snapshot)
	if others && installed.Kind == kindLink {
		i.Note(f.Path + " was changed after the install and is kept")
		return nil
	}
	old, err := i.store.content(f.Snapshot)
	if err != nil {
		return err
	}
	if others && installed.Kind != kindBinary {
		if err := nodefile.Write(f.Path+rollbackSuffix, now, nil); err != nil {
			return err
		}
		i.Note(fmt.Sprintf("%s was changed after the install: that version is saved as %s%s", f.Path, f.Path, rollbackSuffix))
	}
	return nodefile.Replace(f.Path, old, nil)
}

// restoreBinary repairs the binary of the install that is restored, if the change did not write it: what
// happened to it may be the reason why no kubelet became healthy.
func (i *Installer) restoreBinary(r *record) error {
	if r == nil {
		return nil
	}
	path := filepath.Join(r.BinDir, ownName)
	f, ok := r.file(path)
	if !ok || slices.ContainsFunc(i.state.Trial.Before.Files, func(restored restored) bool { return restored.Path == path }) {
		return nil
	}
	now, err := f.read()
	if err != nil || f.wrote(now.Snapshot) && now.Mode&0o111 == 0o111 {
		return err
	}
	data := now.Data
	if !f.wrote(now.Snapshot) {
		if data, err = i.Binary(); err != nil {
			return err
		}
	}
	repaired := nodefile.New(data, nil, 0o755)
	if !f.wrote(repaired.Snapshot) {
		return nil // somebody else's, or of another version
	}
	return nodefile.Replace(path, repaired, nil)
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
	// After too many failures, systemd would not start it. Otherwise, an error does not matter.
	_ = i.Systemctl(bounded, "reset-failed", service)
	restarted := i.Systemctl(bounded, "restart", service)
	_, err = i.await(ctx, func(p *kubelet.Process) error {
		if running != nil && p.ID == running.ID {
			return errors.New("the kubelet was not restarted")
		}
		return nil
	}, timeout)
	if err != nil {
		return also(restarted, fmt.Errorf("it does not become healthy with its previous configuration either, %w", err))
	}
	return nil
}
