// Package chart renders the Helm chart of node-config, as `helm template` does.
package chart

import (
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

// A Release is what a chart is rendered for.
type Release struct {
	Namespace  string
	Kubernetes string // its version, such as v1.37.0
	Values     string // YAML, over the chart's own
}

// Render returns the manifests of the chart at a path, a directory or an archive, and what Helm says to people after an
// installation.
func Render(path string, release Release) (manifests, notes string, err error) {
	loaded, err := loader.Load(path)
	if err != nil {
		return "", "", err
	}
	version, err := common.ParseKubeVersion(release.Kubernetes)
	if err != nil {
		return "", "", err
	}
	var given map[string]any
	if err := yaml.Unmarshal([]byte(release.Values), &given); err != nil {
		return "", "", err
	}
	options := common.ReleaseOptions{Name: "pullpass", Namespace: release.Namespace, Revision: 1, IsInstall: true}
	values, err := util.ToRenderValues(loaded, given, options, &common.Capabilities{KubeVersion: *version})
	if err != nil {
		return "", "", err
	}
	files, err := engine.Render(loaded, values)
	if err != nil {
		return "", "", err
	}
	var documents []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, "/NOTES.txt") {
			notes = files[name]
			continue
		}
		documents = append(documents, files[name])
	}
	return strings.Join(documents, "\n---\n"), notes, nil
}
