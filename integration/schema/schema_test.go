// Package schema holds the JSON Schema of pullpass's config to the reader of the config.
package schema

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/integration/pullpass"
)

var binaries pullpass.Binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(pullpass.Main(m, &binaries))
}

// Why a schema accepts what the reader refuses.
const (
	oneDocument = "an editor checks each document by itself"
	resolved    = "anchors are resolved before a schema sees the value"
	hosts       = "whether a glob can match a host of the backend is no question for a regular expression"
	order       = "a schema cannot compare a rule with those before it"
)

// beyond are the bad samples that the schema accepts.
var beyond = map[string]string{
	"not UTF-8":                       "an editor decodes a file before it reads it",
	"two documents":                   oneDocument,
	"two documents, the second empty": oneDocument,
	"after the end":                   oneDocument,
	"anchored field":                  resolved,
	"anchor":                          resolved,
	"alias":                           resolved,
	"merge key":                       resolved,
	"date for text":                   "editors read YAML 1.2, in which it is a string",
	"Docker Hub's other name":         hosts,
	"other provider's host":           hosts,
	"other known provider's host":     hosts,
	"wildcards with too few labels":   hosts,
	"same rule twice":                 order,
	"behind a wildcard":               order,
	"behind a wider wildcard":         order,
	"behind a shorter path":           order,
}

// TestSamples: the schema accepts all good samples of package config, and refuses all bad ones but those beyond it.
func TestSamples(t *testing.T) {
	schema := compile(t)
	data, err := os.ReadFile("../../cmd/internal/config/testdata/samples.json")
	if err != nil {
		t.Fatal(err)
	}
	var samples []struct {
		Name  string `json:"name"`
		File  string `json:"file"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal(data, &samples); err != nil || len(samples) < 100 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	met := map[string]bool{}
	for _, sample := range samples {
		met[sample.Name] = true
		err := validate(schema, []byte(sample.File))
		switch reason := beyond[sample.Name]; {
		case sample.Error == "" && err != nil:
			t.Errorf("%s: the schema refuses it: %v", sample.Name, err)
		case sample.Error != "" && err == nil && reason == "":
			t.Errorf("%s: the schema accepts it, the reader says: %s", sample.Name, sample.Error)
		case err != nil && reason != "":
			t.Errorf("%s: the schema refuses it: take it out of the list: %v", sample.Name, err)
		}
	}
	for name := range beyond {
		if !met[name] {
			t.Errorf("there is no sample %q", name)
		}
	}
}

// compile returns the schema that the binary prints. It must be a schema of its draft.
func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	run, err := pullpass.Launch(t, binaries.Tested, pullpass.Offline(t), nil, "config", "schema").End()
	if err != nil || run.Code != 0 || run.Stderr != "" {
		t.Fatalf("%+v, %v", run, err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(run.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	const url = "https://github.com/pullpass/pullpass/releases/latest/download/config.schema.json"
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(url, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	if schema.DraftVersion != 7 || schema.ID != url {
		t.Errorf("draft %d, ID %s", schema.DraftVersion, schema.ID)
	}
	return schema
}

// validate checks the first document of a file as an editor does: what is not YAML is refused as well.
func validate(schema *jsonschema.Schema, file []byte) error {
	var content any
	if err := yaml.NewDecoder(bytes.NewReader(file)).Decode(&content); err != nil {
		return err
	}
	return schema.Validate(plain(content))
}

// plain returns a value of YAML as JSON has it.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
		return v
	case map[any]any:
		object := map[string]any{}
		for key := range v {
			object[fmt.Sprint(key)] = plain(v[key])
		}
		return object
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case time.Time:
		return v.Format(time.DateOnly)
	}
	return value
}
