//go:build e2e

package e2e_test

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pullpass/pullpass/integration/node"
)

const (
	configFile   = "/etc/pullpass/credential-provider-config.yaml"
	binDirectory = "/usr/local/lib/pullpass"
	// foreignConfig has a place for a duration.
	foreignConfig = `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: foreign # of another team
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  matchImages: [registry.example.com]
  defaultCacheDuration: DURATION
`
)

// TestInstallRollback has something break while the kubelet is restarted, after all checks. The
// kubelet ends at once then, whenever it is started.
func TestInstallRollback(t *testing.T) {
	t.Parallel()
	n := newTarget(t, node.Config{})
	foreign := n.Path(binDirectory + "/foreign")
	n.Write(t, binDirectory+"/foreign", "#!/bin/sh\nexit 1\n")
	t.Run("refused", func(t *testing.T) { testRefused(t, n, foreign) })
	t.Run("foreign provider", func(t *testing.T) { testForeignBreaks(t, n, foreign) })
	t.Run("own binary", func(t *testing.T) { testBinaryBreaks(t, n) })
}

// testRefused has configurations with which no kubelet starts. None is made part of another one.
func testRefused(t *testing.T, n *target, foreign string) {
	for _, c := range []struct {
		duration string
		mode     os.FileMode
		reason   string
	}{
		{"1d", 0o755, "defaultCacheDuration"},
		{"1h", 0o644, "executable"},
	} {
		n.Write(t, configFile, strings.Replace(foreignConfig, "DURATION", c.duration, 1))
		chmod(t, foreign, c.mode)
		files, kubelet := n.files(t, settings), n.Kubelet()
		n.refuses(t, c.reason, "install", "--restart")
		n.same(t, settings, files, kubelet)
	}
}

// testForeignBreaks has another provider's binary lose its mode. The unit has a limit for how often
// it is started, which is reached before pullpass sees that the kubelet does not come back.
func testForeignBreaks(t *testing.T, n *target, foreign string) {
	const limit = "/etc/systemd/system/kubelet.service.d/30-limit.conf"
	n.Write(t, limit, "[Unit]\nStartLimitIntervalSec=infinity\nStartLimitBurst=3\n")
	defer os.Remove(n.Path(limit))
	chmod(t, foreign, 0o755)
	files, args := n.files(t, settings), n.Kubelet().Args
	n.BeforeStart(func() { os.Chmod(foreign, 0o644) })
	resets := n.Kubelet().Resets
	n.refuses(t, "kubelet", "install", "--restart", "--restart-timeout=30s")
	n.BeforeStart(func() {})
	if now := n.Kubelet(); now.Resets != resets+1 {
		t.Errorf("the unit's failure was reset %d times, want once: %+v", now.Resets-resets, now)
	}
	chmod(t, foreign, 0o755)
	n.rolledBack(t, files, args)
	n.rejects(t, "install", "--restart")
	if status := n.pullpass(t, "install", "--status", "-o", "json"); status.Code != 1 || !strings.Contains(status.Stdout, `"rejected"`) {
		t.Errorf("the status does not tell what was rejected: exit code %d", status.Code)
	}

	n.succeeds(t, "install", "--restart", "--retry")
	if !n.hasPlugin() {
		t.Errorf("the kubelet runs without the flags: %q", n.Kubelet().Args)
	}
}

// testBinaryBreaks has pullpass's own binary lose its mode when something is changed that takes a
// restart. The former configuration names it too.
func testBinaryBreaks(t *testing.T, n *target) {
	files, args := n.files(t, settings), n.Kubelet().Args
	var once sync.Once
	n.BeforeStart(func() { once.Do(func() { os.Chmod(n.Path(binDirectory+"/pullpass"), 0o644) }) })
	change := []string{"install", "--restart", "--restart-timeout=30s", "--env=HTTPS_PROXY=http://127.0.0.1:9"}
	n.refuses(t, "kubelet", change...)
	n.rolledBack(t, files, args)
	n.rejects(t, change...)

	n.succeeds(t, append(change, "--retry")...)
	n.succeeds(t, "install", "--status")
}

// rolledBack checks that the kubelet runs as it did, with the files that it had.
func (n *target) rolledBack(t *testing.T, files map[string]file, args []string) {
	t.Helper()
	n.AwaitHealthy(t)
	if got := n.Kubelet().Args; !slices.Equal(got, args) {
		t.Errorf("the kubelet's command is %q, want %q", got, args)
	}
	if found := differences(files, n.files(t, settings)); len(found) > 0 {
		t.Errorf("the files are not as they were: %s", strings.Join(found, ", "))
	}
}

// rejects checks that pullpass does not try again by itself what the kubelet did not start with.
func (n *target) rejects(t *testing.T, args ...string) {
	t.Helper()
	files, kubelet := n.files(t, everything), n.Kubelet()
	n.refuses(t, "--retry", args...)
	n.same(t, everything, files, kubelet)
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
