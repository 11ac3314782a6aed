//go:build e2e

package e2e_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/cluster"
)

// TestExamples uses all that is in examples/ for a cluster.
func TestExamples(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t)
	all := examples(t, c.Admin)
	t.Run("accepted", func(t *testing.T) { testAccepted(t, c.Admin, all) })
	t.Run("rotation", func(t *testing.T) { testRotations(t, c, all) })
	t.Run("scripts", func(t *testing.T) { testScripts(t, c.Admin) })
}

// testAccepted has the API server check manifests strictly.
func testAccepted(t *testing.T, admin *cluster.Client, all map[string]string) {
	misspelt := `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "regcred", "lables": {}}}`
	refused(t, admin, misspelt, "unknown field", "apply", "--validate=strict", "--dry-run=server", "-f", "-")
	for path, manifests := range all {
		t.Run(path, func(t *testing.T) {
			prepare(t, admin, manifests)
			admin.Kubectl(t, manifests, "apply", "--validate=strict", "--dry-run=server", "-f", "-")
		})
	}
}

const examplesFolder = "../../examples"

// examples returns the manifests in examples/ by the path of their file, or of their folder if
// it has a kustomization.
func examples(t *testing.T, user *cluster.Client) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(examplesFolder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == "kustomization.yaml":
			folder := filepath.Dir(path)
			found[strings.TrimPrefix(folder, examplesFolder+"/")] = user.Kubectl(t, "", "kustomize", folder)
		case filepath.Ext(path) == ".yaml" && !kustomized(t, path):
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found[strings.TrimPrefix(path, examplesFolder+"/")] = string(content)
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d manifests in %s: %v", len(found), examplesFolder, err)
	}
	return found
}

// kustomized tells whether the folder's kustomization has a use for the file, which need not be
// a manifest of its own.
func kustomized(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "kustomization.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	k := parse[struct {
		Resources          []string
		Patches            []struct{ Path string }
		ConfigMapGenerator []struct{ Files []string }
	}](t, string(text))
	used := k.Resources
	for _, patch := range k.Patches {
		used = append(used, patch.Path)
	}
	for _, generator := range k.ConfigMapGenerator {
		used = append(used, generator.Files...)
	}
	return slices.Contains(used, filepath.Base(path))
}

// prepare makes the namespaces that manifests are for, with the account default, which a
// controller makes in a whole cluster.
func prepare(t *testing.T, admin *cluster.Client, manifests string) {
	t.Helper()
	namespaces := map[string]bool{"default": true}
	for _, o := range parseAll[struct{ Metadata metadata }](t, manifests) {
		namespaces[cmp.Or(o.Metadata.Namespace, "default")] = true
	}
	var objects strings.Builder
	for namespace := range namespaces {
		fmt.Fprintf(&objects, `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: %[1]s}
---
`, namespace)
	}
	admin.Kubectl(t, objects.String(), "apply", "--server-side", "--field-manager=test", "-f", "-")
}
