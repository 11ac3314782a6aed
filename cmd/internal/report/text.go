package report

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/env"
)

// Text returns the findings for people, in their order: a line for each, "FILE:LINE: note: FIELD:
// text", and one for its fix.
func Text(findings []Finding) string {
	var text strings.Builder
	for _, f := range findings {
		text.WriteString(env.OneLine(f.String()) + "\n")
		if f.Fix != "" {
			text.WriteString(env.OneLine("  hint: "+f.Fix) + "\n")
		}
	}
	return text.String()
}

// String returns what Text writes of a finding before its fix.
func (f Finding) String() string {
	switch f.Severity {
	case Note:
		return joined(f.where(), "note", f.Field, f.Text)
	case OK:
		return joined(f.where(), f.Field, "ok, "+f.Text)
	}
	return joined(f.where(), f.Field, f.Text)
}

// joined puts ": " between the parts that are not empty.
func joined(parts ...string) string {
	var text strings.Builder
	for _, part := range parts {
		if part == "" {
			continue
		}
		if text.Len() > 0 {
			text.WriteString(": ")
		}
		text.WriteString(part)
	}
	return text.String()
}

// JSON returns the findings for programs, in their order: an indented list with a line end. It is
// never null.
func JSON(findings []Finding) (string, error) {
	if findings == nil {
		findings = []Finding{}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(findings)
	return text.String(), err
}
