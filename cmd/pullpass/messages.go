package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/pullpass/pullpass/provider"
)

// The rules for what goes to stderr: a line each, "pullpass: KIND: text". An error is one
// line, and one more with a hint if there is something that its reader can do. The kubelet
// logs stderr only if we fail. No line ever holds a secret, at any verbosity.

const maxLine = 2000 // bytes; a server's text can be long

// messages writes to stderr.
type messages struct {
	out     io.Writer
	verbose bool
}

func (m *messages) error(err error) {
	m.line("error", err.Error())
	if hint := provider.Hint(err); hint != "" {
		m.line("hint", hint)
	}
}

func (m *messages) warn(text string) { m.line("warning", text) }

func (m *messages) note(format string, args ...any) { m.line("note", fmt.Sprintf(format, args...)) }

func (m *messages) debug(format string, args ...any) {
	if m.verbose {
		m.line("debug", fmt.Sprintf(format, args...))
	}
}

// line writes the first line of text. What follows it in the errors of libraries are whole
// answers of servers and programs, with whatever is in them.
func (m *messages) line(kind, text string) {
	text, _, _ = strings.Cut(strings.TrimLeftFunc(text, unicode.IsSpace), "\n")
	text = strings.Join(strings.FieldsFunc(text, unicode.IsControl), " ")
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "…"
	}
	fmt.Fprintf(m.out, "pullpass: %s: %s\n", kind, text)
}
