package nodeconfig_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// TestEmbedded: every file of the directory but the Go code and the Helm chart is in the binary, byte for byte.
func TestEmbedded(t *testing.T) {
	var found []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err == nil && path == "helm":
			return fs.SkipDir
		case err != nil || entry.IsDir() || filepath.Ext(path) == ".go":
			return err
		}
		found = append(found, filepath.ToSlash(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := nodeconfig.Names(); !slices.Equal(names, found) {
		t.Fatalf("embedded:\n%s\nin the directory:\n%s", strings.Join(names, "\n"), strings.Join(found, "\n"))
	}
	for _, name := range found {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := nodeconfig.Read(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
		}
	}
}

func TestRead(t *testing.T) {
	for name, want := range map[string]string{
		"daemonset":                     "daemonset/base/daemonset.yaml",
		"credential-provider-config":    "credential-provider-config.yaml",
		"eks":                           "eks/eks.mime",
		"pullpass-install":              "pullpass-install.service",
		"talos-1.14":                    "talos/talos-1.14.yaml",
		"Containerfile":                 "openshift/Containerfile",
		"README":                        "README.md",
		"prometheusrule":                "monitoring/prometheusrule.yaml",
		"rules":                         "monitoring/rules.yaml",
		"dashboard":                     "monitoring/dashboard.json",
		"daemonset/base/daemonset.yaml": "daemonset/base/daemonset.yaml",
	} {
		got, err := nodeconfig.Read(name)
		if whole, _ := os.ReadFile(want); err != nil || !bytes.Equal(got, whole) || len(whole) == 0 {
			t.Errorf("%s: %d bytes, %v; want those of %s", name, len(got), err, want)
		}
	}
	for name, want := range map[string]string{
		"kustomization":     "read kustomization: file does not exist under this name alone; it may be daemonset/base/kustomization.yaml, daemonset/canary/kustomization.yaml, daemonset/control-plane/kustomization.yaml, daemonset/dry-run/kustomization.yaml, daemonset/registries/kustomization.yaml, daemonset/tainted/kustomization.yaml, daemonset/uninstall/kustomization.yaml",
		"Warm":              "read Warm: file does not exist; near it are pullpass-warm.service, pullpass-warm.timer",
		"nothing-like-it":   "read nothing-like-it: file does not exist",
		"":                  "read : file does not exist",
		"../go.mod":         "read ../go.mod: file does not exist",
		"daemonset/base":    "read daemonset/base: file does not exist; near it are daemonset/base/daemonset.yaml, daemonset/base/kustomization.yaml",
		"embed":             "read embed: file does not exist",
		"kubeadm/kubeadm-x": "read kubeadm/kubeadm-x: file does not exist",
	} {
		if _, err := nodeconfig.Read(name); !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
			t.Errorf("%s: %v\nwant: %s", name, err, want)
		}
	}
}
