package installer

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// DryRun writes what Install would do to out, as unified diffs. They do not show values that may be
// secrets. The error is what would stop Install. DryRun writes nothing else, and takes no lock.
func (i *Installer) DryRun(ctx context.Context, out io.Writer, o Options) error {
	if err := i.look(); err != nil {
		return err
	}
	p, running, err := i.checkedPlan(ctx, o)
	if err != nil {
		return err
	}
	s := preview{Writer: out, known: given(o.Entry)}
	s.plan(i, p)
	if i.state.stale(running, p) {
		i.noteRestart(o)
		if o.Restart {
			s.line("restart " + unit(running, p.record))
		} else {
			i.Note(whenRestarted(running, p.record))
		}
	}
	return s.end()
}

// DryRunUninstall is DryRun for Uninstall.
func (i *Installer) DryRunUninstall(ctx context.Context, out io.Writer, o Options) error {
	untouched, err := i.untouched(o)
	if err == nil && !untouched {
		err = i.look()
	}
	if err != nil {
		return err
	}
	s := preview{Writer: out, known: given(o.Entry)}
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
	s.plan(i, p)
	if p.used {
		i.noteRestart(o)
	}
	switch removed(p.used, o.Restart) {
	case toTellRestart:
		i.Note("the kubelet must be restarted before " + filepath.Join(p.record.BinDir, ownName) + " is removed: " + restartCommand(running, p.record))
		return s.end()
	case toRestart:
		s.line("restart " + unit(running, p.record))
	}
	binary, err := i.binaryRemoval(p.record, p.left, o)
	if err != nil {
		return err
	}
	if err := i.checkPlaces(binary); err != nil {
		return err
	}
	s.plan(i, binary)
	for _, path := range emptied(p.record.Directories, append(p.changes, binary.changes...)) {
		s.line("remove " + path)
	}
	return s.end()
}

// look loads the state as locked does, but writes nothing and takes no lock.
func (i *Installer) look() error {
	i.dry = true
	if err := i.checkLock(); err != nil {
		return i.lockError(err)
	}
	if err := i.load(); err != nil {
		return err
	}
	if i.state.Trial != nil {
		i.Note("the previous change is unconfirmed: the kubelet has not run with it yet")
	}
	return nil
}

// emptied returns which of the directories removeDirectories would remove after the changes, in its order.
func emptied(directories []string, changes []change) []string {
	removed := map[string]bool{}
	for _, c := range changes {
		if c.new.Snapshot == nil {
			removed[c.Path] = true
		}
	}
	var empty []string
	for _, directory := range slices.Backward(directories) {
		entries, err := os.ReadDir(directory)
		if err == nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !removed[filepath.Join(directory, e.Name())] }) {
			removed[directory] = true
			empty = append(empty, directory)
		}
	}
	return empty
}

// A preview is the output of a dry run.
type preview struct {
	io.Writer
	known   func(name, value string) bool // see kubeletconfig.Redact
	written bool
	err     error
}

// write writes a part of the output. end returns the first error.
func (s *preview) write(text []byte) {
	s.written = true
	if s.err == nil {
		_, s.err = s.Write(text)
	}
}

func (s *preview) line(text string) { s.write([]byte(text + "\n")) }

// plan writes the changes of a plan, and notes its notes.
func (s *preview) plan(i *Installer, p *plan) {
	i.noteAll(p.notes)
	for _, c := range p.changes {
		s.write(c.diff(s.known))
	}
}

// end says so if nothing would be done, and returns the error of the output.
func (s *preview) end() error {
	if !s.written {
		s.line("nothing to do")
	}
	return s.err
}
