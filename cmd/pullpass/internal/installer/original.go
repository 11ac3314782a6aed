package installer

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// original returns what a file that we wrote before is without us. If others have changed it since, that
// is their content without our part.
func (b *planner) original(c change, former file) (*nodefile.Snapshot, error) {
	switch {
	case c.old.Snapshot == nil:
		return nil, nil
	case c.Kind == kindBinary, former.wrote(c.old.Snapshot), c.old.Same(former.Original):
		return former.Original, nil
	}
	left, err := b.strip(c, former)
	if errors.Is(err, kubeletconfig.ErrLast) {
		return former.Original, nil
	}
	if err == nil && left.Snapshot != nil {
		b.keep = append(b.keep, left.Data)
	}
	return left.Snapshot, err
}

// strip returns what is left of a file that others have changed, without our part; no file if nothing is
// left. Paths that the flags had before us are restored. f is the record of the file. The error may be
// kubeletconfig.ErrLast.
func (p *plan) strip(c change, f file) (nodefile.Content, error) {
	var left []byte
	var err error
	if f.Kind == kindConfig {
		left, err = kubeletconfig.Remove(f.Path, c.old.Data, ownName)
	} else {
		left, err = p.stripFlags(c.old.Data, f)
	}
	if err != nil || len(left) == 0 {
		return nodefile.Content{}, err
	}
	if c.Kind == kindConfig {
		if err := p.saveLost(c, f, left); err != nil {
			return nodefile.Content{}, err
		}
	}
	return nodefile.New(left, c.old.Snapshot, 0), nil
}

func (p *plan) stripFlags(data []byte, f file) ([]byte, error) {
	original, err := p.store.content(f.Original)
	if err != nil {
		return nil, err
	}
	if config, binDir := f.Flags.Paths(original.Data); config != "" && binDir != "" {
		return platform.MergeFlags(*f.Flags, data, config, binDir)
	}
	return platform.RemoveFlags(*f.Flags, data)
}

// beforeSuffix is for the config as it was before an install, if it cannot be restored as a whole because
// others have changed it since. The kubelet does not read files with such names.
const beforeSuffix = ".before-pullpass"

// saveLost adds a file with the original of a config to the plan, if we replaced providers in it that left,
// the rest of the config, does not have. If left is the whole config, others have written it without us.
func (p *plan) saveLost(c change, f file, left []byte) error {
	original, err := p.store.content(f.Original)
	if err != nil || bytes.Equal(left, c.old.Data) {
		return err
	}
	was, err := kubeletconfig.Providers(c.Path, original.Data)
	if err != nil {
		return nil // there was no config, or one without providers
	}
	is, err := kubeletconfig.Providers(c.Path, left)
	if err != nil {
		return err
	}
	var lost []string
	for _, w := range was {
		replaced := w.Name == ownName || slices.Contains(c.Replaced, w.Name)
		if replaced && !slices.ContainsFunc(is, func(p kubeletconfig.Provider) bool { return p.Name == w.Name }) {
			lost = append(lost, w.Name)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	path := c.Path + beforeSuffix
	p.notes = append(p.notes, fmt.Sprintf("%s was changed after the install: its former providers (%s) are not restored; the original is saved as %s", c.Path, strings.Join(lost, ", "), path))
	old, err := nodefile.Read(path, nodefile.MaxConfig)
	if err != nil || old.Snapshot != nil && bytes.Equal(old.Data, original.Data) {
		return err
	}
	p.changes = append(p.changes, change{
		file: file{Path: path, Kind: kindConfig},
		old:  old, new: nodefile.New(original.Data, c.old.Snapshot, 0),
	})
	return nil
}
