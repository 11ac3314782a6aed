package nodeconfig_test

import (
	"encoding/json"
	"path"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/pelletier/go-toml/v2"
	"sigs.k8s.io/yaml"

	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// TestSyntax: every file is of a known format, and can be read as that.
func TestSyntax(t *testing.T) {
	for _, name := range nodeconfig.Names() {
		text := read(t, name)
		if err := syntax(name, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.HasSuffix(text, "\n") || strings.ContainsAny(text, "\t\r") {
			t.Errorf("%s: a tab, a carriage return, or no end of line at its end", name)
		}
	}
}

func syntax(name, text string) error {
	switch path.Ext(name) {
	case ".yaml", ".bu":
		for _, document := range documents(text) {
			if err := yaml.UnmarshalStrict([]byte(document), &map[string]any{}); err != nil {
				return err
			}
		}
	case ".json":
		return json.Unmarshal([]byte(text), &map[string]any{})
	case ".toml":
		return toml.Unmarshal([]byte(text), &map[string]any{})
	case ".hcl":
		if _, problems := hclparse.NewParser().ParseHCL([]byte(text), name); problems.HasErrors() {
			return problems
		}
	case ".service", ".timer":
		_, err := unit.DeserializeOptions(strings.NewReader(text))
		return err
	}
	return nil
}

// documents returns those of a file of YAML.
func documents(text string) []string {
	return strings.Split(text, "\n---\n")
}

// TestEachIsTested: what TestSyntax does not read is prose, or has a test of its own.
func TestEachIsTested(t *testing.T) {
	others := map[string]bool{
		"eks/eks.mime": true, "kubeadm/kubelet.env": true, // flags_test.go, scripts_test.go
		"talos/Dockerfile": true, "openshift/Containerfile": true, // images_test.go
	}
	for _, name := range nodeconfig.Names() {
		switch path.Ext(name) {
		case ".yaml", ".bu", ".json", ".toml", ".hcl", ".service", ".timer", ".md":
		default:
			if !others[name] {
				t.Errorf("no test reads %s", name)
			}
			delete(others, name)
		}
	}
	for name := range others {
		t.Errorf("%s is not there", name)
	}
}
