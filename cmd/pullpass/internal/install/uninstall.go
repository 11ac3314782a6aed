package install

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/provider"
)

// Uninstall puts back what was there before, in the reverse order: flags, config, binary. A file
// that others have changed since loses only what is ours. The binary stays while a running kubelet
// uses it.
func (i *Installer) Uninstall(ctx context.Context, o Options) error {
	return i.locked(ctx, func() error {
		if _, err := i.finish(ctx, o); err != nil {
			return err
		}
		installed := i.state.Installed
		if installed == nil {
			i.Done("nothing to do")
			return i.store.forget()
		}
		p, err := i.removal()
		if err != nil {
			return err
		}
		if err := i.refuseRejected(p, o.Retry); err != nil {
			return err
		}
		running, err := i.running()
		if err != nil {
			return err
		}
		if err := i.checkStart(running, p); err != nil {
			return err
		}
		p.used = i.uses(running, p)
		if p.used && o.Restart {
			if err := i.checkHealth(ctx, running); err != nil {
				return err
			}
		}
		if err := i.apply(p); err != nil {
			return err
		}
		i.noteAll(p.notes)
		if p.used && !o.Restart {
			i.Note(fmt.Sprintf("the running kubelet still uses %s, which stays: systemctl restart %s, then uninstall again",
				filepath.Join(installed.BinDir, Name), unit(running, installed)))
			return nil
		}
		if p.used {
			if err := i.restart(ctx, running, p, i.fits(installed, true), o); err != nil {
				return err
			}
		}
		return i.removeBinary(installed)
	})
}

// removal is the plan to put back the flags and the config.
func (i *Installer) removal() (*plan, error) {
	r := i.state.Installed
	p := &plan{record: r, removal: true}
	c, err := readConfig(r.Config)
	if err != nil {
		return nil, err
	}
	flags, err := i.without(p, kindFlags)
	if err != nil {
		return nil, err
	}
	if _, err := i.without(p, kindConfig); err != nil {
		return nil, err
	}
	before := c
	for _, change := range p.changes {
		if _, found := c.find(change.Path); found { // and not in what was the config once
			c = c.with(change.Path, change.newData)
		}
	}
	p.emptied = len(before.files) > 0 && len(c.files) == 0
	if !flagless(r, flags) {
		if err := c.check(r.BinDir, before); err != nil {
			return nil, err
		}
	}
	p.hash = c.hash(flags)
	return p, nil
}

// flagless reports whether the kubelet has its flags from a file of ours, and with this content of
// it none any more. Then it does not read the config.
func flagless(r *record, flags []byte) bool {
	if r.Flags == nil {
		return false
	}
	config, _ := r.Flags.Paths(flags)
	return config == ""
}

// without adds to the plan what takes us out of the files of a kind, and returns the content that
// the last one will have.
func (i *Installer) without(p *plan, kind string) (data []byte, err error) {
	for _, f := range slices.Backward(p.record.Files) {
		if f.Kind != kind {
			continue
		}
		old, oldData, err := read(f.Path)
		if err != nil {
			return nil, err
		}
		c := change{file: f, old: old, oldData: oldData, new: old, newData: oldData}
		switch {
		case old == nil, old.same(f.Original): // it is done already
		case f.wrote(old):
			c.new = f.Original
			c.newData, err = i.store.content(f.Original)
		default:
			err = i.takeOut(p, &c)
		}
		if err != nil {
			return nil, err
		}
		if !c.old.same(c.new) {
			p.changes = append(p.changes, c)
		}
		data = c.newData
	}
	return data, nil
}

// takeOut is for a file that others have changed after the install.
func (i *Installer) takeOut(p *plan, c *change) (err error) {
	if c.Kind == kindBinary {
		p.notes = append(p.notes, c.Path+" was changed after the install and stays")
		return nil
	}
	data, err := strip(c.file, c.oldData, i.store.content)
	switch {
	case errors.Is(err, kubeletconfig.ErrLast): // the kubelet does not take a config without any
		c.new = c.Original
		c.newData, err = i.store.content(c.Original)
		return err
	case err != nil:
		return err
	case len(data) == 0:
		c.new, c.newData = nil, nil
		return nil
	}
	if c.Kind == kindConfig {
		original, err := i.store.content(c.Original)
		if err != nil {
			return err
		}
		if err := p.saveLost(*c, original, data); err != nil {
			return err
		}
	}
	c.new, c.newData = newVersion(data, c.old, 0), data
	if !c.new.same(c.old) {
		p.notes = append(p.notes, c.Path+" was changed after the install: what is pullpass's is taken out of it, the rest stays as it is")
	}
	return nil
}

// uses reports whether a kubelet runs with the plugin: it has started with what the plan takes
// away, or if the plan was begun by an earlier run, it has not seen that yet.
func (i *Installer) uses(running *kubelet.Process, p *plan) bool {
	if running == nil {
		return false
	}
	if t := i.state.Trial; t != nil && t.Removal {
		return !i.seen(running)
	}
	return p.atStart() && i.seen(running) && hasFlags(running, p.record) == nil
}

// checkStart refuses to take the config away from a kubelet whose flags are not ours to remove.
func (i *Installer) checkStart(running *kubelet.Process, p *plan) error {
	r := p.record
	switch {
	case !p.emptied, r.Flags != nil, i.Find == nil, r.Platform == "k3s", r.Platform == "rke2":
		return nil
	case running != nil && (running.Hidden || hasFlags(running, r) != nil):
		return nil
	}
	return provider.WithHint(
		fmt.Errorf("uninstall: the kubelet has --image-credential-provider-config=%s from elsewhere and does not start without it, in which there is only %s", r.Config, Name),
		"take the two --image-credential-provider flags away from the kubelet first, and restart it")
}

// removeBinary ends an uninstall: no kubelet that starts now knows of the plugin.
func (i *Installer) removeBinary(r *record) error {
	c, err := readConfig(r.Config)
	if err != nil {
		return err
	}
	p := &plan{record: r}
	if _, err := i.without(p, kindBinary); err != nil {
		return err
	}
	i.noteAll(p.notes)
	for _, change := range p.changes {
		if change.Path == filepath.Join(r.BinDir, Name) && c.ours() != nil {
			i.Note(change.Path + " stays: " + r.Config + " names it, as it did before the install")
			continue
		}
		if err := i.make(change); err != nil {
			return err
		}
		i.Done(change.String())
	}
	removeFolders(r.Folders)
	return i.store.forget()
}
