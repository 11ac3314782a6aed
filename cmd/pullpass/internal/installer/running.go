package installer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// outdated reports whether a kubelet started before the last change of what it reads at its start.
func (s state) outdated(p *kubelet.Process) bool {
	return s.Outdated != "" && (p.ID == s.Outdated || strings.HasPrefix(p.ID, s.Outdated+"/"))
}

// knows reports whether the state has what a kubelet has read.
func (s state) knows(p *kubelet.Process) bool {
	return s.Read != nil && s.Read.Kubelet == p.ID
}

// checkStarted returns nil for a kubelet that started with the change on trial, else why it did not.
func (s state) checkStarted(p *kubelet.Process) error {
	switch {
	case s.outdated(p):
		return errors.New("the kubelet was not restarted")
	case s.Trial.Removal:
		return nil
	}
	return checkFlags(p, s.Installed)
}

// checkRead returns nil for a kubelet that has read this install, else why it has not. config is the hash
// of the current config.
func (s state) checkRead(p *kubelet.Process, r *record, config string) error {
	err, known := checkFlags(p, r), s.knows(p)
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
	return running != nil && (s.checkRead(running, p.record, p.config) != nil || p.atStart() && !s.knows(running))
}

// uses reports whether a kubelet uses the plugin that a plan removes: it started with it, or an earlier
// run removed it and the kubelet is older.
func (s state) uses(running *kubelet.Process, p *plan) bool {
	switch {
	case running == nil:
		return false
	case s.Trial != nil && s.Trial.Removal:
		return s.outdated(running)
	}
	return p.atStart() && !s.outdated(running) && checkFlags(running, p.record) == nil
}

// checkFlags returns nil for a kubelet whose flags have the paths of an install, or are hidden.
func checkFlags(p *kubelet.Process, r *record) error {
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
			return fmt.Errorf("the kubelet runs with --%s=%s instead of %s", flag.name, got, flag.want)
		}
	}
	return nil
}
