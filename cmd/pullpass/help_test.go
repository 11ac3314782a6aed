package main

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// newTree returns pullpass and the commands below it, as root sees them on a machine without variables.
func newTree() *cobra.Command { return newTreeOn(&cli.Stdio{}) }

func newTreeOn(stdio *cli.Stdio) *cobra.Command {
	// The machine's own cache must not matter.
	getenv := func(name string) string {
		if name == broker.CacheDirVariable {
			return "/nonexistent/cache"
		}
		return ""
	}
	e := &env.Env{Home: "/root", Root: true, Getenv: getenv, Log: &env.Log{Out: io.Discard}}
	root := newRoot(&broker.Broker{Env: e, Backends: backends.All()}, stdio)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return root
}

// eachCommand calls visit with a command and all below it, the hidden ones as well.
func eachCommand(c *cobra.Command, visit func(*cobra.Command)) {
	c.InitDefaultHelpFlag()
	visit(c)
	for _, below := range c.Commands() {
		eachCommand(below, visit)
	}
}

// TestHelpWidth: no line of any help is wider than a terminal of 80 columns, examples included.
func TestHelpWidth(t *testing.T) {
	commands := 0
	eachCommand(newTree(), func(c *cobra.Command) {
		commands++
		for line := range strings.Lines(cli.Help(c)) {
			if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > 80 || strings.TrimRight(line, " ") != line || strings.Contains(line, "\t") {
				t.Errorf("%s --help: %d columns, a tab, or blanks at the end:\n%s", c.CommandPath(), utf8.RuneCountInString(line), line)
			}
		}
	})
	if commands < 20 {
		t.Errorf("%d commands", commands)
	}
}
