//go:build e2e

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/node"
)

// TestInstall installs pullpass on a node whose kubelet has no plugin, uses it in good and in bad
// times, and takes it off again.
func TestInstall(t *testing.T) {
	t.Parallel()
	n := newTarget(t, node.Config{})
	before := n.files(t, everything)
	for name, host := range map[string]string{"ecr": ecrHost, "google": googleHost, "hub": hubHost} {
		n.run(t, name, host)
	}
	n.fails(t, "ecr", "google", "hub")

	n.succeeds(t, "install", "--restart")
	if !n.hasPlugin() {
		t.Fatalf("the kubelet runs without the flags: %q", n.Kubelet().Args)
	}
	n.runs(t, "ecr", "google", "hub")
	if aws, google := n.issuer.aws.Calls(awsfake.GetAuthorizationToken), n.issuer.google.Calls(googlefake.MetadataToken); aws != 1 || google != 1 {
		t.Errorf("%d calls of AWS and %d of Google, want one each", aws, google)
	}
	t.Run("again", func(t *testing.T) { testInstallAgain(t, n) })
	t.Run("wrong identity", func(t *testing.T) { testWrongIdentity(t, n) })
	t.Run("clouds down", func(t *testing.T) { testCloudsDown(t, n) })
	t.Run("stale login", func(t *testing.T) { testStaleLogin(t, n) })

	n.succeeds(t, "uninstall", "--restart")
	if n.hasPlugin() {
		t.Errorf("the kubelet runs with the flags: %q", n.Kubelet().Args)
	}
	if found := differences(before, n.files(t, everything)); len(found) > 0 {
		t.Errorf("the node is not as it was: %s", strings.Join(found, ", "))
	}
	n.AwaitHealthy(t)
	n.run(t, "late", ecrHost)
	n.fails(t, "late")
}

// testInstallAgain has nothing to do, and does nothing.
func testInstallAgain(t *testing.T, n *target) {
	files, kubelet := n.files(t, everything), n.Kubelet()
	n.succeeds(t, "install", "--restart")
	n.succeeds(t, "install", "--status")
	n.same(t, everything, files, kubelet)
}

// testWrongIdentity pulls from a registry that no token is cached for, when AWS refuses the node's
// identity.
func testWrongIdentity(t *testing.T, n *target) {
	n.issuer.aws.Configure(func(c *awsfake.Config) { c.CredentialLifetime = -time.Hour })
	n.run(t, "refused", otherECRHost)
	n.fails(t, "refused")
	said := false
	for line := range strings.Lines(n.Log(t)) {
		said = said || strings.Contains(line, otherECRHost) && strings.Contains(line, "pullpass: error: ") && strings.Contains(line, "ExpiredToken")
	}
	if !said {
		t.Error("the kubelet's log does not have the plugin's error")
	}
	n.issuer.aws.Configure(func(c *awsfake.Config) { c.CredentialLifetime = time.Hour })
}

// testCloudsDown pulls images with the cached tokens, also by a kubelet that has just been
// started.
func testCloudsDown(t *testing.T, n *target) {
	n.issuer.aws.Close()
	n.issuer.google.Close()
	n.run(t, "ecr-down", ecrHost)
	n.run(t, "google-down", googleHost)
	n.runs(t, "ecr-down", "google-down")

	n.Systemctl(t, "restart")
	n.AwaitHealthy(t)
	n.run(t, "ecr-restarted", ecrHost)
	n.run(t, "google-restarted", googleHost)
	n.runs(t, "ecr-restarted", "google-restarted")
}

// testStaleLogin has a login for Docker Hub that is no longer good.
func testStaleLogin(t *testing.T, n *target) {
	n.newPassword()
	n.servers[hubHost].MakePublic("team/public")
	n.run(t, "public", hubHost)
	n.run(t, "private", hubHost)
	n.runs(t, "public") // by a second try, without the login
	failed := n.AwaitPod(t, "private-node", node.PullFailed)
	if message := failed.Status.ContainerStatuses[0].State.Waiting.Message; !strings.Contains(message, "401 Unauthorized") {
		t.Errorf("the pull failed for another reason than the login: %s", message)
	}
	if n.refused.Load() == 0 {
		t.Error("the stale login was not tried")
	}
}
