package install

import (
	"fmt"
	"io"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
)

// DryRun writes what Install would do to out, as unified diffs without values that may be
// secrets. It writes nothing else, and takes no lock.
func (i *Installer) DryRun(out io.Writer, o Options) error {
	if err := i.load(); err != nil {
		return err
	}
	p, err := i.plan(o)
	if err != nil {
		return err
	}
	return i.show(out, p, o)
}

// DryRunUninstall is DryRun for Uninstall.
func (i *Installer) DryRunUninstall(out io.Writer, o Options) error {
	if err := i.load(); err != nil {
		return err
	}
	if i.state.Installed == nil {
		_, err := fmt.Fprintln(out, "nothing to do")
		return err
	}
	p, err := i.removal()
	if err != nil {
		return err
	}
	running, err := i.running()
	if err != nil {
		return err
	}
	if err := i.checkStart(running, p); err != nil {
		return err
	}
	return i.show(out, p, o)
}

func (i *Installer) show(out io.Writer, p *plan, o Options) error {
	if err := i.refuseRejected(p, o.Retry); err != nil {
		return err
	}
	if i.state.Trial != nil {
		i.Note("no healthy kubelet has been seen yet with what an earlier run changed")
	}
	running, err := i.running()
	if err != nil {
		return err
	}
	needed := running != nil && (p.atStart() || i.fits(p.record, false)(running) != nil)
	if p.removal {
		needed = i.uses(running, p)
	}
	if needed && o.Restart {
		if err := readsConfig(running, p.record); err != nil {
			return err
		}
	}
	if len(p.changes) > 0 {
		i.noteAll(o.Platform.Notes)
	}
	i.noteAll(p.notes)
	for _, c := range p.changes {
		if _, err := out.Write(c.diff()); err != nil {
			return err
		}
	}
	switch {
	case !needed && len(p.changes) == 0:
		_, err = fmt.Fprintln(out, "nothing to do")
	case needed && o.Restart:
		_, err = fmt.Fprintln(out, "restart "+unit(running, p.record))
	case needed:
		i.Note("the kubelet would have to be restarted: systemctl restart " + unit(running, p.record))
	}
	return err
}

// diff describes a change.
func (c change) diff() []byte {
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
		text = diff.Diff(oldName, redactConfig(c.Path, c.oldData), newName, redactConfig(c.Path, c.newData))
	case kindFlags:
		text = diff.Diff(oldName, c.Flags.Redact(c.oldData), newName, c.Flags.Redact(c.newData))
	}
	if len(text) == 0 { // only what is not shown is different
		return fmt.Appendf(nil, "write %s, %d bytes, sha256:%s\n", c.Path, len(c.newData), c.new.SHA256)
	}
	return text
}

func redactConfig(path string, data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return kubeletconfig.Redact(path, data)
}
