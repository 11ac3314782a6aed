package cli

import "strings"

// A List is the value of a flag that may be given more than once, and that takes several values with commas
// between them. Empty values stay: an unset variable of a script must not look like a flag that is not there.
type List []string

// Set adds the values in text.
func (l *List) Set(text string) error {
	*l = append(*l, strings.Split(text, ",")...)
	return nil
}

// String returns what Set takes.
func (l *List) String() string { return strings.Join(*l, ",") }

// Type is what help calls a value without a name of its own.
func (l *List) Type() string { return "list" }
