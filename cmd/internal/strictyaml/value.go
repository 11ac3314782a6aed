package strictyaml

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/report"
)

// A Format says how errors speak of the values of a document.
type Format int

const (
	// Fields is for a document whose fields have known names. See Join. Where a string needs quotes,
	// errors say so.
	Fields Format = iota
	// Objects is for Kubernetes objects, whose mappings can have any keys. See joinKey.
	Objects
)

// A Value is a node of a document with its place, which errors name.
type Value struct {
	report.Place // its Line is that of the key if there is one: an empty value has no line of its own
	Column       int
	Node         *yaml.Node // nil for a value that is not there
	format       Format
	hidden       bool // names of fields in it may be secrets
}

// Of returns the value of a node at the top of a file: no field is above it.
func Of(file string, node *yaml.Node, format Format) Value {
	return Value{Place: report.Place{File: file, Line: node.Line}, Column: node.Column, Node: node, format: format}
}

// Errorf returns an error at the place of v.
func (v Value) Errorf(format string, args ...any) *Error {
	return &Error{v.Place, v.Column, fmt.Sprintf(format, args...)}
}

// Describe returns what errors call v, such as "a list". v must be there. YAML has more kinds than JSON.
func (v Value) Describe() string {
	objects := v.format == Objects
	switch tag := v.Node.ShortTag(); {
	case v.Node.Style&yaml.TaggedStyle != 0:
		return "tagged" // with what could be a part of a secret: it may begin with !
	case tag == "!!map":
		return Map.String()
	case tag == "!!seq":
		return List.String()
	case tag == "!!null":
		return Null.String()
	case tag == "!!str":
		return Text.String()
	case tag == "!!bool" && objects:
		return "true or false"
	case tag == "!!bool":
		return Bool.String()
	case tag == "!!int" || tag == "!!float":
		return Number.String()
	case tag == "!!timestamp":
		return "a date"
	}
	return "a merge key"
}

// child returns a value in v. at is the node that errors point to: its key, or the value itself.
func (v Value) child(field string, at, node *yaml.Node) Value {
	place := report.Place{File: v.File, Line: at.Line, Field: field}
	return Value{place, at.Column, node, v.format, v.hidden}
}

// member returns a field of v. Its place has the name of the key only if that cannot be a secret.
func (v Value) member(key, node *yaml.Node) Value {
	shown := isField(key.Value) && !v.hidden || v.format == Objects && isSecretKey(key.Value)
	field := v.Field
	if shown {
		field = v.join(key.Value)
	}
	member := v.child(field, key, node)
	member.hidden = v.hidden || !shown || holdsSecrets(key.Value)
	return member
}

func (v Value) join(key string) string {
	if v.format == Objects {
		return joinKey(v.Field, key)
	}
	return Join(v.Field, key)
}

// CheckAnchor returns an error for an alias, and for a node that an alias can stand for. v must be there.
func (v Value) CheckAnchor() error {
	if v.Node.Kind == yaml.AliasNode || v.Node.Anchor != "" {
		return v.Errorf("anchors and aliases are not supported")
	}
	return nil
}

// mustBe checks the kind and tag of v, which must be there. what is how errors call them.
func (v Value) mustBe(what string, kind yaml.Kind, tag string) error {
	own := v.Node.ShortTag()
	if v.Node.Kind == kind && own == tag {
		return nil
	}
	hint := ""
	if tag == "!!str" && v.format == Fields && v.Node.Kind == yaml.ScalarNode && own != "!!null" {
		hint = "; put it in quotes"
	}
	return v.Errorf("must be %s, is %s%s", what, v.Describe(), hint)
}

// Text returns a string, "" if v is not there. The error is an *Error.
func (v Value) Text() (string, error) {
	if v.Node == nil {
		return "", nil
	}
	if err := v.mustBe(Text.String(), yaml.ScalarNode, "!!str"); err != nil {
		return "", err
	}
	return v.Node.Value, nil
}

// Bool returns a boolean, false if v is not there. The error is an *Error.
func (v Value) Bool() (bool, error) {
	if v.Node == nil {
		return false, nil
	}
	if err := v.mustBe("true or false", yaml.ScalarNode, "!!bool"); err != nil {
		return false, err
	}
	var b bool
	if err := v.Node.Decode(&b); err != nil { // !!bool something
		return false, v.Errorf("must be true or false")
	}
	return b, nil
}

// Items returns the items of a list, none if v is not there. The error is an *Error.
func (v Value) Items() ([]Value, error) {
	if v.Node == nil {
		return nil, nil
	}
	if err := v.mustBe(List.String(), yaml.SequenceNode, "!!seq"); err != nil {
		return nil, err
	}
	var items []Value
	for i, node := range v.Node.Content {
		items = append(items, v.child(Index(v.Field, i), node, node))
	}
	return items, nil
}
