package installer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// Uninstall puts back what was there before, in the reverse order: flags, config, binary. A file
// that others have changed since loses only what is ours, and flags stay where the kubelet reads
// providers of others by them. The binary stays while a running kubelet uses it.
func (i *Installer) Uninstall(ctx context.Context, o Options) error {
	if i.untouched(o) {
		i.Done("nothing to do")
		return nil
	}
	return i.locked(ctx, func() error {
		if _, err := i.finish(ctx, o); err != nil {
			return err
		}
		installed := i.state.Installed
		if installed == nil {
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
		if p.used && !o.Restart {
			i.Note(fmt.Sprintf("the running kubelet still uses %s, which stays: %s, then uninstall again",
				filepath.Join(installed.BinDir, Name), restartCommand(running, installed)))
			return nil
		}
		if p.used {
			if err := i.restart(ctx, running, p, i.fits(installed, true), o); err != nil {
				return err
			}
		}
		return i.removeBinary(installed, o)
	})
}

// untouched reports whether nothing can have been installed: the files of the platform cannot be
// written, and there is no state.
func (i *Installer) untouched(o Options) bool {
	return o.Platform.Settings != "" && i.load() == nil && i.state.Installed == nil && i.state.Trial == nil
}

// unrecorded is the error of a node that has pullpass, but no record of an install: what was there
// before is not known.
func (i *Installer) unrecorded(pf platform.Platform) error {
	if pf.Config == "" || pf.Settings != "" {
		return nil
	}
	c, err := readConfig(pf.Config)
	if err != nil {
		return err
	}
	binary := filepath.Join(pf.BinDir, Name)
	var found, steps []string
	if c.ours() != nil {
		found = append(found, "the provider "+Name+" in "+c.path)
		steps = append(steps, "take the provider out of "+c.path+" (or if it is the last one, the two --image-credential-provider flags away from the kubelet)", "restart the kubelet")
	}
	if _, err := os.Lstat(binary); err == nil {
		found = append(found, binary)
		steps = append(steps, "remove "+binary)
	}
	if len(found) == 0 {
		return nil
	}
	return provider.WithHint(
		fmt.Errorf("uninstall: %s has no record of an install, and there is %s", i.Folder, strings.Join(found, ", and ")),
		"by hand: "+strings.Join(steps, ", "))
}

// removal is the plan to put back the flags and the config.
func (i *Installer) removal() (*plan, error) {
	r := i.state.Installed
	before, err := readConfig(r.Config)
	if err != nil {
		return nil, err
	}
	configs := &plan{record: r}
	if err := i.without(configs, kindConfig); err != nil {
		return nil, err
	}
	p := &plan{record: r, removal: true, left: before}
	for _, change := range configs.changes {
		if _, found := before.find(change.Path); found { // and not in what was the config once
			p.left = p.left.with(change.Path, change.newData)
		}
	}
	if err := i.without(p, kindFlags); err != nil {
		return nil, err
	}
	flags, err := p.flags()
	if err != nil {
		return nil, err
	}
	p.changes = append(p.changes, configs.changes...)
	p.notes = append(p.notes, configs.notes...)
	if !unread(r, flags) {
		p.emptied = len(before.files) > 0 && len(p.left.files) == 0
		if err := p.left.check(r.BinDir, before); err != nil {
			return nil, err
		}
	}
	p.hash, p.config = p.left.hash(flags), p.left.hash(nil)
	return p, nil
}

// checkedRemoval is removal, for what may be done: an error is all that stops an uninstall before
// anything is written. It finds out whether the kubelet that runs, which it returns, uses what is taken
// away.
func (i *Installer) checkedRemoval(ctx context.Context, o Options) (*plan, *kubelet.Process, error) {
	p, err := i.removal()
	if err != nil {
		return nil, nil, err
	}
	running, err := i.running()
	if err == nil {
		err = i.refuseRejected(p, o.Retry)
	}
	if err == nil {
		err = i.checkStart(running, p)
	}
	if err != nil {
		return nil, nil, err
	}
	p.used = i.uses(running, p)
	if p.used && o.Restart && (i.state.Trial == nil || !i.seen(running)) { // as in checkRestart
		err = i.checkHealth(ctx)
	}
	return p, running, err
}

// unread reports whether the kubelet has its flags from a file of ours, and with this content of it
// does not read the config.
func unread(r *record, flags []byte) bool {
	if r.Flags == nil {
		return false
	}
	config, _ := r.Flags.Paths(flags)
	return !samePath(config, r.Config)
}

func samePath(a, b string) bool { return filepath.Clean(a) == filepath.Clean(b) }

// flags is what the flags' file will have, also if it was there before the install.
func (p *plan) flags() ([]byte, error) {
	if p.record.Flags == nil {
		return nil, nil
	}
	path := p.record.Flags.Path
	for _, c := range p.changes {
		if c.Path == path {
			return c.newData, nil
		}
	}
	_, data, err := read(path)
	return data, err
}

// without adds to the plan what takes us out of the files of a kind.
func (i *Installer) without(p *plan, kind string) error {
	for _, f := range slices.Backward(p.record.Files) {
		if f.Kind != kind {
			continue
		}
		old, oldData, err := read(f.Path)
		if err != nil {
			return err
		}
		c, notes := change{file: f, old: old, oldData: oldData, new: old, newData: oldData}, p.notes
		switch {
		case old == nil, old.same(f.Original): // it is done already
		case f.wrote(old):
			c.new = f.Original
			c.newData, err = i.store.content(f.Original)
		default:
			err = i.takeOut(p, &c)
		}
		if err != nil {
			return err
		}
		if kind == kindFlags {
			if why := p.flagsStay(c); why != "" {
				notes = append(notes[:len(notes):len(notes)], why)
				c.new, c.newData, p.notes = old, oldData, notes
			}
		}
		if !c.old.same(c.new) {
			p.changes = append(p.changes, c)
		}
	}
	return nil
}

// flagsStay tells why the flags in a file are to stay, "" if they are not: others have changed them,
// or the kubelet reads providers of others by them.
func (p *plan) flagsStay(c change) string {
	is, _ := c.Flags.Paths(c.oldData)
	will, _ := c.Flags.Paths(c.newData)
	ours := samePath(is, p.record.Config)
	others := p.left.others(p.record.Dormant)
	switch {
	case is == "", samePath(is, will):
	case ours && len(others) > 0:
		return fmt.Sprintf("%s stays: by its flags the kubelet reads %s, which also has %s", c.Path, is, strings.Join(others, ", "))
	case !ours && !c.wrote(c.old):
		return fmt.Sprintf("%s stays: its flags were changed after the install and name %s", c.Path, is)
	}
	return ""
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
	case !p.emptied, i.Find == nil, r.setsFlags():
		return nil
	case running != nil && (running.Hidden || hasFlags(running, r) != nil):
		return nil
	}
	return provider.WithHint(
		fmt.Errorf("uninstall: the kubelet has --image-credential-provider-config=%s from elsewhere and does not start without it, in which there is only %s", r.Config, Name),
		"take the two --image-credential-provider flags away from the kubelet first, and restart it")
}
