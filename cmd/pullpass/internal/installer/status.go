package installer

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// A Status says how far an install has come.
type Status struct {
	// Installed says that binary, config and flags are in place. If they are not, Problem says why.
	Installed bool   `json:"installed"`
	Problem   string `json:"problem,omitempty"`
	Platform  string `json:"platform"`
	Binary    string `json:"binary"`            // path
	Version   string `json:"version,omitempty"` // from the binary itself
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
		r = &record{Platform: pf.Name, Config: pf.Config, BinDir: pf.BinDir, Flags: pf.Flags}
	}
	s := Status{Platform: r.Platform, Binary: filepath.Join(r.BinDir, ownName), Rejected: i.state.Rejected}
	if t := i.state.Trial; t != nil {
		s.Trial = &TrialStatus{t.Restarted, t.Failed, t.Removal}
	}
	c, err := readConfig(r.Config)
	if err != nil {
		return Status{}, err
	}
	s.Config = c.path
	if now, err := nodefile.Read(c.path); err == nil && now.Snapshot != nil {
		s.ConfigHash = "sha256:" + now.SHA256
	}
	s.Version = versionOf(ctx, s.Binary)
	s.Problem, err = i.problem(r, c)
	if err != nil {
		return Status{}, err
	}
	s.Installed = s.Problem == ""
	running, err := i.running()
	if err != nil {
		return Status{}, err
	}
	if running == nil {
		s.Kubelet.Problem = "no kubelet runs"
		return s, nil
	}
	s.Kubelet = KubeletStatus{Running: true, PID: running.PID}
	_, err = i.healthy(ctx, running)
	if s.Kubelet.Healthy = err == nil; err != nil {
		s.Kubelet.Problem = err.Error()
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

// problem returns what an install lacks, "" if it is complete.
func (i *Installer) problem(r *record, c config) (string, error) {
	if err := kubeletconfig.CheckBinary(r.BinDir)(ownName); err != nil {
		return err.Error(), nil
	}
	if c.ours() == nil {
		return "the provider " + ownName + " is not in " + r.Config, nil
	}
	if r.Flags == nil {
		return "", nil
	}
	now, err := nodefile.Read(r.Flags.Path)
	if err != nil {
		return "", err
	}
	merged, err := platform.MergeFlags(*r.Flags, now.Data, r.Config, r.BinDir)
	if err == nil && !bytes.Equal(merged, now.Data) {
		return "the kubelet's flags are not in " + r.Flags.Path, nil
	}
	return "", err
}

// versionOf runs a pullpass and returns its version, "" if it has none.
func versionOf(ctx context.Context, path string) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, path, "version")
	command.Stdin, command.Stderr = strings.NewReader(""), new(bytes.Buffer)
	output, err := command.Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(output), "\n")
	return line
}
