package installer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// The state is what one run has to know of those before it. It is in the folder's install.json;
// the contents of files that may have to be put back are beside it, each by the name of its
// SHA-256. Both are written before what they are about, so that a run can be killed anywhere.
const (
	stateName    = "install.json"
	stateVersion = 1
)

type state struct {
	Version int `json:"version"`
	// Installed is what is installed, or is being; nil if nothing is.
	Installed *record `json:"installed,omitempty"`
	// Kubelet is the kubelet.Process.ID of the one that ran when something was changed that a
	// kubelet reads at its start, and has not seen it; "" if none ran. While it is not known which
	// one that is, it is the ID of the boot, with which all of them begin.
	Kubelet string `json:"kubelet,omitempty"`
	// Read is what the kubelet that was seen last has read; nil if that is not known.
	Read *reading `json:"read,omitempty"`
	// Trial is set until a healthy kubelet has been seen with what was changed.
	Trial *trial `json:"trial,omitempty"`
	// Rejected is what was rolled back last.
	Rejected *Rejected `json:"rejected,omitempty"`
}

// A reading is which config a kubelet has.
type reading struct {
	Kubelet string `json:"kubelet"` // kubelet.Process.ID
	Config  string `json:"config"`  // plan.config
}

// A record is an install.
type record struct {
	Platform string              `json:"platform"`
	Service  string              `json:"service,omitempty"` // the kubelet's unit
	Config   string              `json:"config"`            // file or directory
	BinDir   string              `json:"binDir"`
	Flags    *platform.FlagsFile `json:"flags,omitempty"`
	// Entries are the SHA-256 of our provider as it was written, its kubeletconfig.Provider.Text:
	// the last one, and those before it that may still be there if a run was killed. A provider
	// that is none of them was changed by somebody.
	Entries []string `json:"entries,omitempty"`
	// Dormant are the names of the providers that were in the config before the kubelet had flags for
	// it: without us it does not read them.
	Dormant []string `json:"dormant,omitempty"`
	Folders []string `json:"folders,omitempty"` // that were made, the outermost first
	Files   []file   `json:"files,omitempty"`
}

// setsFlags is platform.Platform.SetsFlags of the record's platform.
func (r *record) setsFlags() bool { return platform.Known(r.Platform).SetsFlags }

// The kinds of files, by what can be taken out of one that others have changed too.
const (
	kindBinary = "binary"
	kindConfig = "config"
	kindFlags  = "flags"
)

// A file is one that was written.
type file struct {
	Path     string              `json:"path"`
	Kind     string              `json:"kind"`
	Flags    *platform.FlagsFile `json:"flags,omitempty"` // of a kindFlags
	Original *version            `json:"original"`        // as it was without us
	// Written are the SHA-256 of what was written to it, as with the record's Entries.
	Written []string `json:"written"`
	// Replaced are the names of the providers that were taken out of a kindConfig.
	Replaced []string `json:"replaced,omitempty"`
}

// wrote reports whether a content is as it was written.
func (f file) wrote(v *version) bool { return v != nil && slices.Contains(f.Written, v.SHA256) }

// andNext returns what may be there once next is to be written: next, and what is there now, if it
// was written before. If that is not known, it may still be all that was.
func andNext(written []string, now, next string) []string {
	if slices.Contains(written, now) {
		written = []string{now}
	}
	if slices.Contains(written, next) {
		return written
	}
	return append(slices.Clone(written), next)
}

// A trial is a change that is not known to leave the kubelet alive.
type trial struct {
	Hash   string `json:"hash"`   // of what the kubelet reads at its start
	Config string `json:"config"` // plan.config
	Before before `json:"before"`
	// Restarted is set when we restart a kubelet for it: from then on it has to be decided.
	Restarted bool `json:"restarted,omitempty"`
	// Boot is the ID of the boot in which Restarted or Failed was set. In another one, a kubelet that
	// does not run may not have been started yet.
	Boot string `json:"boot,omitempty"`
	// Removal says that it is an uninstall.
	Removal bool `json:"removal,omitempty"`
	// Failed is why it is rolled back; "" if it is not.
	Failed string `json:"failed,omitempty"`
}

