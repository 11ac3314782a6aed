package installer

import (
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/provider/safefile"
)

// linkPath is the link to the binary with which users can run it by its name. Its directory is in the PATH
// of root's login shells on all distributions. The PATH of the installer's process is no guide: it may be that of
// a container, of cloud-init or of the machine that builds an image.
const linkPath = "/usr/local/bin/" + ownName

// planLink adds the link to the plan if its directory exists. The link is a convenience: if it cannot be created,
// that is a note and not an error. A foreign file or link is kept.
func (i *Installer) planLink(b *planner) error {
	directory, binDir := filepath.Dir(linkPath), b.options.Platform.BinDir
	if info, err := os.Stat(directory); err != nil || !info.IsDir() || nodefile.RealPath(directory) == nodefile.RealPath(binDir) {
		return nil
	}
	c := change{file: file{Path: linkPath, Kind: kindLink}, new: nodefile.NewLink(binaryFile(binDir).Path)}
	var err error
	if c.old, err = c.read(); err == nil && c.old.Same(c.new.Snapshot) {
		return nil
	}
	former, _ := b.record.file(linkPath)
	foreign := c.old.Snapshot != nil && !former.wrote(c.old.Snapshot)
	if err == nil {
		err = safefile.CheckClosed(directory)
	}
	if err == nil {
		err = i.unlessMountedSo(linkPath, nodefile.CheckReplace(linkPath, c.new))
	}
	switch {
	case err == nil && !foreign:
		return b.add(c)
	case len(b.changes) == 0: // an earlier run said so
	case foreign:
		b.notes = append(b.notes, "no link to "+string(c.new.Data)+": "+linkPath+" exists already, and is kept as it is")
	default:
		b.notes = append(b.notes, "no link to "+string(c.new.Data)+": "+err.Error())
	}
	return nil
}
