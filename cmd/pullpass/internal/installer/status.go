package installer

import (
	"bytes"
	"context"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// A Status says how far an install has come.
type Status struct {
	// Installed says that binary, config and flags are in place. If they are not, Problem says why.
	Installed bool   `json:"installed"`
	Problem   string `json:"problem,omitempty"`
	Platform  string `json:"platform"`
	Binary    string `json:"binary"`            // path
	Version   string `json:"version,omitempty"` // of the binary, if it is the one that was installed
	Link      string `json:"link,omitempty"`    // path of the link to the binary, if it is as it was installed
	Config    string `json:"config"`            // path of the file with our provider
	// ConfigHash is "sha256:" and the hash of that file; "" if there is none.
	ConfigHash string        `json:"configHash,omitempty"`
	Kubelet    KubeletStatus `json:"kubelet"`
	// Trial is set while no healthy kubelet has been seen with the last change.
	Trial *TrialStatus `json:"trial,omitempty"`
	// Rejected is what was rolled back last.
	Rejected *Rejected `json:"rejected,omitempty"`
}

// KubeletStatus is about the running kubelet.
type KubeletStatus struct {
	Running bool `json:"running"`
	PID     int  `json:"pid,omitempty"`
	// Current says that it has started with what is installed.
	Current bool `json:"current"`
	// Healthy says that its health check succeeds, or is turned off.
	Healthy bool `json:"healthy"`
	// Problem says why it is not current; if it is, why it is not healthy.
	Problem string `json:"problem,omitempty"`
}

// A TrialStatus is about a change with which no healthy kubelet has been seen.
type TrialStatus struct {
	Restarted bool   `json:"restarted"`         // the kubelet was restarted for it
	Failed    string `json:"failed,omitempty"`  // why it is being rolled back
	Removal   bool   `json:"removal,omitempty"` // it is an uninstall
}

// Status returns the status. It changes nothing, and waits for no other installer. If there is no record of
// an install, or the user chose pf, the status is about the paths of pf. unknown is nil, or the reason why
// these are unknown.
func (i *Installer) Status(ctx context.Context, pf platform.Platform, chosen bool, unknown error) (Status, error) {
	if err := i.load(); err != nil {
		return Status{}, err
	}
	r := i.state.Installed
	if r == nil || chosen {
		if unknown != nil {
			return Status{Problem: unknown.Error(), Rejected: i.state.Rejected}, nil
		}
		asked := &record{Platform: pf.Name, Config: pf.Config, BinDir: pf.BinDir, Flags: pf.Flags}
		if r != nil {
			asked.Files = r.Files // what is known of a path holds
		}
		r = asked
	}
	s := Status{Platform: r.Platform, Binary: binaryFile(r.BinDir).Path, Rejected: i.state.Rejected}
	if t := i.state.Trial; t != nil {
		s.Trial = &TrialStatus{t.Restarted, t.Failed, t.Removal}
	}
	if f, ok := r.file(linkPath); ok {
		if now, err := f.look(); err == nil && f.wrote(now) {
			s.Link = f.Path
		}
	}
	c, err := readConfig(r.Config)
	if err != nil {
		return Status{}, err
	}
	s.Config = c.path
	if now, err := nodefile.Look(c.path, nodefile.MaxConfig); err == nil && now != nil {
		s.ConfigHash = "sha256:" + now.SHA256
	}
	if problem := i.checkBinary(r); problem != nil {
		s.Problem = withHint(problem)
	} else {
		s.Version = i.version(s.Binary)
		if s.Problem, err = missing(r, c); err != nil {
			return Status{}, err
		}
	}
	s.Installed = s.Problem == ""
	running, err := i.running()
	if err != nil {
		return Status{}, err
	}
	if running == nil {
		s.Kubelet.Problem = "no kubelet is running"
		return s, nil
	}
	s.Kubelet = KubeletStatus{Running: true, PID: running.PID}
	_, err = i.healthy(ctx, running)
	if s.Kubelet.Healthy = err == nil; err != nil {
		s.Kubelet.Problem = withHint(err)
	}
	if !s.Installed {
		return s, nil
	}
	err = i.state.checkRead(running, r, c.hash(nil))
	if s.Kubelet.Current = err == nil; err != nil {
		s.Kubelet.Problem = err.Error()
	}
	return s, nil
}

// withHint returns the text of an error with its hint.
func withHint(err error) string {
	if hint := provider.Hint(err); hint != "" {
		return err.Error() + "; " + hint
	}
	return err.Error()
}

// missing returns what an install lacks apart from its binary, "" if it is complete.
func missing(r *record, c config) (string, error) {
	if c.ours() == nil {
		return "the provider " + ownName + " is not in " + r.Config, nil
	}
	if r.Flags == nil {
		return "", nil
	}
	now, err := nodefile.Read(r.Flags.Path, nodefile.MaxConfig)
	if err != nil {
		return "", err
	}
	merged, err := platform.MergeFlags(*r.Flags, now.Data, r.Config, r.BinDir)
	if err == nil && !bytes.Equal(merged, now.Data) {
		return "the kubelet's flags are not in " + r.Flags.Path, nil
	}
	return "", err
}

// version returns what a pullpass that is known by its hash says that it is, "" if it does not.
func (i *Installer) version(path string) string {
	program, _, err := nodefile.Open(path)
	if err != nil {
		return ""
	}
	defer program.Close()
	return i.Version(program)
}
