// Package eventlog keeps what a process has reported: in a file, or in the system's log. The kubelet drops the
// stderr of a plugin that succeeds, so without this log nothing is left of "no credential" and of warnings.
//
// The directory of the file may be another user's, who can put anything into it. Only a file of this user's own
// is written to, and nothing is read of it.
package eventlog

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The levels of events.
const (
	Error   = "error"
	Warning = "warning"
	Info    = "info"
)

// An Event is a line of the log. It must hold no secret.
type Event struct {
	At       time.Time
	Level    string // Error, Warning or Info
	Registry string // the host; "" if the event is about none
	Provider string // the name of the backend; "" if there is none
	Text     string
	Hint     string // what to do; "" if there is nothing to say
}

// String returns the line in logfmt, without a line break: time=2026-10-05T12:00:00Z level=info registry=docker.io
// provider=dockerhub msg="…". Fields without a value are left out.
func (e Event) String() string {
	return "time=" + e.At.UTC().Format(time.RFC3339) + " " + e.untimed()
}

// untimed is String without the time.
func (e Event) untimed() string {
	var line strings.Builder
	line.WriteString("level=" + e.Level)
	for _, field := range [...][2]string{{"registry", e.Registry}, {"provider", e.Provider}, {"msg", e.Text}, {"hint", e.Hint}} {
		if name, value := field[0], field[1]; value != "" {
			line.WriteString(" " + name + "=" + quoted(value))
		}
	}
	return line.String()
}

// quoted returns a value as logfmt has it, in quotes unless it is a plain word.
func quoted(value string) string {
	special := func(r rune) bool { return r <= ' ' || r == '=' || r == '"' || r == '\\' || !unicode.IsPrint(r) }
	if strings.ContainsFunc(value, special) {
		return strconv.Quote(value)
	}
	return value
}
