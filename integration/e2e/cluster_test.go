//go:build e2e

package e2e_test

import (
	"testing"

	"github.com/pullpass/pullpass/integration/cluster"
)

// TestCluster uses a cluster without nodes, each part in namespaces of its own.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t)
	t.Run("Examples", func(t *testing.T) { // first, since it takes the longest
		t.Parallel()
		testExamples(t, c)
	})
	t.Run("Helm", func(t *testing.T) {
		t.Parallel()
		testHelm(t, c)
	})
	t.Run("Secret", func(t *testing.T) {
		t.Parallel()
		testSecret(t, c.Admin)
	})
	t.Run("ServiceAccount", func(t *testing.T) {
		t.Parallel()
		testServiceAccount(t, c.Admin)
	})
}
