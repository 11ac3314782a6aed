package kubeletconfig

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// A Format is the language in which New writes a config.
type Format int

// The formats.
const (
	YAML Format = iota
	JSON
)

// shippedName is the config in node-config with everything that pullpass serves without a config of its
// own.
const shippedName = "credential-provider-config.yaml"

// New returns a config of version v1 with this entry only. In YAML, it is the file of node-config with its
// comments if the entry is the one that Served returns without rules. The error says what cannot be in an
// entry.
func New(entry Entry, format Format) ([]byte, error) {
	if err := entry.check(); err != nil {
		return nil, err
	}
	version := versions()[0]
	if format == JSON {
		layout := flowLayout{multiline: true, spaced: true, unit: "  "}
		return []byte(layout.object("", []member{
			{"apiVersion", jsonText(configGroup + "/" + version)},
			{"kind", jsonText(configKind)},
			{"providers", layout.list("  ", []string{layout.entry("    ", entry, version)})},
		}) + "\n"), nil
	}
	shipped, err := nodeconfig.Read(shippedName)
	if err != nil {
		return nil, err
	}
	if providers, err := Providers(shippedName, shipped); err == nil && len(providers) == 1 && providers[0].Text == entry.canonical(version) {
		return shipped, nil
	}
	return []byte("apiVersion: " + configGroup + "/" + version + "\nkind: " + configKind + "\nproviders:\n" +
		strings.Join(blockLines(entry, version, ""), "\n") + "\n"), nil
}

// blockLines returns the lines of the entry as an item of a list in YAML's block style. nested is the
// indentation of the lists in it.
func blockLines(entry Entry, version, nested string) []string {
	lines := []string{
		"- name: " + yamlText(entry.Name),
		"  apiVersion: " + protocolGroup + "/" + version,
		"  defaultCacheDuration: " + cacheDuration,
	}
	if len(entry.Env) > 0 {
		lines = append(lines, "  env:")
	}
	for _, variable := range entry.Env {
		lines = append(lines,
			"  "+nested+"- name: "+yamlText(variable.Name),
			"  "+nested+"  value: "+jsonText(variable.Value))
	}
	list := func(name string, texts []string) {
		if len(texts) > 0 {
			lines = append(lines, "  "+name+":")
		}
		for _, text := range texts {
			lines = append(lines, "  "+nested+"- "+jsonText(text))
		}
	}
	list("args", entry.Args)
	list("matchImages", entry.MatchImages)
	return lines
}

// yamlText returns text, in quotes if it needs them.
func yamlText(text string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	kind, _ := plain(text)
	if kind == strictyaml.Text && strings.Trim(text, safe) == "" && strings.Trim(text[:1], "-") != "" {
		return text
	}
	return jsonText(text)
}

// jsonText quotes text for JSON, and for YAML.
func jsonText(text string) string {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return `""` // never: all strings can be encoded
	}
	return strings.TrimSuffix(quoted.String(), "\n")
}

// A flowLayout is how JSON, or YAML in its flow style, is laid out.
type flowLayout struct {
	multiline bool   // a line for each member
	spaced    bool   // a space after a colon, and after a comma within a line
	unit      string // of indentation
	eol       string // "" is \n
}

type member struct{ name, value string }

// entry returns the entry as an object whose first line is indented by indent.
func (l flowLayout) entry(indent string, entry Entry, version string) string {
	inner := indent + l.unit
	members := []member{
		{"name", jsonText(entry.Name)},
		{"apiVersion", jsonText(protocolGroup + "/" + version)},
		{"defaultCacheDuration", jsonText(cacheDuration)},
	}
	if len(entry.Env) > 0 {
		var variables []string
		for _, variable := range entry.Env {
			variables = append(variables, l.object(inner+l.unit, []member{
				{"name", jsonText(variable.Name)}, {"value", jsonText(variable.Value)},
			}))
		}
		members = append(members, member{"env", l.list(inner, variables)})
	}
	if len(entry.Args) > 0 {
		members = append(members, member{"args", l.list(inner, jsonTexts(entry.Args))})
	}
	members = append(members, member{"matchImages", l.list(inner, jsonTexts(entry.MatchImages))})
	return l.object(indent, members)
}

func jsonTexts(texts []string) []string {
	var quoted []string
	for _, text := range texts {
		quoted = append(quoted, jsonText(text))
	}
	return quoted
}

func (l flowLayout) object(indent string, members []member) string {
	colon := ":"
	if l.spaced {
		colon = ": "
	}
	var items []string
	for _, m := range members {
		items = append(items, jsonText(m.name)+colon+m.value)
	}
	return "{" + l.join(indent, items) + "}"
}

func (l flowLayout) list(indent string, items []string) string {
	return "[" + l.join(indent, items) + "]"
}

// join returns items for between two brackets. indent is the indentation of the line with the first
// bracket.
func (l flowLayout) join(indent string, items []string) string {
	switch {
	case l.multiline:
		eol := l.eol
		if eol == "" {
			eol = "\n"
		}
		between := eol + indent + l.unit
		return between + strings.Join(items, ","+between) + eol + indent
	case l.spaced:
		return strings.Join(items, ", ")
	}
	return strings.Join(items, ",")
}

// WithoutHead returns a config in YAML without the comments at its beginning.
func WithoutHead(text []byte) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	first := slices.IndexFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "#") })
	return []byte(strings.Join(lines[max(first, 0):], ""))
}
