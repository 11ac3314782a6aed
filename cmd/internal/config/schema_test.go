package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/provider"
)

// TestSchemaFields: in each mapping, the schema has the fields that Parse knows.
func TestSchemaFields(t *testing.T) {
	list := backends.All()
	data, err := Schema(list)
	if err != nil {
		t.Fatal(err)
	}
	var schema object
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	mappings := 0
	var check func(schema object, format string)
	check = func(schema object, format string) {
		if items, ok := schema["items"].(object); ok {
			check(items, fmt.Sprintf(format, "[%s]"))
		}
		properties, ok := schema["properties"].(object)
		if !ok {
			return
		}
		mappings++
		_, err := Parse("config.yaml", []byte(fmt.Sprintf(format, "{zzzzzzzz: 1}")), list)
		_, known, found := strings.Cut(fmt.Sprint(err), "known are ")
		if !found {
			known = strings.TrimPrefix(regexp.MustCompile(`known is .*|did you mean .*\?`).FindString(fmt.Sprint(err)), "known is ")
		}
		names := strings.Split(known, ", ")
		if slices.Sort(names); !slices.Equal(names, slices.Sorted(maps.Keys(properties))) {
			t.Errorf("%s: Parse says %v, the schema has %v", format, err, slices.Sorted(maps.Keys(properties)))
		}
		for name, property := range properties {
			check(property.(object), fmt.Sprintf(format, "{"+name+": %s}"))
		}
	}
	check(schema, "%s")
	if mappings < 4+len(list) {
		t.Errorf("%d mappings", mappings)
	}
}

// TestForms: an editor refuses nothing that Parse accepts.
func TestForms(t *testing.T) {
	for _, backend := range backends.All() {
		for _, field := range backend.Fields {
			form := regexp.MustCompile(field.Form)
			for _, text := range []string{
				"x", "a b", "/etc/x", "arn:aws:iam::123456789012:role/pull", "arn:aws-us-gov:iam::123456789012:role/a/b/c+d",
				"https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com", "HTTPS://example.com/@", "http://127.0.0.1:8080", "http://[::1]",
				"puller@project.iam.gserviceaccount.com", "1-compute@developer.gserviceaccount.com", "p@p.example.com.iam.gserviceaccount.com",
			} {
				if (field.Check == nil || field.Check(text) == nil) && !form.MatchString(text) {
					t.Errorf("%s.%s: an editor refuses %q", backend.Name, field.Name, text)
				}
			}
		}
	}
}

// A fileSample is a config file with the error of Parse, "" if it is good.
type fileSample struct {
	Name  string `json:"name"`
	File  string `json:"file"` // what is not UTF-8 is U+FFFD
	Error string `json:"error,omitempty"`
}

const samplesFile = "testdata/samples.json"

var update = flag.Bool("update", false, "write "+samplesFile)

// TestSamples: the files of these tests are in samplesFile, by which the integration module holds the schema to
// Parse with a library that the product does not need.
func TestSamples(t *testing.T) {
	list := backends.All()
	data, err := json.MarshalIndent(samples(t, list), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, '\n')
	if *update {
		if err := os.WriteFile(samplesFile, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(samplesFile); err != nil || !bytes.Equal(kept, data) {
		t.Errorf("%s is not what the tests have (%v): go test ./cmd/internal/config -run TestSamples -update", samplesFile, err)
	}
}

// samples are the good and the bad files of these tests.
func samples(t *testing.T, list provider.Backends) []fileSample {
	var all []fileSample
	for _, test := range goodFiles(t, list) {
		all = append(all, fileSample{Name: "good: " + test.name, File: test.file})
	}
	for _, rules := range goodRules {
		all = append(all, fileSample{Name: "good: " + rules, File: head + "registries:\n" + rules})
	}
	for _, test := range badFiles {
		all = append(all, fileSample{test.name, test.file, test.err})
	}
	return all
}
