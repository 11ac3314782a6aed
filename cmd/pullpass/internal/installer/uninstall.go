package installer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// Uninstall restores the original files, in the reverse order: flags, config, binary. A file that others
// have changed since loses only our part. The flags stay if the kubelet reads providers of others by them.
// The binary stays while a running kubelet uses it.
func (i *Installer) Uninstall(ctx context.Context, o Options) error {
	untouched, err := i.untouched(o)
	if err != nil {
		return err
	}
	if untouched {
		i.Done("nothing to do")
		return nil
	}
	return i.locked(ctx, func() error {
		if _, err := i.finish(ctx, o); err != nil {
			return err
		}
		r := i.state.Installed
		if r == nil {
			if err := i.unrecorded(o.Platform); err != nil {
				return err
			}
			i.Done("nothing to do")
			return i.store.forget()
		}
		p, running, err := i.checkedRemoval(ctx, o)
		if err != nil {
			return err
		}
		if err := i.apply(p); err != nil {
			return err
		}
		i.noteAll(p.notes)
		if p.used {
			i.noteRestart(o)
		}
		switch removed(p.used, o.Restart) {
		case toTellRestart:
			i.Note(fmt.Sprintf("the running kubelet still uses %s, which is kept: %s, then run uninstall again",
				filepath.Join(r.BinDir, ownName), restartCommand(running, r)))
			return nil
		case toRestart:
			if err := i.restart(ctx, running, p, o); err != nil {
				return err
			}
		}
		return i.removeBinary(r, o)
	})
}

// untouched reports whether nothing can have been installed: the platform's files cannot be written, and
// there is no state.
func (i *Installer) untouched(o Options) (bool, error) {
	if o.Platform.Settings == "" {
		return false, nil
	}
	err := i.load()
	return i.state.phase() == none, err
}

// unrecorded returns an error for a node that has pullpass but no record of an install: the original
// files are unknown.
func (i *Installer) unrecorded(pf platform.Platform) error {
	if pf.Config == "" || pf.Settings != "" {
		return nil
	}
	c, err := readConfig(pf.Config)
	if err != nil {
		return err
	}
	binary := filepath.Join(pf.BinDir, ownName)
	var found, steps []string
	if c.ours() != nil {
		found = append(found, "the provider "+ownName+" in "+c.path)
		steps = append(steps, "remove the provider from "+c.path+" (if it is the only one, remove the two --image-credential-provider flags from the kubelet instead)", "restart the kubelet")
	}
	if _, err := os.Lstat(binary); err == nil {
		found = append(found, binary)
		steps = append(steps, "remove "+binary)
	}
	if len(found) == 0 {
		return nil
	}
	return provider.WithHint(
		fmt.Errorf("uninstall: %s has no record of an install, but there is %s", i.StateDir, strings.Join(found, ", and ")),
		"by hand: "+strings.Join(steps, ", "))
}

// checkedRemoval returns the plan of an uninstall that may be carried out, and the running kubelet. Its error
// is all that stops an uninstall before anything is written.
func (i *Installer) checkedRemoval(ctx context.Context, o Options) (*plan, *kubelet.Process, error) {
	for _, f := range i.state.Installed.Files { // also the binary, which is removed last
		if _, err := f.look(); err != nil {
			return nil, nil, err
		}
	}
	p, err := i.removal()
	if err != nil {
		return nil, nil, err
	}
	running, err := i.running()
	if err == nil {
		err = i.checkRejected(p, running, o)
	}
	if err == nil {
		err = i.checkStart(running, p)
	}
	if err != nil {
		return nil, nil, err
	}
	p.used = i.state.uses(running, p)
	if p.used && o.Restart {
		if err = i.CheckSystemctl(unit(running, p.record)); err == nil {
			err = i.checkHealth(ctx, running)
		}
	}
	if err == nil {
		err = i.checkPlaces(p)
	}
	return p, running, err
}

// checkStart refuses to remove the whole config from a kubelet whose flags are not ours to remove.
func (i *Installer) checkStart(running *kubelet.Process, p *plan) error {
	r := p.record
	switch {
	case !p.emptied, i.Find == nil, r.setsFlags():
		return nil
	case running != nil && (running.Hidden || checkFlags(running, r) != nil):
		return nil
	}
	return provider.WithHint(
		fmt.Errorf("uninstall: the kubelet has --image-credential-provider-config=%s, not set by install, and does not start without a provider there: the only one is %s", r.Config, ownName),
		"first remove the two --image-credential-provider flags from the kubelet, and restart it")
}

// removeBinary ends an uninstall: a kubelet that starts now does not know the plugin.
func (i *Installer) removeBinary(r *record, o Options) error {
	left, err := readConfig(r.Config)
	if err != nil {
		return err
	}
	p, err := i.binaryRemoval(r, left, o)
	if err != nil {
		return err
	}
	if err := i.checkPlaces(p); err != nil {
		return err
	}
	i.noteAll(p.notes)
	for _, c := range p.changes {
		if err := nodefile.Replace(c.Path, c.new, nil); err != nil {
			return err
		}
		i.Done(c.String())
	}
	nodefile.RemoveDirectories(r.Directories)
	return i.store.forget()
}