// before is what a kubelet last ran with.
type before struct {
	Installed *record    `json:"installed,omitempty"`
	Files     []restored `json:"files,omitempty"` // those that were changed since, in the order of the changes
}

type restored struct {
	Path    string   `json:"path"`
	Version *version `json:"version"`
	// Written is the SHA-256 of what the last change has left in place of it, "" for no file.
	Written string `json:"written,omitempty"`
}

// Rejected is what a kubelet did not come back with.
type Rejected struct {
	Hash   string    `json:"hash"` // of the contents that the kubelet reads at its start
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
}

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

// A store is the folder of the state.
type store struct{ folder string }

func (s store) path(name string) string { return filepath.Join(s.folder, name) }

// load returns the state, one of nothing if there is none. It is strict: a field that is not
// understood might be the one that matters.
func (s store) load() (state, error) {
	if err := s.check(); err != nil {
		return state{}, err
	}
	path := s.path(stateName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{Version: stateVersion}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("read the state: %w", err)
	}
	var versioned struct{ Version int }
	if err := json.Unmarshal(data, &versioned); err != nil {
		return state{}, damaged(path, err)
	}
	if versioned.Version != stateVersion {
		return state{}, provider.WithHint(
			fmt.Errorf("read the state %s: it is of version %d, this pullpass knows %d", path, versioned.Version, stateVersion),
			"use the pullpass that installed itself here, or a newer one")
	}
	var st state
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&st); err != nil {
		return state{}, damaged(path, err)
	}
	return st, nil
}

func damaged(path string, err error) error {
	return provider.WithHint(fmt.Errorf("read the state %s: %w", path, err),
		"move "+filepath.Dir(path)+" away: install then goes on with what is there, uninstall says what to remove by hand")
}

// check refuses a folder that others than root can put a state into: it names files to write.
func (s store) check() error {
	info, err := os.Lstat(s.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if uid, _ := owner(info); !info.IsDir() || uid != os.Geteuid() || info.Mode()&0o022 != 0 {
		return provider.WithHint(fmt.Errorf("%s is not a folder that root alone can write to", s.folder),
			"see what is in it, and move it away")
	}
	return nil
}

// save writes the state, and removes the contents that it does not need.
func (s store) save(st state) error {
	data, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	if err := write(s.path(stateName), append(data, '\n'), private(), nil); err != nil {
		return err
	}
	return s.sweep(st)
}

// versions returns those that may have to be put back.
func (st state) versions() []*version {
	var all []*version
	add := func(r *record) {
		if r != nil {
			for _, f := range r.Files {
				all = append(all, f.Original)
			}
		}
	}
	add(st.Installed)
	if st.Trial != nil {
		add(st.Trial.Before.Installed)
		for _, f := range st.Trial.Before.Files {
			all = append(all, f.Version)
		}
	}
	return all
}

// private is for files of root alone.
func private() *version { return &version{Mode: 0o600, UID: os.Geteuid(), GID: os.Getegid()} }

// keep stores a content.
func (s store) keep(data []byte) error {
	path := s.path(sum(data))
	if v, _, err := read(path); err == nil && v != nil && v.SHA256 == sum(data) {
		return nil
	}
	return write(path, data, private(), nil)
}

// content returns the content of a version, nil if it is none.
func (s store) content(v *version) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	data, err := os.ReadFile(s.path(v.SHA256))
	if err != nil {
		return nil, fmt.Errorf("read what was there before: %w", err)
	}
	if sum(data) != v.SHA256 {
		return nil, fmt.Errorf("read what was there before: %s is damaged", s.path(v.SHA256))
	}
	return data, nil
}

// sweep removes the contents that a state does not need, and what a killed run has left.
func (s store) sweep(st state) error {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return err
	}
	needed := st.versions()
	for _, entry := range entries {
		name := entry.Name()
		content := len(name) == len(sum(nil)) && !slices.ContainsFunc(needed, func(v *version) bool { return v.hash() == name })
		if content || strings.HasSuffix(name, temporarySuffix) {
			if err := os.Remove(s.path(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget removes the state, which is nothing's any more.
func (s store) forget() error {
	if err := remove(s.path(stateName)); err != nil {
		return err
	}
	return s.sweep(state{})
}
