package installer

import (
	"fmt"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// checkRestartHelps returns an error for a kubelet that would run without our flags after a restart, too: nothing
// that we write gives it the flags.
func checkRestartHelps(running *kubelet.Process, r *record) error {
	known := platform.Known(r.Platform)
	if r.Flags != nil || known.SetsFlags && known.Program == "" {
		return nil
	}
	if err := checkFlags(running, r); err != nil {
		return provider.WithHint(fmt.Errorf("%w, and a restart does not change that", err),
			"add "+platform.Flags(r.Config, r.BinDir)+" to the kubelet's arguments")
	}
	return nil
}

// whenRestarted says when the running kubelet will read an install.
func whenRestarted(running *kubelet.Process, r *record) string {
	if err := checkRestartHelps(running, r); err != nil {
		return err.Error() + ": " + provider.Hint(err)
	}
	how := restartCommand(running, r)
	if unit(running, r) != "" {
		how += ", or pullpass install --restart, which rolls back on failure"
	}
	return "not active yet: restart the kubelet (" + how + ")"
}

// whenStarted says when a kubelet that does not run yet will read an install.
func whenStarted(r *record) string {
	if r.Flags != nil || r.setsFlags() {
		return "it will use this configuration when it starts"
	}
	return "start it with " + platform.Flags(r.Config, r.BinDir)
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
	return "see " + log + ", fix the cause, then add --retry"
}
