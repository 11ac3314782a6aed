package installer

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

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
			p.left = p.left.with(change.Path, change.new.Data)
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
	reads := true // a kubelet that starts with these flags reads the config
	if r.Flags != nil {
		config, _ := r.Flags.Paths(flags)
		reads = samePath(config, r.Config)
	}
	if reads {
		p.emptied = len(before.files) > 0 && len(p.left.files) == 0
		if err := p.left.check(r.BinDir, before); err != nil {
			return nil, err
		}
	}
	p.hash, p.config = p.left.hash(flags), p.left.hash(nil)
	return p, nil
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
			return c.new.Data, nil
		}
	}
	now, err := nodefile.Read(path, nodefile.MaxConfig)
	return now.Data, err
}

// remove adds the changes to the plan that remove our part from the files of a kind.
func (p *plan) remove(kind string) error {
	for _, f := range slices.Backward(p.record.Files) {
		if f.Kind != kind {
			continue
		}
		old, err := f.read()
		if err != nil {
			return err
		}
		c, notes := change{file: f, old: old, new: old}, p.notes
		switch {
		case old.Snapshot == nil, old.Same(f.Original): // an earlier run did it
		case f.wrote(old.Snapshot):
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
		if !c.old.Same(c.new.Snapshot) {
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
	is, _ := c.Flags.Paths(c.old.Data)
	will, _ := c.Flags.Paths(c.new.Data)
	ours := samePath(is, p.record.Config)
	others := p.left.others(p.record.Dormant)
	switch {
	case is == "", samePath(is, will):
	case ours && len(others) > 0:
		return fmt.Sprintf("%s stays: its flags name %s, which also has %s", c.Path, is, strings.Join(others, ", "))
	case !ours && !c.wrote(c.old.Snapshot):
		return fmt.Sprintf("%s stays: its flags were changed after the install and name %s", c.Path, is)
	}
	return ""
}

// takeOut removes our part from a file that others have changed after the install.
func (p *plan) takeOut(c *change) (err error) {
	if !c.atStart() {
		p.notes = append(p.notes, c.Path+" was changed after the install and is kept")
		return nil
	}
	c.new, err = p.strip(*c, c.file)
	switch {
	case errors.Is(err, kubeletconfig.ErrLast): // the kubelet refuses a config without providers
		c.new, err = p.store.content(c.Original)
	case err == nil && c.new.Snapshot != nil && !c.new.Same(c.old.Snapshot):
		p.notes = append(p.notes, c.Path+" was changed after the install: only pullpass's part is removed")
	}
	return err
}

// binaryRemoval returns the plan to remove the link and the binary. The binary stays if a config still names it: the one
// that is left of the install's, or another one that a kubelet reads.
func (i *Installer) binaryRemoval(r *record, left config, o Options) (*plan, error) {
	p := &plan{store: i.store, record: r}
	for _, kind := range []string{kindLink, kindBinary} {
		if err := p.remove(kind); err != nil {
			return nil, err
		}
	}
	read, err := i.configsRead(o.Platform)
	if err != nil {
		return nil, err
	}
	p.changes = slices.DeleteFunc(p.changes, func(c change) bool {
		if c.Kind != kindBinary {
			return false
		}
		binDir := filepath.Dir(c.Path)
		if samePath(binDir, r.BinDir) && left.ours() != nil {
			p.notes = append(p.notes, c.Path+" stays: "+r.Config+" names it, as it did before the install")
			return true
		}
		n := slices.IndexFunc(read, func(other [2]string) bool {
			return nodefile.RealPath(other[0]) != nodefile.RealPath(r.Config) && nodefile.RealPath(other[1]) == nodefile.RealPath(binDir) && namesUs(other[0])
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
