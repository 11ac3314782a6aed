package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// A walker goes through a document and keeps the first error in the order of the file, which
// is not always the order in which the checks are made.
type walker struct {
	file  string
	first *problem
}

// A problem is what is wrong at a place of the file.
type problem struct {
	line, column int
	text         string
}

func (p *problem) Error() string { return p.text }

// A value is a node with the place and the name that errors give it.
type value struct {
	node  *yaml.Node
	at    *yaml.Node // the key if the value has one: an empty value has no line of its own
	field string     // registries[0].ecr, or empty for the whole document
}

// fail notes that v is wrong.
func (w *walker) fail(v value, format string, args ...any) {
	line, column := v.at.Line, v.at.Column
	if w.first != nil && (w.first.line < line || w.first.line == line && w.first.column <= column) {
		return
	}
	text := fmt.Sprintf("%s:%d: ", w.file, line)
	if v.field != "" {
		text += v.field + ": "
	}
	w.first = &problem{line, column, text + fmt.Sprintf(format, args...)}
}

// is reports whether v is of a kind and tag; if not, it notes that v should have been what.
func (w *walker) is(v value, kind yaml.Kind, tag, what string) bool {
	if v.node.Kind == yaml.AliasNode || v.node.Anchor != "" {
		w.fail(v, "anchors and aliases are not supported")
		return false
	}
	if v.node.Kind == kind && v.node.ShortTag() == tag {
		return true
	}
	hint := ""
	if tag == "!!str" && v.node.Kind == yaml.ScalarNode && v.node.ShortTag() != "!!null" {
		hint = "; put it in quotes"
	}
	w.fail(v, "must be %s, is %s%s", what, describe(v.node), hint)
	return false
}

func describe(node *yaml.Node) string {
	if node.Style&yaml.TaggedStyle != 0 {
		return "tagged " + strictyaml.Shown(node.Tag)
	}
	switch node.ShortTag() {
	case "!!map":
		return "a mapping"
	case "!!seq":
		return "a list"
	case "!!null":
		return "empty"
	case "!!str":
		return "a string"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	}
	return "a merge key"
}

// list returns the items of a list.
func (w *walker) list(v value) []value {
	if !w.is(v, yaml.SequenceNode, "!!seq", "a list") {
		return nil
	}
	var items []value
	for i, node := range v.node.Content {
		items = append(items, value{node, node, fmt.Sprintf("%s[%d]", v.field, i)})
	}
	return items
}

// A section is a mapping with its known fields.
type section struct {
	*walker
	value
	fields map[string]value
}

// section reads v, which must have no other fields than the known ones.
func (w *walker) section(v value, known ...string) section {
	s := section{w, v, map[string]value{}}
	if !w.is(v, yaml.MappingNode, "!!map", "a mapping") {
		return s
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := v.node.Content[i]
		field := value{v.node.Content[i+1], key, strings.TrimPrefix(v.field+"."+strictyaml.Shown(key.Value), ".")}
		switch _, duplicate := s.fields[key.Value]; {
		case key.ShortTag() == "!!merge":
			w.fail(field, "merge keys are not supported")
		case key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" || key.Anchor != "":
			w.fail(value{at: key, field: v.field}, "the name of a field must be a plain string")
		case duplicate:
			w.fail(field, "given twice, first on line %d", s.fields[key.Value].at.Line)
		case slices.Contains(known, key.Value):
			s.fields[key.Value] = field
		default:
			w.fail(field, "unknown field, %s", strictyaml.Suggest(key.Value, known))
		}
	}
	return s
}

// require notes that one of the fields is missing. If there is an error already it might be
// the cause, a misspelt name, so that it is left alone.
func (s section) require(names ...string) {
	for _, name := range names {
		s.requireAs(name, "missing")
	}
}

// requireAs is require for one field, with what to say if it is missing.
func (s section) requireAs(name, text string) {
	if _, ok := s.fields[name]; !ok && s.first == nil {
		s.fail(value{at: s.at, field: strings.TrimPrefix(s.field+"."+name, ".")}, "%s", text)
	}
}

// text returns a string field that passes check, or "" if there is none.
func (s section) text(name string, check func(string) error) string {
	v, ok := s.fields[name]
	if !ok || !s.is(v, yaml.ScalarNode, "!!str", "a string") {
		return ""
	}
	text := v.node.Value
	switch {
	case text == "":
		s.fail(v, "must not be empty")
		return ""
	case strings.ContainsFunc(text, unicode.IsControl):
		s.fail(v, "must not contain control characters")
		return ""
	}
	if err := check(text); err != nil {
		s.fail(v, "%v", err)
		return ""
	}
	return text
}

// boolean returns a boolean field, or nil if there is none.
func (s section) boolean(name string) *bool {
	v, ok := s.fields[name]
	if !ok || !s.is(v, yaml.ScalarNode, "!!bool", "true or false") {
		return nil
	}
	var b bool
	if err := v.node.Decode(&b); err != nil { // !!bool something
		s.fail(v, "must be true or false")
		return nil
	}
	return &b
}
