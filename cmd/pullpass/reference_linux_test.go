package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

const (
	reference      = "README.md"
	referenceBegin = "<!-- The commands, written by make docs. -->\n"
	referenceEnd   = "<!-- The end of the commands. -->\n"
)

var update = flag.Bool("update", false, "write the commands into "+reference)

// TestReference: the commands in the README of this directory are those of the binary.
func TestReference(t *testing.T) {
	data, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begun := strings.Cut(string(data), referenceBegin)
	_, tail, ended := strings.Cut(rest, referenceEnd)
	if !begun || !ended {
		t.Fatalf("%s has no place for the commands, between %sand %s", reference, referenceBegin, referenceEnd)
	}
	want := head + referenceBegin + commandReference() + referenceEnd + tail
	switch {
	case want == string(data):
	case *update:
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what the commands' --help prints: make docs", reference)
	}
}

// commandReference returns the help of all commands that users run. The global flags stand only with pullpass
// itself, and the scripts of the shells are left out.
func commandReference() string {
	var out strings.Builder
	eachCommand(newTree(), func(c *cobra.Command) {
		if c.HasParent() && (!c.IsAvailableCommand() || c.Name() == "help" || c.Parent().Name() == "completion") {
			return
		}
		text, rest, _ := strings.Cut(cli.Help(c), "\nGlobal Flags:\n")
		if _, after, found := strings.Cut(rest, "\n\n"); found {
			text += "\n" + after
		}
		out.WriteString("\n### " + c.CommandPath() + "\n\n```text\n" + text + "```\n")
	})
	return out.String() + "\n"
}
