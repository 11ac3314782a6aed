// Package nodeconfig_test tests the files of node-config, as they are in the binary: each is read
// by the code of whom it is for, where that can be had, and by its rules where not.
package nodeconfig_test

import (
	"flag"
	"os"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/pullpass"
	nodeconfig "github.com/pullpass/pullpass/node-config"
)

var binaries pullpass.Binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(pullpass.Main(m, &binaries))
}

// The paths of a node whose platform has none of its own.
const (
	config = "/etc/pullpass/credential-provider-config.yaml"
	binDir = "/usr/local/lib/pullpass"
)

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := nodeconfig.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// parse decodes a document of YAML or JSON, all of whose fields must be T's.
func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := yaml.UnmarshalStrict([]byte(text), &value); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return value
}
