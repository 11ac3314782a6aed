package installer

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
)

// planConfig returns the config that there will be.
func (b *planner) planConfig() (config, error) {
	pf := b.options.Platform
	c, err := readConfig(pf.Config)
	if err != nil {
		return config{}, err
	}
	if pf.SetsFlags && c.path != pf.Config {
		return config{}, fmt.Errorf("%s is a directory, and %s needs a file there", pf.Config, pf.Name)
	}
	old, err := nodefile.Read(c.path, nodefile.MaxConfig)
	if err != nil {
		return config{}, err
	}
	former, _ := b.record.file(c.path)
	data, replaced, err := b.mergeConfig(c, old.Data, former.wrote(old.Snapshot) && former.Original == nil)
	if err != nil {
		return config{}, err
	}
	next := nodefile.New(data, old.Snapshot, 0o644)
	if slices.ContainsFunc(b.options.Entry.Env, mayBeSecret) {
		next.Mode &^= 0o077
	}
	if old.Snapshot != nil && old.Equal(next.Snapshot) {
		return c, nil
	}
	err = b.add(change{
		file: file{Path: c.path, Kind: kindConfig, Replaced: replaced},
		old:  old, new: next,
	})
	return c.with(c.path, data), err
}

// maxReplaced is how many providers --replace removes. Nodes have three at most.
const maxReplaced = 20

// mayBeSecret reports whether the value of a variable may be a secret.
func mayBeSecret(v kubeletconfig.Env) bool { return !v.IsUsual() }

// mergeConfig returns the content of the config's file with our provider, and without the providers that
// it replaces. If the file is all ours, it is written as a new one.
func (b *planner) mergeConfig(c config, old []byte, allOurs bool) (data []byte, replaced []string, err error) {
	entry := b.options.Entry
	data, err = kubeletconfig.Merge(c.path, old, entry)
	blank := len(bytes.TrimSpace(old)) == 0
	if blank {
		c = c.with(c.path, nil)
	}
	if blank || allOurs && !bytes.Equal(data, old) {
		format := kubeletconfig.YAML
		if b.options.Platform.JSON {
			format = kubeletconfig.JSON
		}
		data, err = kubeletconfig.New(entry, format)
	}
	if err != nil {
		return nil, nil, err
	}
	wanted, err := ours(kubeletconfig.File{Name: c.path, Data: data})
	if err != nil {
		return nil, nil, err
	}
	images := wanted.MatchImages
	now, next := "", nodefile.Sum([]byte(wanted.Text))
	current := c.ours()
	if current != nil {
		now = nodefile.Sum([]byte(current.Text))
	}
	edited := current != nil && now != next && !slices.Contains(b.record.Entries, now)
	if edited && !b.options.Selected {
		b.notes = append(b.notes, fmt.Sprintf("%s: the provider %s was edited or added by hand, and is kept; --registry, --env or --arg replaces it", c.path, ownName))
		data, images = old, current.MatchImages
	} else {
		b.record.Entries = andNext(b.record.Entries, now, next)
	}
	if edited && b.options.Selected {
		b.notes = append(b.notes, fmt.Sprintf("%s: the provider %s was edited or added by hand, and is replaced", c.path, ownName))
	}
	replaced, err = b.foreign(c, images)
	if err == nil && len(replaced) > maxReplaced { // each is removed separately, and everything is checked again
		return nil, nil, fmt.Errorf("%s has %d providers that --replace would remove, more than %d: edit it by hand", c.path, len(replaced), maxReplaced)
	}
	for _, name := range replaced {
		if err == nil {
			data, err = kubeletconfig.Remove(c.path, data, name)
			b.done = append(b.done, fmt.Sprintf("removed the provider %s from %s", name, c.path))
		}
	}
	return data, replaced, err
}

// foreign returns the names of other providers that are to be replaced, because they serve images of
// ours. It notes which ones stay.
func (b *planner) foreign(c config, images []string) (replaced []string, err error) {
	for _, f := range c.files {
		providers, err := kubeletconfig.Providers(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, p := range providers {
			overlaps, covered := compare(images, p.MatchImages)
			replaceable := covered && !p.Tokens && f.Name == c.path
			switch {
			case p.Name == ownName || !overlaps:
			case b.options.Replace && replaceable:
				replaced = append(replaced, p.Name)
			case b.options.Replace:
				b.notes = append(b.notes, fmt.Sprintf("%s: the provider %s is kept in addition to %s: %s", f.Name, p.Name, ownName, keptBecause(p, covered)))
			default:
				text := fmt.Sprintf("%s: the provider %s matches images that %s serves: the kubelet tries the credentials of both", f.Name, p.Name, ownName)
				if replaceable {
					text += "; --replace removes it"
				}
				b.notes = append(b.notes, text)
			}
		}
	}
	return replaced, nil
}

// compare reports whether both select a common image, and whether ours select all images that theirs
// select.
func compare(ours, theirs []string) (overlaps, covered bool) {
	covered = true
	for _, t := range theirs {
		overlaps = overlaps || slices.ContainsFunc(ours, func(o string) bool { return kubeletconfig.Overlap(o, t) })
		covered = covered && slices.ContainsFunc(ours, func(o string) bool { return kubeletconfig.Covers(o, t) })
	}
	return overlaps, covered
}

func keptBecause(p kubeletconfig.Provider, covered bool) string {
	switch {
	case p.Tokens:
		return "it uses service account tokens"
	case !covered:
		return "it matches other images as well"
	}
	return "it is in a file of its own"
}
