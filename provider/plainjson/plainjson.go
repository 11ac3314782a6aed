// Package plainjson reads and writes JSON without reflection. encoding/json examines each type once per
// process. For a process that answers one request, this costs more than all of its other work. plainjson
// accepts, decodes and writes the same as encoding/json does: fuzz tests compare the two.
package plainjson

import "fmt"

// A Kind is the kind of a JSON value. Its text is what encoding/json calls the kind in errors.
type Kind string

// The kinds.
const (
	Object Kind = "object"
	Array  Kind = "array"
	String Kind = "string"
	Number Kind = "number"
	Bool   Kind = "bool"
	Null   Kind = "null"
)

// A Value is a well-formed JSON value. The zero Value is none.
type Value struct {
	Kind Kind
	raw  []byte
}

// A SyntaxError is the place of the first byte that cannot stand in JSON.
type SyntaxError struct {
	Offset int // of the byte, counted from 1
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("byte %d cannot stand in JSON", e.Offset) }

// ErrCutOff is the error for data that ends within a value, or before one.
const ErrCutOff cutOff = "the JSON is cut off"

type cutOff string

func (e cutOff) Error() string { return string(e) }

// maxDepth is how deep arrays and objects can be within each other, as in encoding/json.
const maxDepth = 10000

// Parse reads the value that data begins with, after white space, and returns what follows it.
// The value keeps a reference to data. The error is a *SyntaxError or ErrCutOff.
func Parse(data []byte) (value Value, rest []byte, err error) {
	s := scanner{data: data}
	s.space()
	start := s.at
	kind, err := s.value(0)
	if err != nil {
		return Value{}, nil, err
	}
	return Value{kind, data[start:s.at]}, data[s.at:], nil
}

// IsBlank reports whether data is only white space of JSON.
func IsBlank(data []byte) bool {
	s := scanner{data: data}
	s.space()
	return s.at == len(data)
}

// Raw returns the value as it was written.
func (v Value) Raw() []byte { return v.raw }

// Members yields the names and values of an object in their order. It yields a name as often as it is
// there. For other values it yields nothing.
func (v Value) Members(yield func(name string, value Value) bool) {
	if v.Kind != Object {
		return
	}
	// The value is well-formed, so that nothing below fails.
	s := scanner{data: v.raw, at: 1}
	for s.space(); s.data[s.at] != '}'; s.space() {
		if s.data[s.at] == ',' {
			s.at++
			s.space()
		}
		name := s.next()
		s.space()
		s.at++ // the colon
		s.space()
		if !yield(name.Text(), s.next()) {
			return
		}
	}
}

// Text returns the content of a string, "" for other values. Bytes that are not UTF-8 become U+FFFD, and so
// do single halves of surrogate pairs.
func (v Value) Text() string {
	if v.Kind != String {
		return ""
	}
	return unquote(v.raw[1 : len(v.raw)-1])
}
