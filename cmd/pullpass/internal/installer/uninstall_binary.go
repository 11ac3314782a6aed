package installer

import (
	"path/filepath"
	"slices"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// removeBinary ends an uninstall: no kubelet that starts now knows of the plugin.
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
	for _, change := range p.changes {
		if err := i.make(change); err != nil {
			return err
		}
		i.Done(change.String())
	}
	removeFolders(r.Folders)
	return i.store.forget()
}

// binaryRemoval is the plan to take the binary away, unless a config still names it: what is left of
// the install's, or one that a kubelet reads in its place.
func (i *Installer) binaryRemoval(r *record, left config, o Options) (*plan, error) {
	p := &plan{record: r}
	if err := i.without(p, kindBinary); err != nil {
		return nil, err
	}
	others, err := i.configsRead(o.Platform)
	if err != nil {
		return nil, err
	}
	var removed []change
	for _, c := range p.changes {
		folder := filepath.Dir(c.Path)
		if samePath(folder, r.BinDir) && left.ours() != nil {
			p.notes = append(p.notes, c.Path+" stays: "+r.Config+" names it, as it did before the install")
			continue
		}
		n := slices.IndexFunc(others, func(other pluginPaths) bool {
			return realPath(other.config) != realPath(r.Config) && realPath(other.binDir) == realPath(folder) && other.named()
		})
		if n >= 0 {
			p.notes = append(p.notes, c.Path+" stays: "+others[n].config+" names it")
			continue
		}
		removed = append(removed, c)
	}
	p.changes = removed
	return p, nil
}

// pluginPaths are the values of the kubelet's two flags.
type pluginPaths struct{ config, binDir string }

// named reports whether the config has our provider. One that cannot be read may have it.
func (p pluginPaths) named() bool {
	c, err := readConfig(p.config)
	return err != nil || c.ours() != nil
}

// configsRead are those that kubelets read: the one that runs, and the one that starts next.
func (i *Installer) configsRead(pf platform.Platform) ([]pluginPaths, error) {
	var all []pluginPaths
	if pf.Config != "" {
		all = append(all, pluginPaths{pf.Config, pf.BinDir})
	}
	running, err := i.running()
	if err != nil || running == nil || running.Hidden {
		return all, err
	}
	config, _ := running.Flag(platform.ConfigFlag)
	binDir, _ := running.Flag(platform.BinDirFlag)
	if config != "" && binDir != "" {
		all = append(all, pluginPaths{config, binDir})
	}
	return all, nil
}
