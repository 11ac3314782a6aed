// Package report holds what a check of files or objects finds, and writes it for people and for
// programs. Nothing in it may be a secret.
package report

import "fmt"

// A Severity says what a finding means. Faults alone make a command fail.
type Severity int

// The severities, the worst first.
const (
	Fault Severity = iota // it does not work
	Note                  // it works, but not as it seems to
	Info                  // how it works
	OK                    // nothing is wrong
)

// String returns the severity's name in JSON.
func (s Severity) String() string { return [...]string{"fault", "note", "info", "ok"}[s] }

// MarshalText returns String. There is no error.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Place is where something was found. It has a File or an Object.
type Place struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`   // of File, from 1; 0 for the whole file
	Object string `json:"object,omitempty"` // NAMESPACE/NAME of a Secret, for example, or an image
	Field  string `json:"field,omitempty"`  // registries[0].ecr; "" for the whole file or object
}

// String returns "FILE:LINE: FIELD" or "OBJECT: FIELD", without what is missing.
func (p Place) String() string { return joined(p.where(), p.Field) }

// where returns what is before the field.
func (p Place) where() string {
	switch {
	case p.File == "":
		return p.Object
	case p.Line == 0:
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// A Finding is one thing that a check has to say.
type Finding struct {
	Severity Severity `json:"severity"`
	Place
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"` // what to do; "" if there is nothing, or more than one thing
}

// Faults returns how many of the findings are faults.
func Faults(findings []Finding) int {
	faults := 0
	for _, f := range findings {
		if f.Severity == Fault {
			faults++
		}
	}
	return faults
}

// Err returns the error of a check: it names what was checked and counts the faults. It is nil if there
// are none.
func Err(name string, findings []Finding) error {
	faults := Faults(findings)
	if faults == 0 {
		return nil
	}
	return fmt.Errorf("check %s: %s", name, Count(faults, "fault", "faults"))
}

// Count returns a number with the word for one or for several: "1 entry", "2 entries".
func Count(number int, one, several string) string {
	if number == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", number, several)
}
