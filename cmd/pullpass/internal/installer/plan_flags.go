package installer

import (
	"bytes"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// planFlags returns the content that the flags file will have, nil if the flags are elsewhere.
func (b *planner) planFlags() ([]byte, error) {
	pf := b.options.Platform
	if pf.Flags == nil {
		return nil, nil
	}
	old, err := nodefile.Read(pf.Flags.Path, nodefile.MaxConfig)
	if err != nil {
		return nil, err
	}
	data := old.Data
	if former, ok := b.record.file(pf.Flags.Path); ok && former.Kind == kindFlags {
		if data, err = former.Flags.Renew(data, pf.Flags.Inherited); err != nil {
			return nil, err
		}
	}
	data, err = platform.MergeFlags(*pf.Flags, data, pf.Config, pf.BinDir)
	if err != nil || old.Snapshot != nil && bytes.Equal(data, old.Data) {
		return data, err
	}
	if now, _ := pf.Flags.Paths(old.Data); !samePath(now, pf.Config) {
		dormant, err := readConfig(pf.Config)
		if err != nil {
			return nil, err
		}
		b.record.Dormant = dormant.others(nil)
	}
	return data, b.add(change{
		file: file{Path: pf.Flags.Path, Kind: kindFlags, Flags: pf.Flags},
		old:  old, new: nodefile.New(data, old.Snapshot, 0o644),
	})
}
