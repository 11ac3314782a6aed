package platform

import (
	"bytes"
	"strings"
)

// An assignment gives a variable its value in a file for systemd's EnvironmentFile=.
type assignment struct {
	name  string
	value []character
	// line and newline are where the assignment's line begins in the file and where the line
	// break is, or the file's end.
	line, newline int
	// end is where text has to be put into the file to come at the end of the value.
	end int
}

// A character of a value is a byte of it, and where that stands in the file, with what escapes it.
type character struct {
	is       byte
	from, to int
}

// text is the value.
func (a assignment) text() string {
	text := make([]byte, len(a.value))
	for i, c := range a.value {
		text[i] = c.is
	}
	return string(text)
}

const (
	newline = "\n\r"
	blank   = " \t\n\r"
)

func oneOf(set string, c byte) bool { return strings.IndexByte(set, c) >= 0 }

// A scanner reads a file for EnvironmentFile= as systemd does: systemd.exec(5), and the states in
// systemd's src/basic/env-file.c.
type scanner struct {
	data []byte
	at   int
	// oldComments is for systemd before version 254, where a backslash at the end of a comment
	// makes the next line one, too.
	oldComments bool
}

// assignments returns those of a file, in order. Names are what systemd reads: one that is no name
// of a variable, such as "export A", is ignored by it later.
func assignments(data []byte, oldComments bool) []assignment {
	s := scanner{data: data, oldComments: oldComments}
	var all []assignment
	for s.more() {
		switch c := s.data[s.at]; {
		case oneOf(blank, c):
			s.at++
		case c == '#' || c == ';':
			s.comment()
		default:
			if a, ok := s.assignment(); ok {
				all = append(all, a)
			}
		}
	}
	return all
}

func (s *scanner) more() bool { return s.at < len(s.data) }

// comment goes past the end of a comment.
func (s *scanner) comment() {
	for s.more() {
		c := s.data[s.at]
		s.at++
		if c == '\\' && s.more() {
			c = s.data[s.at]
			s.at++
			if s.oldComments {
				continue
			}
		}
		if oneOf(newline, c) {
			return
		}
	}
}

// assignment reads a line, and those that continue it. It is none without a "=".
func (s *scanner) assignment() (assignment, bool) {
	start := s.at
	s.at++ // also if it is a "="
	for s.more() && s.data[s.at] != '=' {
		if oneOf(newline, s.data[s.at]) {
			return assignment{}, false
		}
		s.at++
	}
	if !s.more() {
		return assignment{}, false
	}
	a := assignment{
		name: strings.TrimRight(string(s.data[start:s.at]), blank),
		line: bytes.LastIndexAny(s.data[:start], newline) + 1,
	}
	s.at++
	a.end = s.at
	for s.more() && !oneOf(newline, s.data[s.at]) {
		switch c := s.data[s.at]; {
		case oneOf(blank, c):
			s.at++
		case c == '\'':
			s.single(&a)
		case c == '"':
			s.double(&a)
		default:
			s.plain(&a)
		}
	}
	a.newline = s.at
	return a, true
}

// keep adds the byte before the place of reading to the value; it was escaped from there on.
func (s *scanner) keep(a *assignment, from int) {
	a.value = append(a.value, character{s.data[s.at-1], from, s.at})
	a.end = s.at
}

// single reads what is in single quotes, double in double ones. A file may end in them.
func (s *scanner) single(a *assignment) {
	s.at++
	a.end = s.at
	for s.more() {
		s.at++
		if s.data[s.at-1] == '\'' {
			return
		}
		s.keep(a, s.at-1)
	}
}

func (s *scanner) double(a *assignment) {
	s.at++
	a.end = s.at
	for s.more() {
		from := s.at
		s.at++
		switch {
		case s.data[from] == '"':
			return
		case s.data[from] != '\\':
			s.keep(a, from)
		case !s.more():
		case oneOf("\"\\`$", s.data[s.at]):
			s.at++
			s.keep(a, from)
		case s.data[s.at] == '\n':
			s.at++
		default: // both the backslash and what follows it
			s.keep(a, from)
			s.at++
			s.keep(a, s.at-1)
		}
	}
}

// plain reads the rest of a value, where quotes mean nothing any more, up to the end of its line.
// White space before it is not of the value, unless a backslash follows.
func (s *scanner) plain(a *assignment) {
	whole := *a
	for s.more() && !oneOf(newline, s.data[s.at]) {
		from := s.at
		s.at++
		switch {
		case s.data[from] != '\\':
			s.keep(a, from)
			if !oneOf(blank, s.data[from]) {
				whole = *a
			}
			continue
		case !s.more():
		case oneOf(newline, s.data[s.at]):
			s.at++
		default:
			s.at++
			s.keep(a, from)
		}
		whole = *a
	}
	*a = whole
}
