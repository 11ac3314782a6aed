package kubeletconfig

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// A value is a node of the document as the kubelet reads it: aliases and merge keys are resolved.
type value struct {
	kind   strictyaml.Kind
	text   string // of a string; a number as it is written
	yes    bool   // of a boolean
	fields []field
	items  []value
	line   int
}

type field struct {
	key   string
	line  int
	value value
}

// field returns the field of a mapping. Of several with one name it is the first.
func (v value) field(name string) (value, bool) {
	for _, f := range v.fields {
		if f.key == name {
			return f.value, true
		}
	}
	return value{}, false
}

// fieldText returns the text of a field that has one, else "".
func (v value) fieldText(name string) string {
	if f, ok := v.field(name); ok && f.kind == strictyaml.Text {
		return f.text
	}
	return ""
}

// maxValues is how many values a file may have after its aliases are resolved. The kubelet has such a limit
// as well, since aliases can make a small file huge.
const maxValues = 400_000

// A resolver turns nodes into values, and notes what the kubelet's reader of YAML refuses.
type resolver struct {
	count   int
	depth   int          // of the value that is being resolved
	tooMuch bool         // the rest is left out
	within  []*yaml.Node // the anchors of the aliases that are being replaced
	faults  []report.Finding
}

func (r *resolver) fail(line int, text, hint string) {
	r.faults = append(r.faults, report.Finding{Place: report.Place{Line: line}, Text: text, Fix: hint})
}

func (r *resolver) resolve(n *yaml.Node) value {
	r.depth++
	defer func() { r.depth-- }()
	if r.count++; r.depth > maxDepth {
		r.count = max(r.count, maxValues+1) // no more of it
	}
	if r.count > maxValues {
		if !r.tooMuch {
			r.tooMuch = true
			r.fail(n.Line, "the file is too large or nested too deeply, or its aliases stand for too much", "")
		}
		return value{kind: strictyaml.Null, line: n.Line}
	}
	v := value{line: n.Line}
	switch n.Kind {
	case yaml.AliasNode:
		if slices.Contains(r.within, n.Alias) {
			r.fail(n.Line, "an alias within what it stands for", "")
			v.kind = strictyaml.Null
			return v
		}
		r.within = append(r.within, n.Alias)
		v = r.resolve(n.Alias)
		r.within = r.within[:len(r.within)-1]
	case yaml.SequenceNode:
		v.kind = strictyaml.List
		for _, item := range n.Content {
			if r.tooMuch {
				break
			}
			v.items = append(v.items, r.resolve(item))
		}
	case yaml.MappingNode:
		v.kind = strictyaml.Map
		r.fields(&v, n, map[string]int{})
	default:
		r.scalar(&v, n)
	}
	return v
}

// fields adds the fields of n to those of v. lines are those of the fields that v has.
func (r *resolver) fields(v *value, n *yaml.Node, lines map[string]int) {
	for i := 0; i+1 < len(n.Content) && !r.tooMuch; i += 2 {
		key, content := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			r.merge(v, content, lines)
			continue
		}
		name, of := r.resolve(key), r.resolve(content)
		if name.kind != strictyaml.Text {
			r.fail(key.Line, "the name of a field must be a string, is "+name.kind.String(), "")
			continue
		}
		if line, twice := lines[name.text]; twice {
			shown := "a field"
			if schema().names(name.text) {
				shown = name.text + ":"
			}
			r.fail(key.Line, shown+" given twice, first on line "+strconv.Itoa(line), "")
			continue
		}
		lines[name.text] = key.Line
		v.fields = append(v.fields, field{name.text, key.Line, of})
	}
}

// merge adds the fields that a merge key stands for. The kubelet refuses one that exists already.
func (r *resolver) merge(v *value, n *yaml.Node, lines map[string]int) {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxDepth {
		r.resolve(n) // which reports it
		return
	}
	sources := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		sources = n.Content
	}
	for _, source := range sources {
		target := source
		if source.Kind == yaml.AliasNode {
			target = source.Alias
		}
		switch {
		case target.Kind != yaml.MappingNode:
			r.fail(n.Line, "a merge key needs a mapping", "")
		case slices.Contains(r.within, target):
			r.fail(n.Line, "an alias within what it stands for", "")
		default:
			r.within = append(r.within, target)
			r.fields(v, target, lines)
			r.within = r.within[:len(r.within)-1]
		}
	}
}

// scalar resolves a scalar as YAML 1.1 does, which the kubelet reads: yes is a boolean, 010 a
// number, and a date is text.
func (r *resolver) scalar(v *value, n *yaml.Node) {
	v.text = n.Value
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 {
		tag = n.ShortTag()
	}
	switch {
	case tag == "!!binary":
		text, err := base64.StdEncoding.DecodeString(n.Value)
		if err != nil {
			r.fail(n.Line, "not base64, which !!binary needs", "")
		}
		v.text = string(text)
	case tag == "" && n.Style == 0:
		v.kind, v.yes = plain(n.Value)
	case slices.Contains([]string{"!!bool", "!!int", "!!float", "!!null"}, tag):
		v.kind, v.yes = plain(n.Value)
		if !fits(tag, v.kind, n.Value) {
			r.fail(n.Line, "is not of the type that its tag "+tag+" says", "")
		}
	}
}

// fits reports whether a scalar that resolves to kind can have this tag.
func fits(tag string, kind strictyaml.Kind, text string) bool {
	switch kind {
	case strictyaml.Bool:
		return tag == "!!bool"
	case strictyaml.Null:
		return tag == "!!null"
	case strictyaml.Number:
		return tag == "!!float" || tag == "!!int" && isInteger(text)
	}
	return false
}

// plain returns what an unquoted scalar is.
func plain(text string) (kind strictyaml.Kind, yes bool) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return strictyaml.Null, false
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return strictyaml.Bool, true
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return strictyaml.Bool, false
	case ".nan", ".NaN", ".NAN":
		return strictyaml.Number, false
	}
	unsigned := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	switch {
	case unsigned == ".inf" || unsigned == ".Inf" || unsigned == ".INF":
		return strictyaml.Number, false
	case isInteger(text), isFloat(text):
		return strictyaml.Number, false
	}
	return strictyaml.Text, false
}

func isInteger(text string) bool {
	if text == "" || !strings.ContainsRune("+-0123456789", rune(text[0])) {
		return false
	}
	digits := strings.ReplaceAll(text, "_", "")
	_, err := strconv.ParseInt(digits, 0, 64)
	if err != nil {
		_, err = strconv.ParseUint(digits, 0, 64)
	}
	return err == nil
}

func isFloat(text string) bool {
	if strings.HasPrefix(text, ".") {
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	}
	digits := strings.ReplaceAll(text, "_", "")
	if strings.Trim(digits, "+-0123456789.eE") != "" || digits == "" || strings.HasPrefix(text, "_") {
		return false
	}
	_, err := strconv.ParseFloat(digits, 64)
	return err == nil
}

// hasControl reports whether text has something that cannot be in a file or on a command line as it is.
func hasControl(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\ufeff' || r == '\u2028' || r == '\u2029'
	})
}
