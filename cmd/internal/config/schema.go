package config

import (
	"encoding/json"

	"github.com/pullpass/pullpass/provider"
)

// SchemaURL is where the schema of the latest release is.
const SchemaURL = "https://github.com/pullpass/pullpass/releases/latest/download/config.schema.json"

// What texts look like, as regular expressions that Go and ECMAScript read alike.
const (
	controlForm = `[\x00-\x1f\x7f-\x9f]`
	// matchForm is that of a pattern for hosts that backends have: these are in DNS, at the port for https.
	matchForm    = `^[A-Za-z0-9.*-]+(:443)?(/[^\s?#@%\\:*]*)?$`
	textfileForm = `^(/|[A-Za-z]:[\\/]|\\\\).*\.prom$`
)

type object = map[string]any

// Schema returns a JSON Schema of config files with rules for backends, for editors. It is draft 7, which the
// language servers for YAML read best. It accepts all that Parse accepts, and refuses what a schema can.
func Schema(backends provider.Backends) ([]byte, error) {
	schema := mapping("pullpass's configuration file.", object{
		"apiVersion": object{"const": apiVersion, "description": "The version of this format."},
		"kind":       object{"const": kind, "description": "What the file is."},
		"cache": mapping("The cache of credentials.", object{
			"dir": text("The directory of the cache, an absolute path.", provider.PathForm),
		}),
		"metrics": mapping("Metrics for Prometheus.", object{
			"textfile": text("The file for node_exporter's textfile collector: an absolute path that ends in .prom.", textfileForm),
		}),
		"log": mapping("The log of what the kubelet drops.", object{
			"file":   text("The log file, an absolute path. It is rotated at 1 MiB.", provider.PathForm),
			"syslog": object{"type": "boolean", "description": "Whether to log to the system's log. Not on Windows."},
		}),
		"registries": object{
			"description": "Rules for registries. The first one that matches an image is used, or else the built-in rule of the registry's provider.",
			"type":        "array", "maxItems": maxRules, "items": ruleSchema(backends),
		},
	})
	schema["required"] = []string{"apiVersion", "kind"}
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["$id"] = SchemaURL
	schema["title"] = "pullpass configuration"
	return json.MarshalIndent(schema, "", "  ")
}

// ruleSchema is the schema of a rule.
func ruleSchema(backends provider.Backends) object {
	properties := object{
		"match":        text("The images: HOST or HOST/PATH. A * stands for a label of the host or a part of one; the path is a prefix.", matchForm),
		"provider":     object{"enum": backends.Names(), "description": "The provider of the credentials."},
		"anonymousTry": object{"type": "boolean", "description": "Whether the kubelet tries again without the credential if the registry refuses it."},
	}
	dependencies := object{}
	for _, backend := range backends {
		properties[backend.Name] = sectionSchema(backend)
		dependencies[backend.Name] = object{"properties": object{"provider": object{"const": backend.Name}}}
	}
	rule := mapping("A rule for the images of a registry.", properties)
	rule["required"] = []string{"match", "provider"}
	rule["dependencies"] = dependencies
	return rule
}

// sectionSchema is the schema of a backend's section in a rule.
func sectionSchema(backend provider.Backend) object {
	properties, dependencies := object{}, object{}
	for _, field := range backend.Fields {
		properties[field.Name] = text(field.About, field.Form)
		var needs []object
		if field.Needs != "" {
			needs = append(needs, object{"required": []string{field.Needs}})
		}
		for _, other := range field.Excludes {
			needs = append(needs, object{"not": object{"required": []string{other}}})
		}
		if len(needs) > 0 {
			dependencies[field.Name] = object{"allOf": needs}
		}
	}
	section := mapping("Settings for "+backend.Title+".", properties)
	if len(dependencies) > 0 {
		section["dependencies"] = dependencies
	}
	return section
}

// mapping is the schema of a mapping without other fields than properties.
func mapping(description string, properties object) object {
	return object{"description": description, "type": "object", "additionalProperties": false, "properties": properties}
}

// text is the schema of a string. form is a regular expression, "" for any text.
func text(description, form string) object {
	schema := object{"description": description, "type": "string", "minLength": 1, "not": object{"pattern": controlForm}}
	if form != "" {
		schema["pattern"] = form
	}
	return schema
}
