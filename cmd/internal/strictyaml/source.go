package strictyaml

import (
	"bytes"
	"slices"
	"sort"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const byteOrderMark = "\ufeff"

// A Source is the text of a document, and the one way to get from the line and column of a node to its place
// in the text. Lines, columns and offsets are taken from anywhere, for a decoder can be wrong and a text
// hostile: all methods take any number, what is outside of the text is empty, and none panics.
type Source struct {
	data   []byte
	starts []int // of lines
	last   place // of the last Offset
}

// A place is where a character is. Columns count characters, from 1.
type place struct{ line, column, at int }

// A Span is a part of a text, from the offset of its first byte to the one after its last.
type Span struct{ From, To int }

// NewSource returns the Source of data, which must not be changed after that.
func NewSource(data []byte) *Source { return &Source{data: data, starts: lineStarts(data)} }

// lineStarts returns where the lines of YAML begin. YAML has more line breaks than \n.
func lineStarts(data []byte) []int {
	starts := []int{0}
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		at += size
		switch {
		case r == '\r' && at < len(data) && data[at] == '\n':
		case r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			starts = append(starts, at)
		}
	}
	return starts
}

// Bytes returns the whole text.
func (s *Source) Bytes() []byte { return s.data }

// Len returns the length of the text in bytes.
func (s *Source) Len() int { return len(s.data) }

// Lines returns the number of lines, one at least. After a line break at the end there is an empty one.
func (s *Source) Lines() int { return len(s.starts) }

// At returns the byte at an offset, 0 outside of the text.
func (s *Source) At(at int) byte {
	if at < 0 || at >= len(s.data) {
		return 0
	}
	return s.data[at]
}

// Part returns what is in the text between two offsets.
func (s *Source) Part(from, to int) []byte {
	from, to = max(from, 0), min(to, len(s.data))
	if from >= to {
		return nil
	}
	return s.data[from:to]
}

// From returns the text from an offset on.
func (s *Source) From(at int) []byte { return s.Part(at, len(s.data)) }

// Of returns the text of a span.
func (s *Source) Of(span Span) []byte { return s.Part(span.From, span.To) }

// Line returns the text of a line with its line break. Lines count from 1.
func (s *Source) Line(line int) []byte {
	start, ok := s.LineAt(line)
	if !ok {
		return nil
	}
	return s.Part(start, s.LineEnd(start))
}

// LineAt returns where a line begins. It returns false if there is no such line.
func (s *Source) LineAt(line int) (int, bool) {
	if line < 1 || line > len(s.starts) {
		return 0, false
	}
	return s.starts[line-1], true
}

// LineOf returns the number of the line of an offset, from 1.
func (s *Source) LineOf(at int) int { return max(1, sort.SearchInts(s.starts, at+1)) }

// LineStart returns where an offset's line begins.
func (s *Source) LineStart(at int) int { return s.starts[s.LineOf(at)-1] }

// LineEnd returns where the line after that of an offset begins, or the end of the text.
func (s *Source) LineEnd(at int) int {
	if line := s.LineOf(at); line < len(s.starts) {
		return s.starts[line]
	}
	return len(s.data)
}

// Offset returns where a node begins, by its line and its column in characters, both from 1, as package yaml
// counts. It returns false if the line is not in the text or is shorter: then they are of another text.
func (s *Source) Offset(n *yaml.Node) (int, bool) {
	at, ok := s.LineAt(n.Line)
	if !ok || n.Column < 1 {
		return 0, false
	}
	if n.Line == 1 && bytes.HasPrefix(s.data, []byte(byteOrderMark)) {
		at += len(byteOrderMark)
	}
	end, column := s.LineEnd(at), 1
	// Going on from the last place keeps the time for all nodes of a long line short.
	if s.last.line == n.Line && s.last.column <= n.Column {
		at, column = s.last.at, s.last.column
	}
	for ; column < n.Column; column++ {
		if at >= end {
			return 0, false
		}
		_, size := utf8.DecodeRune(s.data[at:])
		at += size
	}
	s.last = place{n.Line, column, at}
	return at, true
}

// Splice returns data with text in the place of a span. It returns false if the span is not in data.
func Splice(data []byte, span Span, text string) ([]byte, bool) {
	if span.From < 0 || span.From > span.To || span.To > len(data) {
		return nil, false
	}
	return slices.Concat(data[:span.From], []byte(text), data[span.To:]), true
}
