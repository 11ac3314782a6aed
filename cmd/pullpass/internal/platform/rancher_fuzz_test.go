package platform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
)

// FuzzRancherSettings: no settings of k3s and RKE2 are too strange to be read, and an error quotes nothing of them.
func FuzzRancherSettings(f *testing.F) {
	for _, text := range []string{
		"image-credential-provider-config: /a\nkubelet-arg: [a=b]\nkubelet-arg+: c\n", "kubelet-arg: &a [*a]\n", "kubelet-arg: {c4n4ry: c4n4ry}\n", "c4n4ry", "kubelet-arg: !!int c4n4ry\n",
		strings.Repeat("a: ", 1000), strings.Repeat("[", 300), "---\n---\n", "\ufeff{}", "image-credential-provider-config: [c4n4ry]\n", "a: *c4n4ry\n", "c4n4ry: 1\nc4n4ry: 2\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root := t.TempDir()
		directory := filepath.Join(root, "etc/rancher/k3s")
		if err := os.MkdirAll(directory, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, "config.yaml"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		p := rancher("k3s", "k3s")
		if _, _, err := rancherFlags(rootfs.Root(root), &p); err != nil && strings.Contains(err.Error(), "c4n4ry") {
			t.Errorf("%q: %v", data, err)
		}
	})
}
