//go:build e2e

package e2e_test

import (
	"testing"

	"github.com/pullpass/pullpass/integration/cluster"
	"github.com/pullpass/pullpass/integration/node"
)

// testPullSecret has a kubelet without any plugin pull private images, with Secrets that come
// from pullpass.
func testPullSecret(t *testing.T, control *cluster.Cluster) {
	s := &site{newRegistries(t), control.Admin, "unplugged"}
	member := control.User(t, "system:node:"+s.node, "system:nodes")
	node.Start(t, node.Config{Name: s.node, Registries: s.addresses(), Kubeconfig: member.Kubeconfig})
	namespace := newNamespace(t, s.admin, "pull-secret")
	newAccount(t, s.admin, namespace)
	for _, host := range []string{hubHost, ecrHost} {
		t.Run("none for "+host, func(t *testing.T) {
			pod := s.run(t, namespace, "none", host)
			s.fails(t, pod, "insufficient_scope: authorization failed")
		})
	}

	s.apply(t, namespace)
	for _, host := range []string{hubHost, ecrHost} {
		t.Run("one for "+host, func(t *testing.T) {
			s.runs(t, s.run(t, namespace, "one", host, "regcred"))
		})
	}

	t.Run("another password", func(t *testing.T) {
		s.newPassword()
		stale := s.run(t, namespace, "stale", hubHost, "regcred")
		s.fails(t, stale, "401 Unauthorized")

		before := get[secret](t, s.admin, "Secret", namespace, "regcred")
		s.apply(t, namespace)
		if after := get[secret](t, s.admin, "Secret", namespace, "regcred"); after.Metadata.UID != before.Metadata.UID {
			t.Error("the Secret has another UID: it was deleted and made anew")
		}
		s.runs(t, s.run(t, namespace, "rotated", hubHost, "regcred"))
		s.runs(t, stale)
	})

	t.Run("one of the service account", func(t *testing.T) {
		namespace := newNamespace(t, s.admin, "attached")
		newAccount(t, s.admin, namespace)
		s.fails(t, s.run(t, namespace, "before", ecrHost), "insufficient_scope: authorization failed")
		manifests, _ := s.issuer.attach(t, s.admin, namespace)
		s.admin.Kubectl(t, manifests, "apply", "-f", "-")
		s.runs(t, s.run(t, namespace, "after", ecrHost))
	})
}

// apply applies the Secret regcred, which is for both registries.
func (s *site) apply(t *testing.T, namespace string) {
	t.Helper()
	manifest := s.issuer.run(t, *s.password.Load(), "secret", "regcred", "-n", namespace,
		"--registry", hubHost, "--username", hubUser, "--password-stdin", "--registry", ecrHost)
	s.admin.Kubectl(t, manifest.Stdout, "apply", "-f", "-")
}
