package installer

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// A fit tells why a kubelet is not the one that is waited for.
type fit func(*kubelet.Process) error

// running is the kubelet that runs, nil if none does or it is not to be looked for.
func (i *Installer) running() (*kubelet.Process, error) {
	if i.Find == nil {
		return nil, nil
	}
	return i.Find()
}

// seen reports whether a kubelet has started after the last change of what it reads then.
func (i *Installer) seen(p *kubelet.Process) bool {
	unseen := i.state.Kubelet
	return unseen == "" || p.ID != unseen && !strings.HasPrefix(p.ID, unseen+"/")
}

// fits returns the fit for a kubelet with an install, or after its removal.
func (i *Installer) fits(r *record, removal bool) fit {
	return func(p *kubelet.Process) error {
		switch {
		case !i.seen(p):
			return errors.New("the kubelet was not restarted")
		case removal:
			return nil
		}
		return hasFlags(p, r)
	}
}

// current is the error of a kubelet that has not read what is there now; config is the hash of that.
func (i *Installer) current(p *kubelet.Process, r *record, config string) error {
	err, known := hasFlags(p, r), i.knows(p)
	switch same := known && i.state.Read.Config == config; {
	case same && err == nil:
		return nil
	case !i.seen(p):
		return errors.New("the kubelet was not restarted")
	case known && !same && err == nil:
		return fmt.Errorf("the kubelet was not restarted since %s was changed", r.Config)
	}
	return err
}

// knows reports whether it is in the state what a kubelet has read.
func (i *Installer) knows(p *kubelet.Process) bool {
	return i.state.Read != nil && i.state.Read.Kubelet == p.ID
}

// hasFlags is the error of a kubelet that does not read our config.
func hasFlags(p *kubelet.Process, r *record) error {
	if p.Hidden {
		return nil
	}
	for _, flag := range [...]struct{ name, want string }{
		{platform.ConfigFlag, r.Config},
		{platform.BinDirFlag, r.BinDir},
	} {
		got, ok := p.Flag(flag.name)
		switch {
		case !ok && r.Flags != nil:
			return fmt.Errorf("the kubelet runs without --%s: its unit does not use %s of %s", flag.name, r.Flags.Variable, r.Flags.Path)
		case !ok:
			return fmt.Errorf("the kubelet runs without --%s", flag.name)
		case filepath.Clean(got) != filepath.Clean(flag.want):
			return fmt.Errorf("the kubelet runs with --%s=%s in place of %s", flag.name, got, flag.want)
		}
	}
	return nil
}

// stale reports whether a kubelet has to be restarted for a plan of which nothing is done yet.
func (i *Installer) stale(running *kubelet.Process, p *plan) bool {
	return i.current(running, p.record, p.config) != nil || p.atStart() && !i.knows(running)
}

// readsConfig is the error of a kubelet with flags that we do not write and that are not those of
// the install: a restart does not change them.
func readsConfig(running *kubelet.Process, r *record) error {
	if known := platform.Known(r.Platform); r.Flags != nil || known.SetsFlags && known.Program == "" {
		return nil
	}
	if err := hasFlags(running, r); err != nil {
		return provider.WithHint(fmt.Errorf("%w, and a restart does not change that", err),
			"add "+platform.Flags(r.Config, r.BinDir)+" to the kubelet's arguments")
	}
	return nil
}

// whenRestarted says when a kubelet that runs reads what is installed, and whenStarted when another
// one does.
func whenRestarted(running *kubelet.Process, r *record) string {
	if err := readsConfig(running, r); err != nil {
		return err.Error() + ": " + provider.Hint(err)
	}
	return "the kubelet reads this when it is restarted: " + restartCommand(running, r)
}

func whenStarted(r *record) string {
	if r.Flags != nil || r.setsFlags() {
		return "it will read this when it starts"
	}
	return "one that starts with " + platform.Flags(r.Config, r.BinDir) + " reads this"
}
