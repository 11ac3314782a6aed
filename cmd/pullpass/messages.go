package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"

	"github.com/pullpass/pullpass/provider"
)

// The rules for what goes to stderr: a line each, "pullpass: KIND: text". An error is one
// line, and one more with a hint if there is something that its reader can do. The kubelet
// logs stderr only if we fail. No line ever holds a secret, at any verbosity.

const maxLine = 2000 // bytes; a server's text can be long

// messages writes to stderr. It is safe for use by several goroutines: what was given up may
// still have something to say.
type messages struct {
	out     io.Writer
	verbose bool
	mu      sync.Mutex
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
	text = oneLine(text)
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "…"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(m.out, "pullpass: %s: %s\n", kind, text)
}

// oneLine puts spaces where text has control characters, which a terminal might obey.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, unicode.IsControl), " ")
}
