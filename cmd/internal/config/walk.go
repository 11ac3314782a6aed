package config

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

type value = strictyaml.Value

// A walker goes through a document and keeps the error that is first in the file. The checks are not
// always made in that order.
type walker struct {
	first *strictyaml.Error
}

// fail reports v as wrong.
func (w *walker) fail(v value, format string, args ...any) {
	w.ok(v.Errorf(format, args...))
}

// ok keeps an error of package strictyaml, and returns whether err is nil.
func (w *walker) ok(err error) bool {
	var e *strictyaml.Error
	if !errors.As(err, &e) {
		return err == nil
	}
	if w.first == nil || e.Line < w.first.Line || e.Line == w.first.Line && e.Column < w.first.Column {
		w.first = e
	}
	return false
}

// list returns the items of a list.
func (w *walker) list(v value) []value {
	if !w.ok(v.CheckAnchor()) {
		return nil
	}
	items, err := v.Items()
	w.ok(err)
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
	if !w.ok(v.CheckAnchor()) {
		return s
	}
	members, err := v.Members()
	w.ok(err)
	for _, member := range members {
		name := member.Key.Value
		switch {
		case !w.ok(member.Err):
		case slices.Contains(known, name):
			s.fields[name] = member.Value
		default:
			w.fail(member.Value, "unknown field, %s", strictyaml.Suggest(name, known))
		}
	}
	return s
}

// require reports one of the fields if it is missing. It does nothing after an error: that might be the
// cause, such as a misspelt name.
func (s section) require(names ...string) {
	for _, name := range names {
		s.requireAs(name, "missing")
	}
}

// requireAs is require for one field, with what to say if it is missing.
func (s section) requireAs(name, text string) {
	if _, ok := s.fields[name]; !ok && s.first == nil {
		s.fail(s.Get(name), "%s", text)
	}
}

// text returns a string field that passes check, or "" if there is none.
func (s section) text(name string, check func(string) error) string {
	v, ok := s.fields[name]
	if !ok || !s.ok(v.CheckAnchor()) {
		return ""
	}
	text, err := v.Text()
	switch {
	case !s.ok(err):
		return ""
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
	if !ok || !s.ok(v.CheckAnchor()) {
		return nil
	}
	b, err := v.Bool()
	if !s.ok(err) {
		return nil
	}
	return &b
}
