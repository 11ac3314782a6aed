package installer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
)

// DryRun writes what Install would do to out, as unified diffs without values that may be
// secrets. What would stop Install is an error. It writes nothing else, and takes no lock.
func (i *Installer) DryRun(ctx context.Context, out io.Writer, o Options) error {
	if err := i.look(); err != nil {
		return err
	}
	p, err := i.checkedPlan(ctx, o)
	if err != nil {
		return err
	}
	running, err := i.running()
	if err != nil {
		return err
	}
	s := show{Writer: out, known: given(o.Entry)}
	needed := running != nil && i.stale(running, p)
	if len(p.changes) > 0 {
		i.noteAll(o.Platform.Notes)
	}
	i.noteAll(p.notes)
	s.changes(p)
	if needed {
		i.noteRestart(o)
	}
	switch {
	case needed && o.Restart:
		s.line("restart " + unit(running, p.record))
	case needed:
		i.Note(whenRestarted(running, p.record))
	}
	return s.end()
}

// DryRunUninstall is DryRun for Uninstall.
func (i *Installer) DryRunUninstall(ctx context.Context, out io.Writer, o Options) error {
	s := show{Writer: out, known: given(o.Entry)}
	if i.untouched(o) {
		return s.end()
	}
	if err := i.look(); err != nil {
		return err
	}
	if i.state.Installed == nil {
		if err := i.unrecorded(o.Platform); err != nil {
			return err
		}
		return s.end()
	}
	p, running, err := i.checkedRemoval(ctx, o)
	if err != nil {
		return err
	}
	i.noteAll(p.notes)
	s.changes(p)
	if p.used {
		i.noteRestart(o)
	}
	if p.used && !o.Restart {
		i.Note("the kubelet would have to be restarted before " + filepath.Join(p.record.BinDir, Name) + " is removed: " + restartCommand(running, p.record))
		return s.end()
	}
	if p.used {
		s.line("restart " + unit(running, p.record))
	}
	binary, err := i.binaryRemoval(p.record, p.left, o)
	if err != nil {
		return err
	}
	i.noteAll(binary.notes)
	s.changes(binary)
	for _, folder := range emptied(p.record.Folders, append(p.changes, binary.changes...)) {
		s.line("remove " + folder)
	}
	return s.end()
}

// look loads the state, as locked does, but writes nothing.
func (i *Installer) look() error {
	if _, err := os.Stat(filepath.Dir(i.Folder)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lock %s: %w", i.Folder, withRootHint(err))
	}
	if err := i.load(); err != nil {
		return err
	}
	if i.state.Trial != nil {
		i.Note("no healthy kubelet has been seen yet with what an earlier run changed")
	}
	return nil
}

// noteRestart notes what else is restarted with the kubelet.
func (i *Installer) noteRestart(o Options) {
	if o.Platform.Restarts != "" {
		i.Note(o.Platform.Restarts)
	}
}

// emptied are those of the folders that removeFolders would remove after the changes, in its order.
func emptied(folders []string, changes []change) []string {
	removed := map[string]bool{}
	for _, c := range changes {
		if c.new == nil {
			removed[c.Path] = true
		}
	}
	var empty []string
	for _, folder := range slices.Backward(folders) {
		entries, err := os.ReadDir(folder)
		if err == nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !removed[filepath.Join(folder, e.Name())] }) {
			removed[folder] = true
			empty = append(empty, folder)
		}
	}
	return empty
}

// A show is what a dry run writes.
type show struct {
	io.Writer
	known   func(name, value string) bool // see kubeletconfig.Redact
	written bool
	err     error
}

func (s *show) write(text []byte) {
	s.written = true
	if s.err == nil {
		_, s.err = s.Write(text)
	}
}

func (s *show) line(text string) { s.write([]byte(text + "\n")) }

func (s *show) changes(p *plan) {
	for _, c := range p.changes {
		s.write(c.diff(s.known))
	}
}

func (s *show) end() error {
	if !s.written {
		s.line("nothing to do")
	}
	return s.err
}

// diff describes a change.
func (c change) diff(known func(name, value string) bool) []byte {
	oldName, newName := c.Path, c.Path
	if c.old == nil {
		oldName = "/dev/null"
	}
	if c.new == nil {
		newName = "/dev/null"
	}
	var text []byte
	switch c.Kind {
	case kindConfig:
		text = diff.Diff(oldName, redactConfig(c.Path, c.oldData, known), newName, redactConfig(c.Path, c.newData, known))
	case kindFlags:
		text = diff.Diff(oldName, c.Flags.Redact(c.oldData), newName, c.Flags.Redact(c.newData))
	}
	switch {
	case len(text) > 0:
		return text
	case c.new == nil:
		return fmt.Appendf(nil, "remove %s\n", c.Path)
	}
	// Only what is not shown is different.
	return fmt.Appendf(nil, "write %s, %d bytes, sha256:%s\n", c.Path, len(c.newData), c.new.SHA256)
}

func redactConfig(path string, data []byte, known func(name, value string) bool) []byte {
	if len(data) == 0 {
		return nil
	}
	return kubeletconfig.Redact(path, data, known)
}

// given reports of a value whether it may be shown, because it is one of this entry, that is to say of
// this command line, and no secret by its name.
func given(e kubeletconfig.Entry) func(name, value string) bool {
	return func(name, value string) bool {
		if strings.Contains(value, "@") { // as in the URL of a proxy
			return false
		}
		if name != "" {
			return !secretName(name) && slices.Contains(e.Env, kubeletconfig.Env{Name: name, Value: value})
		}
		flag, _, _ := strings.Cut(value, "=")
		isFlag := strings.HasPrefix(flag, "--") || strings.HasPrefix(flag, "-") && len(value) == 2
		return isFlag && !secretName(flag) && slices.Contains(e.Args, value)
	}
}

// secretName reports whether what has this name is likely to be a secret.
func secretName(name string) bool {
	name = strings.ToUpper(name)
	return slices.ContainsFunc([]string{"KEY", "SECRET", "TOKEN", "PASS", "PWD", "CREDENTIAL", "AUTH"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}
