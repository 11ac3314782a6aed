package installer

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// original is what a file that was written before is without us. If others have changed it since,
// it is their content, less what is ours in it.
func (b *planner) original(c change, former file) (*version, error) {
	switch {
	case c.old == nil:
		return nil, nil
	case c.Kind == kindBinary, former.wrote(c.old), c.old.same(former.Original):
		return former.Original, nil
	}
	data, err := strip(former, c.oldData, b.content)
	switch {
	case errors.Is(err, kubeletconfig.ErrLast):
		return former.Original, nil
	case err != nil:
		return nil, err
	case len(data) == 0:
		return nil, nil
	}
	if c.Kind == kindConfig {
		was, err := b.content(former.Original)
		if err != nil {
			return nil, err
		}
		if err := b.saveLost(c, was, data); err != nil {
			return nil, err
		}
	}
	b.keep = append(b.keep, data)
	return newVersion(data, c.old, 0), nil
}

// beforeSuffix is for the config as it was before an install, where it cannot be put back as a whole
// because others have changed it since. The kubelet does not read files with such names.
const beforeSuffix = ".before-pullpass"

// saveLost adds to the plan a file with the original of a config, if there are providers in it that
// were replaced and that what is left of the config does not have. If nothing is taken out of it,
// others have written it anew.
func (p *plan) saveLost(c change, original, left []byte) error {
	if bytes.Equal(left, c.oldData) {
		return nil
	}
	was, err := kubeletconfig.Providers(c.Path, original)
	if err != nil {
		return nil // there was no config, or one without providers
	}
	is, err := kubeletconfig.Providers(c.Path, left)
	if err != nil {
		return err
	}
	var lost []string
	for _, w := range was {
		replaced := w.Name == Name || slices.Contains(c.Replaced, w.Name)
		if replaced && !slices.ContainsFunc(is, func(p kubeletconfig.Provider) bool { return p.Name == w.Name }) {
			lost = append(lost, w.Name)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	path := c.Path + beforeSuffix
	p.notes = append(p.notes, fmt.Sprintf("%s was changed after the install: what was there before it of %s does not come back, it is in %s", c.Path, strings.Join(lost, ", "), path))
	old, oldData, err := read(path)
	if err != nil || old != nil && bytes.Equal(oldData, original) {
		return err
	}
	p.changes = append(p.changes, change{
		file: file{Path: path, Kind: kindConfig},
		old:  old, oldData: oldData,
		new: newVersion(original, c.old, 0), newData: original,
	})
	return nil
}

// strip returns the content of a file without what is ours in it. Paths that the flags had before
// come back. content returns that of a version. The error may be kubeletconfig.ErrLast.
func strip(f file, data []byte, content func(*version) ([]byte, error)) ([]byte, error) {
	if f.Kind == kindConfig {
		return kubeletconfig.Remove(f.Path, data, Name)
	}
	original, err := content(f.Original)
	if err != nil {
		return nil, err
	}
	if config, binDir := f.Flags.Paths(original); config != "" && binDir != "" {
		return platform.MergeFlags(*f.Flags, data, config, binDir)
	}
	return platform.RemoveFlags(*f.Flags, data)
}
