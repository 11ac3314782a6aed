//go:build e2e

package e2e_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/cluster"
)

// testExamples uses all that is in examples/ and node-config/ for a cluster.
func testExamples(t *testing.T, c *cluster.Cluster) {
	all := manifests(t, c.Admin, examplesDirectory, daemonSetDirectory)
	maps.Copy(all, charts(t))
	prepare(t, c.Admin, strings.Join(slices.Collect(maps.Values(all)), "\n---\n"))
	t.Run("accepted", func(t *testing.T) { testAccepted(t, c.Admin, all) })
	t.Run("levels", func(t *testing.T) { testLevels(t, c.Admin, all) })
	t.Run("rotation", func(t *testing.T) { testRotations(t, c, all) })
	t.Run("scripts", func(t *testing.T) { testScripts(t, c.Admin) })
}

// testAccepted has the API server check manifests strictly.
func testAccepted(t *testing.T, admin *cluster.Client, all map[string]string) {
	misspelt := `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "regcred", "lables": {}}}`
	for _, m := range manifestsOf(t, admin, "default", misspelt) {
		if code, answer := check(t, admin, m); code != http.StatusBadRequest || !strings.Contains(answer, "unknown field") {
			t.Errorf("a misspelt field is accepted: %d, %s", code, answer)
		}
	}
	for path, manifests := range all {
		t.Run(path, func(t *testing.T) {
			for _, m := range manifestsOf(t, admin, "default", manifests) {
				if code, answer := check(t, admin, m); code >= http.StatusBadRequest {
					t.Errorf("%s/%s is not accepted: %d, %s", m.path, m.metadata.Name, code, answer)
				}
			}
		})
	}
}

// check has the API server do all but store the object, in place of the one of its name if that is
// there.
func check(t *testing.T, admin *cluster.Client, m manifest) (code int, answer string) {
	t.Helper()
	const strict = "?dryRun=All&fieldValidation=Strict"
	code, body, err := admin.Ask(t.Context(), http.MethodPost, m.path+strict, cluster.JSON, m.content)
	if code == http.StatusConflict {
		code, body, err = admin.Ask(t.Context(), http.MethodPut, m.path+"/"+m.metadata.Name+strict, cluster.JSON, m.content)
	}
	if err != nil {
		t.Fatal(err)
	}
	return code, string(body)
}

const (
	repository        = "../../"
	examplesDirectory = repository + "examples"
)

// manifests returns those in directories by the path of their file, or of their directory if it has a
// kustomization, in the repository.
func manifests(t *testing.T, user *cluster.Client, directories ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, directory := range directories {
		before := len(found)
		err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.Name() == "kustomization.yaml":
				kustomization := filepath.Dir(path)
				found[strings.TrimPrefix(kustomization, repository)] = user.Kubectl(t, "", "kustomize", kustomization)
			case filepath.Ext(path) == ".yaml" && !kustomized(t, path):
				content, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				found[strings.TrimPrefix(path, repository)] = string(content)
			}
			return nil
		})
		if err != nil || len(found) == before {
			t.Fatalf("%d manifests, none in %s: %v", len(found), directory, err)
		}
	}
	return found
}

// kustomized tells whether the directory's kustomization has a use for the file, which need not be
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
	applyAll(t, admin, "", objects.String())
}
