package config

import (
	"os"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
)

// TestReadme parses the example of the README.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../pullpass/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```yaml\n# yaml-language-server: $schema="+SchemaURL+"\napiVersion: pullpass/v1\n")
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("the README holds no example")
	}
	if c, err := Parse("README.md", []byte("apiVersion: pullpass/v1\n"+example), backends.All()); err != nil || len(c.Registries) != 5 {
		t.Errorf("%d rules, %v", len(c.Registries), err)
	}
}
