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

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

const (
	stateName    = "install.json"
	stateVersion = 1
)

// A store is the directory with the state. install.json has the state itself. Beside it are the contents
// of files that may have to be restored, each named by its SHA-256. Both are written before the files
// that they are about: a run can be killed at any time.
type store struct{ directory string }

func (s store) path(name string) string { return filepath.Join(s.directory, name) }

// load returns the state, an empty one if there is none. It refuses unknown fields, since they may
// matter for an undo.
func (s store) load() (state, error) {
	if err := s.check(); err != nil {
		return state{}, err
	}
	path := s.path(stateName)
	content, err := nodefile.Read(path, nodefile.MaxConfig)
	if err != nil {
		return state{}, fmt.Errorf("read the state: %w", err)
	}
	if content.Snapshot == nil {
		return state{Version: stateVersion}, nil
	}
	var versioned struct{ Version int }
	if err := json.Unmarshal(content.Data, &versioned); err != nil {
		return state{}, damaged(path, err)
	}
	if versioned.Version != stateVersion {
		return state{}, provider.WithHint(
			fmt.Errorf("read the state %s: its version is %d, and this pullpass supports %d", path, versioned.Version, stateVersion),
			"use the pullpass that installed itself here, or a newer one")
	}
	var st state
	decoder := json.NewDecoder(bytes.NewReader(content.Data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&st); err != nil {
		return state{}, damaged(path, err)
	}
	if err := st.check(); err != nil {
		return state{}, damaged(path, err)
	}
	return st, nil
}

func damaged(path string, err error) error {
	return provider.WithHint(fmt.Errorf("read the state %s: %w", path, err),
		"move "+filepath.Dir(path)+" away: install then starts from the existing configuration, and uninstall lists what to remove by hand")
}

// check refuses a directory to which others than root can write, or which they can replace: the state names
// files to write.
func (s store) check() error {
	info, err := os.Lstat(s.directory)
	if errors.Is(err, fs.ErrNotExist) {
		return safefile.CheckClosed(s.directory)
	}
	if err != nil {
		return err
	}
	if uid, _ := nodefile.Owner(info); !info.IsDir() || uid != os.Geteuid() || info.Mode()&0o022 != 0 {
		return provider.WithHint(fmt.Errorf("%s is not a directory that only root can write to", s.directory),
			"check its content, then move it away")
	}
	return safefile.CheckDir(s.directory)
}

// save writes the state, and removes the contents that it does not need.
func (s store) save(st state) error {
	data, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	if err := nodefile.Write(s.path(stateName), nodefile.New(append(data, '\n'), nil, 0o600), nil); err != nil {
		return err
	}
	return s.sweep(st)
}

// keep stores a content.
func (s store) keep(data []byte) error {
	path := s.path(nodefile.Sum(data))
	if s, err := nodefile.Look(path, nodefile.MaxProgram); err == nil && s.Hash() == nodefile.Sum(data) {
		return nil
	}
	return nodefile.Write(path, nodefile.New(data, nil, 0o600), nil)
}

// content returns the content of a snapshot.
func (s store) content(of *nodefile.Snapshot) (nodefile.Content, error) {
	if of == nil {
		return nodefile.Content{}, nil
	}
	path := s.path(of.SHA256)
	kept, err := nodefile.Read(path, nodefile.MaxProgram)
	switch {
	case err != nil:
		return nodefile.Content{}, fmt.Errorf("read the saved original: %w", err)
	case kept.Snapshot == nil:
		return nodefile.Content{}, fmt.Errorf("read the saved original: there is no %s", path)
	case !kept.Same(of):
		return nodefile.Content{}, fmt.Errorf("read the saved original: %s is damaged", path)
	}
	return nodefile.Content{Snapshot: of, Data: kept.Data}, nil
}

// sweep removes the contents that a state does not need, and what a killed run has left.
func (s store) sweep(st state) error {
	entries, err := os.ReadDir(s.directory)
	if err != nil {
		return err
	}
	needed := st.snapshots()
	for _, entry := range entries {
		name := entry.Name()
		unneeded := len(name) == len(nodefile.Sum(nil)) && !slices.ContainsFunc(needed, func(n *nodefile.Snapshot) bool { return n.Hash() == name })
		if unneeded || strings.HasSuffix(name, nodefile.TemporarySuffix) {
			if err := os.Remove(s.path(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget removes the state and all contents.
func (s store) forget() error {
	if err := nodefile.Remove(s.path(stateName)); err != nil {
		return err
	}
	return s.sweep(state{})
}
