package nodeconfig_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/kubelet"
)

// A credentialProviderConfig is the kubelet's, as far as these files use it.
type credentialProviderConfig struct {
	APIVersion string               `json:"apiVersion"`
	Kind       string               `json:"kind"`
	Providers  []credentialProvider `json:"providers"`
}

type credentialProvider struct {
	Name                 string   `json:"name"`
	APIVersion           string   `json:"apiVersion"`
	DefaultCacheDuration string   `json:"defaultCacheDuration"`
	MatchImages          []string `json:"matchImages"`
	Env                  []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"env"`
}

// environment returns the variables that the entry gives to the plugin.
func (p credentialProvider) environment() map[string]string {
	variables := map[string]string{}
	for _, variable := range p.Env {
		variables[variable.Name] = variable.Value
	}
	return variables
}

// talosPatch is the part of Talos's machine configuration up to 1.13; its documentation says so.
type talosPatch struct {
	Machine struct {
		Kubelet struct {
			CredentialProviderConfig credentialProviderConfig `json:"credentialProviderConfig"`
		} `json:"kubelet"`
	} `json:"machine"`
}

// talosDocument is what takes its place from 1.14 on.
type talosDocument struct {
	APIVersion    string                   `json:"apiVersion"`
	Kind          string                   `json:"kind"`
	Configuration credentialProviderConfig `json:"configuration"`
}

// butane is a file for OpenShift's butane.
type butane struct {
	Variant  string `json:"variant"`
	Version  string `json:"version"`
	Metadata struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Storage struct {
		Files []struct {
			Path      string `json:"path"`
			Mode      int    `json:"mode"`
			Overwrite bool   `json:"overwrite"`
			Contents  struct {
				Inline string `json:"inline"`
			} `json:"contents"`
		} `json:"files"`
	} `json:"storage"`
}

// TestPatterns: credential-provider-config.yaml is where the entry comes from, and the files of
// platforms say the same. The kubelet takes each of them.
func TestPatterns(t *testing.T) {
	source := parse[credentialProviderConfig](t, read(t, "credential-provider-config.yaml"))
	want := source.Providers[0]

	talos := parse[talosPatch](t, read(t, "talos/talos.yaml")).Machine.Kubelet.CredentialProviderConfig
	talos114 := parse[talosDocument](t, read(t, "talos/talos-1.14.yaml"))
	if talos114.APIVersion != "v1alpha1" || talos114.Kind != "KubeCredentialProviderConfig" {
		t.Errorf("talos-1.14.yaml is a %s of %s", talos114.Kind, talos114.APIVersion)
	}
	machineConfig := parse[butane](t, read(t, "openshift/openshift.bu"))
	file := machineConfig.Storage.Files[0]
	if len(machineConfig.Storage.Files) != 1 || file.Path != "/etc/kubernetes/credential-providers/ecr-credential-provider.yaml" || file.Mode != 0o644 || !file.Overwrite {
		t.Errorf("openshift.bu writes %+v", machineConfig.Storage.Files)
	}
	if machineConfig.Variant != "openshift" || machineConfig.Metadata.Labels["machineconfiguration.openshift.io/role"] != "worker" {
		t.Errorf("openshift.bu is for %s, %v", machineConfig.Variant, machineConfig.Metadata)
	}

	for name, config := range map[string]credentialProviderConfig{
		"talos.yaml":      talos,
		"talos-1.14.yaml": talos114.Configuration,
		"openshift.bu":    parse[credentialProviderConfig](t, file.Contents.Inline),
	} {
		t.Run(name, func(t *testing.T) {
			var names []string
			for _, provider := range config.Providers {
				names = append(names, provider.Name)
			}
			ours := slices.Index(names, "pullpass")
			if ours < 0 || !reflect.DeepEqual(config.Providers[ours], want) {
				t.Errorf("providers %+v, want one to be %+v", config.Providers, want)
			}
			testLoaded(t, config, names)
		})
	}

	var settings struct {
		Settings struct {
			Kubernetes struct {
				CredentialProviders map[string]struct {
					Enabled       bool              `toml:"enabled"`
					CacheDuration string            `toml:"cache-duration"`
					ImagePatterns []string          `toml:"image-patterns"`
					Environment   map[string]string `toml:"environment"`
				} `toml:"credential-providers"`
			} `toml:"kubernetes"`
		} `toml:"settings"`
	}
	decoder := toml.NewDecoder(strings.NewReader(read(t, "bottlerocket/bottlerocket.toml"))).DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		t.Fatal(err)
	}
	providers := settings.Settings.Kubernetes.CredentialProviders
	ours := providers[want.Name]
	if len(providers) != 1 || !ours.Enabled || ours.CacheDuration != want.DefaultCacheDuration || !slices.Equal(ours.ImagePatterns, want.MatchImages) ||
		len(want.Env) == 0 || !maps.Equal(ours.Environment, want.environment()) {
		t.Errorf("bottlerocket.toml says %+v, want %+v", providers, want)
	}
}

// testLoaded has the kubelet load the config, with a binary for each provider in its directory, and
// without.
func testLoaded(t *testing.T, config credentialProviderConfig, names []string) {
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	path, bin := filepath.Join(t.TempDir(), "config.yaml"), t.TempDir()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if result := kubelet.Lookup(t, path, bin, nil); result.Refused == "" {
		t.Errorf("the kubelet takes the config without the binaries, which the comments deny\n%s", result.Log)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if result := kubelet.Lookup(t, path, bin, nil); result.Refused != "" {
		t.Errorf("the kubelet does not start: %s", result.Refused)
	}
}
