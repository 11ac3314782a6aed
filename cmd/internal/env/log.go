package env

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/scrub"
)

// maxLine bounds a line of the log, in bytes. The text of a server can be long.
const maxLine = 2000

// The kinds of messages that Keep takes.
const (
	KindError   = "error"
	KindWarning = "warning"
	KindNote    = "note"
)

// A Log writes messages to stderr, one line each: "pullpass: KIND: text". An error has a second
// line with its hint, if it has one. The kubelet logs stderr only if the plugin fails. No line
// holds a secret that the Scrubber knows, however verbose the log is.
//
// A Log is safe for use by several goroutines: a call that was abandoned may still log.
type Log struct {
	Out      io.Writer
	Verbose  bool           // Debug writes
	Scrubber scrub.Scrubber // of the process
	// Keep takes each message but debug ones, as it is written, with the hint of an error; nil for nobody.
	Keep func(kind, text, hint string)
	mu   sync.Mutex
}

// Error writes err, and its hint, or what to do about the trouble of this machine that it is.
func (l *Log) Error(err error) {
	text := l.line(KindError, err.Error())
	hint := cmp.Or(provider.Hint(err), provider.LocalHint(err))
	if hint != "" {
		hint = l.line("hint", hint)
	}
	l.keep(KindError, text, hint)
}

// Warn writes a warning.
func (l *Log) Warn(text string) { l.keep(KindWarning, l.line(KindWarning, text), "") }

// Note writes what the user should know and need not act on.
func (l *Log) Note(format string, args ...any) {
	l.keep(KindNote, l.line(KindNote, fmt.Sprintf(format, args...)), "")
}

func (l *Log) keep(kind, text, hint string) {
	if l.Keep != nil {
		l.Keep(kind, text, hint)
	}
}

// Debug writes a decision and its reason if the log is verbose.
func (l *Log) Debug(format string, args ...any) {
	if l.Verbose {
		l.line("debug", fmt.Sprintf(format, args...))
	}
}

// line writes the first line of text, and returns it as it is written. In errors of libraries, the other lines are answers of servers and
// programs, which may hold anything. Secrets are taken out before that: less than all of a secret might not
// be recognised.
func (l *Log) line(kind, text string) string {
	text = l.Scrubber.Scrub(text)
	text, _, _ = strings.Cut(strings.TrimLeftFunc(text, unicode.IsSpace), "\n")
	text = OneLine(text)
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "…"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.Out, "pullpass: %s: %s\n", kind, text)
	return text
}

// OneLine replaces control characters, which a terminal might obey, by single spaces.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, unicode.IsControl), " ")
}
