package main

import "testing"

func TestNamed(t *testing.T) {
	const reference, digest = "ghcr.io/acme/pullpass:1.2.3-rc.1", "sha256:0123"
	for _, test := range []struct{ path, content, want string }{
		{"a.yaml", "  image: registry.example.com/pullpass/pullpass:1.0\n", "  image: ghcr.io/acme/pullpass:1.2.3-rc.1@sha256:0123\n"},
		{"Dockerfile", "FROM registry.example.com/pullpass/pullpass:1.0 AS pullpass\n", "FROM ghcr.io/acme/pullpass:1.2.3-rc.1@sha256:0123 AS pullpass\n"},
		{"Containerfile", "COPY --from=registry.example.com/pullpass/pullpass:1.0 /a /b\n", "COPY --from=ghcr.io/acme/pullpass:1.2.3-rc.1@sha256:0123 /a /b\n"},
		{"kustomization.yaml",
			"images:\n- name: registry.example.com/pullpass/pullpass # yours\n  newTag: \"1.0\"\n",
			"images:\n- name: ghcr.io/acme/pullpass # yours\n  digest: sha256:0123\n"},
		{"node-config/helm/Chart.yaml", "apiVersion: v2\nversion: 0.0.0\nappVersion: 0.0.0\n", "apiVersion: v2\nversion: 1.2.3-rc.1\nappVersion: 1.2.3-rc.1\n"},
		{"node-config/helm/values.yaml",
			"image:\n  repository: registry.example.com/pullpass/pullpass\n  tag: \"1.0\"\n  digest: \"\"\n",
			"image:\n  repository: ghcr.io/acme/pullpass\n  tag: \"1.2.3-rc.1\"\n  digest: sha256:0123\n"},
		// Another image, another tag, and a text.
		{"b.yaml", "image: registry.example.com/pullpass/talos-extension:1.0\n", "image: registry.example.com/pullpass/talos-extension:1.0\n"},
		{"c.yaml", "  newTag: \"1.0\" # mine\n  newTag: 1.0.1\n", "  newTag: \"1.0\" # mine\n  newTag: 1.0.1\n"},
		{"README.md", "registry.example.com/pullpass/pullpass:1.0", "registry.example.com/pullpass/pullpass:1.0"},
		{"empty.yaml", "", ""},
	} {
		if got := string(named(test.path, []byte(test.content), reference, digest)); got != test.want {
			t.Errorf("%s: %q, want %q", test.path, got, test.want)
		}
	}
}
