package systemd

import (
	"bytes"
	"strings"
)

// An Assignment gives a variable its value in a file for EnvironmentFile=.
type Assignment struct {
	Name string
	// From is the offset in the file at which the line of the assignment begins. To is that of the
	// line break after it, or the length of the file.
	From, To int

	value []character
	end   int // the offset in the file at which text has to be inserted to extend the value
}

// A character is one byte of a value. from and to are its place in the file, including a backslash
// that escapes it.
type character struct {
	is       byte
	from, to int
}

// Value is the value of the variable.
func (a Assignment) Value() string {
	text := make([]byte, len(a.value))
	for i, c := range a.value {
		text[i] = c.is
	}
	return string(text)
}

// An Edit replaces a part of a value by Text, which needs no quotes. If From and To are the length
// of the value, it appends Text.
type Edit struct {
	From, To int // in bytes of the value
	Text     string
}

// Apply returns data, the file of the assignment, with the value edited. All other bytes stay. The
// edits are in the order of the value.
func (a Assignment) Apply(data []byte, edits []Edit) []byte {
	if len(edits) == 0 {
		return data
	}
	var out []byte
	done := 0
	for _, e := range edits {
		from, to := a.end, a.end
		if e.From < e.To {
			from, to = a.value[e.From].from, a.value[e.To-1].to
		}
		out = append(append(out, data[done:from]...), e.Text...)
		done = to
	}
	return append(out, data[done:]...)
}

const (
	newline = "\n\r"
	blank   = " \t\n\r"
)

func oneOf(set string, c byte) bool { return strings.IndexByte(set, c) >= 0 }

// A scanner reads a file for EnvironmentFile= as systemd does: systemd.exec(5), and the states in
// systemd's src/basic/env-file.c.
type scanner struct {
	data        []byte
	at          int
	oldComments bool // see Assignments
}

// Assignments returns the assignments in a file for EnvironmentFile=, in order. Some have a name
// that no variable can have, such as "export A": systemd reads these, and ignores them later.
//
// With oldComments, the file is read as systemd did before version 254: a backslash at the end of a
// comment made the next line a comment, too.
func Assignments(data []byte, oldComments bool) []Assignment {
	s := scanner{data: data, oldComments: oldComments}
	var all []Assignment
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

// comment skips a comment.
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

// assignment reads an assignment, which may go on over several lines. It returns false for a line
// without "=".
func (s *scanner) assignment() (Assignment, bool) {
	start := s.at
	s.at++ // also if it is a "="
	for s.more() && s.data[s.at] != '=' {
		if oneOf(newline, s.data[s.at]) {
			return Assignment{}, false
		}
		s.at++
	}
	if !s.more() {
		return Assignment{}, false
	}
	a := Assignment{
		Name: strings.TrimRight(string(s.data[start:s.at]), blank),
		From: bytes.LastIndexAny(s.data[:start], newline) + 1,
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
	a.To = s.at
	return a, true
}

// keep adds the byte that was read last to the value. It takes the place in the file from the offset
// from on, where the backslash is if it was escaped.
func (s *scanner) keep(a *Assignment, from int) {
	a.value = append(a.value, character{s.data[s.at-1], from, s.at})
	a.end = s.at
}

// single reads a part of a value in single quotes, double one in double quotes. At the end of the
// file, the quote may be missing.
func (s *scanner) single(a *Assignment) {
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

func (s *scanner) double(a *Assignment) {
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
		default: // the backslash is a part of the value
			s.keep(a, from)
			s.at++
			s.keep(a, s.at-1)
		}
	}
}

// plain reads the rest of a value, in which quotes have no meaning, up to the end of the line. White
// space at the end of the line is not part of the value, unless it is escaped.
func (s *scanner) plain(a *Assignment) {
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
