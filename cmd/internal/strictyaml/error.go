package strictyaml

import "github.com/pullpass/pullpass/cmd/internal/report"

// An Error is what is wrong at a place of a document.
type Error struct {
	report.Place
	Column int // from 1; 0 if it is about the whole line
	Text   string
}

// Error returns "FILE:LINE: FIELD: TEXT".
func (e *Error) Error() string { return e.Place.String() + ": " + e.Text }

// ErrorAt returns the Error of a line.
func ErrorAt(file string, line int, text string) *Error {
	return &Error{Place: report.Place{File: file, Line: line}, Text: text}
}
