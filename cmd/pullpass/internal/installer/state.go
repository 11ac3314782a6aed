package installer

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// A state is what a run has to know about earlier runs. The package comment has its phases, and how
// each event changes it.
type state struct {
	Version int `json:"version"`
	// Installed is what is installed or being installed; nil if nothing is.
	Installed *record `json:"installed,omitempty"`
	// Outdated is the ID of the kubelet that was running when something was changed that a kubelet reads at
	// its start; "" if none was. Between the change and the look for that kubelet, it is the ID of the boot:
	// all kubelets of that boot count as outdated.
	Outdated string `json:"kubelet,omitempty"`
	// Read is what the last kubelet that was seen has read; nil if that is not known.
	Read *reading `json:"read,omitempty"`
	// Trial is set until a healthy kubelet has been seen with the last change.
	Trial *trial `json:"trial,omitempty"`
	// Rejected is what was rolled back last.
	Rejected *Rejected `json:"rejected,omitempty"`
}

// A reading says which config a kubelet has read.
type reading struct {
	Kubelet string `json:"kubelet"` // kubelet.Process.ID
	Config  string `json:"config"`  // plan.config
}

// A record is an install.
type record struct {
	Platform string              `json:"platform"`
	Service  string              `json:"service,omitempty"` // the kubelet's unit
	Config   string              `json:"config"`            // a file or a directory
	BinDir   string              `json:"binDir"`
	Flags    *platform.FlagsFile `json:"flags,omitempty"`
	// Entries are the SHA-256 of the kubeletconfig.Provider.Text that we wrote: the last one, and earlier
	// ones that a killed run may have left in place. If our provider has none of them, somebody edited it.
	Entries []string `json:"entries,omitempty"`
	// Dormant are the names of providers that were in the config while the kubelet had no flags for it. The
	// kubelet does not read them without us.
	Dormant []string `json:"dormant,omitempty"`
	// Directories are those that we created, the outermost first.
	Directories []string `json:"folders,omitempty"`
	Files       []file   `json:"files,omitempty"`
}

// setsFlags is platform.Platform.SetsFlags of the record's platform.
func (r *record) setsFlags() bool { return platform.Known(r.Platform).SetsFlags }

// file returns the record of a path.
func (r *record) file(path string) (file, bool) {
	if r == nil {
		return file{}, false
	}
	i := slices.IndexFunc(r.Files, func(f file) bool { return f.Path == path })
	if i < 0 {
		return file{}, false
	}
	return r.Files[i], true
}

// The kinds of files. They differ in what can be removed from a file that others have changed as well.
const (
	kindBinary = "binary"
	kindConfig = "config"
	kindFlags  = "flags"
	kindLink   = "link"
)

// A file is one that we wrote.
type file struct {
	Path     string              `json:"path"`
	Kind     string              `json:"kind"`
	Flags    *platform.FlagsFile `json:"flags,omitempty"` // of a kindFlags
	Original *nodefile.Snapshot  `json:"original"`        // the file without us
	// Written are the SHA-256 of what we wrote to it: the last content, and earlier ones that a killed run
	// may have left in place.
	Written []string `json:"written"`
	// Replaced are the names of the providers that we removed from a kindConfig.
	Replaced []string `json:"replaced,omitempty"`
}

// read returns the content that the file has now.
func (f file) read() (nodefile.Content, error) {
	if f.Kind == kindLink {
		return nodefile.ReadLink(f.Path)
	}
	return nodefile.Read(f.Path, f.limit())
}

// look is read without the bytes.
func (f file) look() (*nodefile.Snapshot, error) {
	if f.Kind == kindLink {
		c, err := nodefile.ReadLink(f.Path)
		return c.Snapshot, err
	}
	return nodefile.Look(f.Path, f.limit())
}

// atStart reports whether a kubelet reads the file at its start. It reads the binary later, and the link never.
func (f file) atStart() bool { return f.Kind != kindBinary && f.Kind != kindLink }

// limit is how large the file may be, in bytes.
func (f file) limit() int64 {
	if f.Kind == kindBinary {
		return nodefile.MaxProgram
	}
	return nodefile.MaxConfig
}

// wrote reports whether the content is one that we wrote.
func (f file) wrote(s *nodefile.Snapshot) bool {
	return s != nil && slices.Contains(f.Written, s.SHA256)
}

// andNext returns the hashes of what may be in place while next is being written: next, and what is
// there now, if we wrote it. If we did not, a killed run may still have left any of written.
func andNext(written []string, now, next string) []string {
	if slices.Contains(written, now) {
		written = []string{now}
	}
	if slices.Contains(written, next) {
		return written
	}
	return append(slices.Clone(written), next)
}

// A trial is a change with which the previous change is unconfirmed.
type trial struct {
	Hash   string `json:"hash"`   // of what the kubelet reads at its start
	Config string `json:"config"` // plan.config
	Before before `json:"before"`
	// Restarted says that a run restarted the kubelet for the change, and so has to decide about it.
	Restarted bool `json:"restarted,omitempty"`
	// Boot is the ID of the boot in which Restarted or Failed was set. In a later boot, a kubelet that does
	// not run may just not have been started yet.
	Boot    string `json:"boot,omitempty"`
	Removal bool   `json:"removal,omitempty"` // the change is an uninstall
	Failed  string `json:"failed,omitempty"`  // why the change is being rolled back; "" if it is not
}

// before is what a kubelet last ran with.
type before struct {
	Installed *record    `json:"installed,omitempty"`
	Files     []restored `json:"files,omitempty"` // the files changed since, in the order of the changes
}

// restored is a file to restore in a rollback.
type restored struct {
	Path     string             `json:"path"`
	Snapshot *nodefile.Snapshot `json:"version"`
	Written  string             `json:"written,omitempty"` // SHA-256 of what the last change put there, "" for no file
}

// Rejected is a configuration with which the kubelet did not become healthy.
type Rejected struct {
	Hash   string    `json:"hash"` // of what the kubelet reads at its start
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
}

// snapshots returns those that may have to be restored.
func (s state) snapshots() []*nodefile.Snapshot {
	var all []*nodefile.Snapshot
	add := func(r *record) {
		if r != nil {
			for _, f := range r.Files {
				all = append(all, f.Original)
			}
		}
	}
	add(s.Installed)
	if s.Trial != nil {
		add(s.Trial.Before.Installed)
		for _, f := range s.Trial.Before.Files {
			all = append(all, f.Snapshot)
		}
	}
	return all
}

// check returns an error if something is missing in the state without which it means nothing.
func (s state) check() error {
	records := []*record{s.Installed}
	if s.Trial != nil {
		if s.Installed == nil {
			return errors.New("a change is on trial, and nothing is installed")
		}
		records = append(records, s.Trial.Before.Installed)
	}
	for _, r := range records {
		if r == nil {
			continue
		}
		for _, f := range r.Files {
			if f.Kind == kindFlags && f.Flags == nil {
				return fmt.Errorf("where the flags are in %s is missing", f.Path)
			}
		}
	}
	return nil
}
