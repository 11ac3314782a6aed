package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/chart/v2/loader"

	"github.com/pullpass/pullpass/integration/chart"
)

// chartName is the chart in a release, as Helm names it: its version has no v.
const chartName = "pullpass-1.2.3.tgz"

// TestChart packs the chart of the work tree twice.
func TestChart(t *testing.T) {
	const repository = "../.."
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	changed := map[string][]byte{}
	for _, name := range []string{"Chart.yaml", "values.yaml"} {
		path := chartDirectory + name
		changed[path] = named(path, read(t, repository, path), "ghcr.io/pullpass/pullpass:1.2.3", digest)
	}
	common, err := commonFiles(repository, changed)
	if err != nil {
		t.Fatal(err)
	}
	first, second := t.TempDir(), t.TempDir()
	for _, out := range []string{first, second} {
		if err := writeChart(out, "1.2.3", time.Unix(1e9, 0), common); err != nil {
			t.Fatal(err)
		}
	}
	if string(read(t, first, chartName)) != string(read(t, second, chartName)) {
		t.Error("the same files give another archive")
	}
	testChart(t, first, digest)

	files := untar(t, read(t, first, chartName))
	for name := range files {
		if _, err := os.Stat(filepath.Join(repository, chartDirectory, strings.TrimPrefix(name, "pullpass/"))); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"Chart.yaml", "README.md", "values.schema.json", "values.yaml", "templates/NOTES.txt"} {
		if len(files["pullpass/"+name]) == 0 {
			t.Errorf("the chart has no %s", name)
		}
	}
}

// testChart checks the chart of a release: Helm loads it, and it has the release's version and image, by digest.
func testChart(t *testing.T, out, digest string) {
	path := filepath.Join(out, chartName)
	packed, err := loader.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if m := packed.Metadata; m.Name != "pullpass" || m.Version != "1.2.3" || m.AppVersion != "1.2.3" || m.Validate() != nil {
		t.Errorf("the chart is %+v", m)
	}
	text, _, err := chart.Render(path, chart.Release{Namespace: "pullpass", Kubernetes: "v1.37.0"})
	if want := "image: ghcr.io/pullpass/pullpass:1.2.3@" + digest + "\n"; err != nil || strings.Count(text, want) != 2 {
		t.Errorf("not twice %s%s%v", want, text, err)
	}
}
