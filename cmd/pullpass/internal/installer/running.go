package installer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// outdated reports whether a kubelet started before the last change of what it reads at its start.
func (s state) outdated(p *kubelet.Process) bool {
	return s.Outdated != "" && (p.ID == s.Outdated || strings.HasPrefix(p.ID, s.Outdated+"/"))
}

// knows reports whether the state has what a kubelet has read.
func (s state) knows(p *kubelet.Process) bool {
	return s.Read != nil && s.Read.Kubelet == p.ID
}

// awaits returns nil for a kubelet that started with the change on trial, else why it did not.
func (s state) awaits(p *kubelet.Process) error {
	switch {
	case s.outdated(p):
		return errors.New("the kubelet was not restarted")
	case s.Trial.Removal:
		return nil
	}
	return hasFlags(p, s.Installed)
}

// current returns nil for a kubelet that has read this install, else why it has not. config is the hash
// of the config that there is now.
func (s state) current(p *kubelet.Process, r *record, config string) error {
	err, known := hasFlags(p, r), s.knows(p)
	switch same := known && s.Read.Config == config; {
	case same && err == nil:
		return nil
	case s.outdated(p):
		return errors.New("the kubelet was not restarted")
	case known && !same && err == nil:
		return fmt.Errorf("the kubelet was not restarted since %s was changed", r.Config)
	}
	return err
}

// stale reports whether a kubelet has to be restarted once a plan is written.
func (s state) stale(running *kubelet.Process, p *plan) bool {
	return running != nil && (s.current(running, p.record, p.config) != nil || p.atStart() && !s.knows(running))
}

// uses reports whether a kubelet uses the plugin that a plan takes away: it started with it, or an earlier
// run took it away and the kubelet is older.
func (s state) uses(running *kubelet.Process, p *plan) bool {
	switch {
	case running == nil:
		return false
	case s.Trial != nil && s.Trial.Removal:
		return s.outdated(running)
	}
	return p.atStart() && !s.outdated(running) && hasFlags(running, p.record) == nil
}

// hasFlags returns nil for a kubelet whose flags have the paths of an install, or are hidden.
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
		case !samePath(got, flag.want):
			return fmt.Errorf("the kubelet runs with --%s=%s in place of %s", flag.name, got, flag.want)
		}
	}
	return nil
}

// getsFlags returns an error for a kubelet that would run without our flags after a restart, too: nothing
// that we write gives it the flags.
func getsFlags(running *kubelet.Process, r *record) error {
	known := platform.Known(r.Platform)
	if r.Flags != nil || known.SetsFlags && known.Program == "" {
		return nil
	}
	if err := hasFlags(running, r); err != nil {
		return provider.WithHint(fmt.Errorf("%w, and a restart does not change that", err),
			"add "+platform.Flags(r.Config, r.BinDir)+" to the kubelet's arguments")
	}
	return nil
}

// whenRestarted says when the running kubelet will read an install.
func whenRestarted(running *kubelet.Process, r *record) string {
	if err := getsFlags(running, r); err != nil {
		return err.Error() + ": " + provider.Hint(err)
	}
	return "the kubelet reads this when it is restarted: " + restartCommand(running, r)
}

// whenStarted says when a kubelet that does not run yet will read an install.
func whenStarted(r *record) string {
	if r.Flags != nil || r.setsFlags() {
		return "it will read this when it starts"
	}
	return "one that starts with " + platform.Flags(r.Config, r.BinDir) + " reads this"
}

// unit returns the systemd unit of the kubelet, "" if that is unknown.
func unit(running *kubelet.Process, r *record) string {
	switch {
	case running != nil && running.Service != "":
		return running.Service
	case r.Service != "" || r.setsFlags():
		return r.Service
	}
	return "kubelet.service"
}

// restartCommand returns how a user restarts the kubelet.
func restartCommand(running *kubelet.Process, r *record) string {
	if service := unit(running, r); service != "" {
		return "systemctl restart " + service
	}
	return "restart " + r.Platform
}

// retryHint returns the hint for a rejected change.
func retryHint(r *record) string {
	log := "the log of " + r.Platform
	if service := unit(nil, r); service != "" {
		log = "journalctl -u " + service
	}
	return "see " + log + ", mend it, and --retry"
}
