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

// Uninstall restores what was there before, in the reverse order: flags, config, binary. A file that others
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
			i.Note(fmt.Sprintf("the running kubelet still uses %s, which stays: %s, then uninstall again",
				filepath.Join(r.BinDir, Name), restartCommand(running, r)))
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

// unrecorded returns an error for a node that has pullpass and no record of an install: what was there
// before is unknown.
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
		fmt.Errorf("uninstall: %s has no record of an install, and there is %s", i.StateDir, strings.Join(found, ", and ")),
		"by hand: "+strings.Join(steps, ", "))
}

// checkedRemoval returns the plan of an uninstall that may be carried out, and the running kubelet. Its error
// is all that stops an uninstall before anything is written.
func (i *Installer) checkedRemoval(ctx context.Context, o Options) (*plan, *kubelet.Process, error) {
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
		err = i.checkHealth(ctx, running)
	}
	return p, running, err
}

// removal returns the plan to restore the flags and the config.
func (i *Installer) removal() (*plan, error) {
	r := i.state.Installed
	before, err := readConfig(r.Config)
	if err != nil {
		return nil, err
	}
	configs := &plan{store: i.store, record: r}
	if err := configs.remove(kindConfig); err != nil {
		return nil, err
	}
	p := &plan{store: i.store, record: r, removal: true, left: before}
	for _, change := range configs.changes {
		if _, found := before.find(change.Path); found { // a file of a former config is not
			p.left = p.left.with(change.Path, change.new.data)
		}
	}
	if err := p.remove(kindFlags); err != nil {
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

// unread reports whether a kubelet with this content of our flags file does not read the config.
func unread(r *record, flags []byte) bool {
	if r.Flags == nil {
		return false
	}
	config, _ := r.Flags.Paths(flags)
	return !samePath(config, r.Config)
}

func samePath(a, b string) bool { return filepath.Clean(a) == filepath.Clean(b) }

// flags returns the content that the flags file will have.
func (p *plan) flags() ([]byte, error) {
	if p.record.Flags == nil {
		return nil, nil
	}
	path := p.record.Flags.Path
	for _, c := range p.changes {
		if c.Path == path {
			return c.new.data, nil
		}
	}
	now, err := read(path)
	return now.data, err
}

// remove adds to the plan what removes us from the files of a kind.
func (p *plan) remove(kind string) error {
	for _, f := range slices.Backward(p.record.Files) {
		if f.Kind != kind {
			continue
		}
		old, err := read(f.Path)
		if err != nil {
			return err
		}
		c, notes := change{file: f, old: old, new: old}, p.notes
		switch {
		case old.snapshot == nil, old.same(f.Original): // an earlier run did it
		case f.wrote(old.snapshot):
			c.new, err = p.store.content(f.Original)
		default:
			err = p.takeOut(&c)
		}
		if err != nil {
			return err
		}
		if why := p.flagsStay(c); why != "" {
			c.new, p.notes = old, append(slices.Clip(notes), why)
		}
		if !c.old.same(c.new.snapshot) {
			p.changes = append(p.changes, c)
		}
	}
	return nil
}

// flagsStay returns why the flags in a file have to stay, "" if they do not, or it is another file: others
// have changed them, or the kubelet reads providers of others by them.
func (p *plan) flagsStay(c change) string {
	if c.Kind != kindFlags {
		return ""
	}
	is, _ := c.Flags.Paths(c.old.data)
	will, _ := c.Flags.Paths(c.new.data)
	ours := samePath(is, p.record.Config)
	others := p.left.others(p.record.Dormant)
	switch {
	case is == "", samePath(is, will):
	case ours && len(others) > 0:
		return fmt.Sprintf("%s stays: by its flags the kubelet reads %s, which also has %s", c.Path, is, strings.Join(others, ", "))
	case !ours && !c.wrote(c.old.snapshot):
		return fmt.Sprintf("%s stays: its flags were changed after the install and name %s", c.Path, is)
	}
	return ""
}

// takeOut removes our part from a file that others have changed after the install.
func (p *plan) takeOut(c *change) (err error) {
	if c.Kind == kindBinary {
		p.notes = append(p.notes, c.Path+" was changed after the install and stays")
		return nil
	}
	c.new, err = p.strip(*c, c.file)
	switch {
	case errors.Is(err, kubeletconfig.ErrLast): // the kubelet refuses a config without providers
		c.new, err = p.store.content(c.Original)
	case err == nil && c.new.snapshot != nil && !c.new.same(c.old.snapshot):
		p.notes = append(p.notes, c.Path+" was changed after the install: what is pullpass's is taken out of it, the rest stays as it is")
	}
	return err
}

// checkStart refuses to remove the whole config from a kubelet whose flags are not ours to remove.
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
	i.noteAll(p.notes)
	for _, c := range p.changes {
		if err := replace(c.Path, c.new, nil); err != nil {
			return err
		}
		i.Done(c.String())
	}
	removeDirectories(r.Directories)
	return i.store.forget()
}

// binaryRemoval returns the plan to remove the binary. The binary stays if a config still names it: the one
// that is left of the install's, or another one that a kubelet reads.
func (i *Installer) binaryRemoval(r *record, left config, o Options) (*plan, error) {
	p := &plan{store: i.store, record: r}
	if err := p.remove(kindBinary); err != nil {
		return nil, err
	}
	read, err := i.configsRead(o.Platform)
	if err != nil {
		return nil, err
	}
	p.changes = slices.DeleteFunc(p.changes, func(c change) bool {
		binDir := filepath.Dir(c.Path)
		if samePath(binDir, r.BinDir) && left.ours() != nil {
			p.notes = append(p.notes, c.Path+" stays: "+r.Config+" names it, as it did before the install")
			return true
		}
		n := slices.IndexFunc(read, func(other [2]string) bool {
			return realPath(other[0]) != realPath(r.Config) && realPath(other[1]) == realPath(binDir) && namesUs(other[0])
		})
		if n >= 0 {
			p.notes = append(p.notes, c.Path+" stays: "+read[n][0]+" names it")
		}
		return n >= 0
	})
	return p, nil
}

// namesUs reports whether a config has our provider. If it cannot be read, it may have it.
func namesUs(path string) bool {
	c, err := readConfig(path)
	return err != nil || c.ours() != nil
}

// configsRead returns the configs that kubelets read, each with its bin dir: the one that starts next, and
// the running one.
func (i *Installer) configsRead(pf platform.Platform) ([][2]string, error) {
	var all [][2]string
	if pf.Config != "" {
		all = append(all, [2]string{pf.Config, pf.BinDir})
	}
	running, err := i.running()
	if err != nil || running == nil || running.Hidden {
		return all, err
	}
	config, _ := running.Flag(platform.ConfigFlag)
	binDir, _ := running.Flag(platform.BinDirFlag)
	if config != "" && binDir != "" {
		all = append(all, [2]string{config, binDir})
	}
	return all, nil
}
