package main

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/synonym"
	"github.com/pullpass/pullpass/provider"
)

// TestSynonyms: each suggestion is a command that exists, with flags that it has, and no synonym is a command.
func TestSynonyms(t *testing.T) {
	e := &env.Env{Getenv: func(string) string { return "" }, Log: &env.Log{}}
	root := newRoot(&broker.Broker{Env: e}, &cli.Stdio{})
	for word, suggestions := range synonym.All() {
		if found, _, err := root.Find([]string{word}); err == nil && found != root {
			t.Errorf("%s is a command", word)
		}
		for _, suggestion := range suggestions {
			command, rest, err := root.Find(strings.Fields(suggestion))
			if err != nil || command == root {
				t.Errorf("%s: no command is %s: %v", word, suggestion, err)
				continue
			}
			for _, argument := range rest {
				if flag, isFlag := strings.CutPrefix(argument, "--"); isFlag && command.Flags().Lookup(flag) == nil {
					t.Errorf("%s: %s has no flag %s", word, command.CommandPath(), argument)
				}
			}
		}
	}
}

func TestNoCommand(t *testing.T) {
	e := &env.Env{Getenv: func(string) string { return "" }, Log: &env.Log{}}
	root := newRoot(&broker.Broker{Env: e}, &cli.Stdio{})
	for word, want := range map[string]string{
		"status": "did you mean: install --status, cache list, get?",
		"Clear":  "did you mean: cache clear?",
		"versio": "",
		"xyzzy":  "",
	} {
		err := synonym.NoCommand(root, []string{word})
		if err == nil || provider.Hint(err) != want {
			t.Errorf("%s: %v with the hint %q, want %q", word, err, provider.Hint(err), want)
		}
	}
	if err := synonym.NoCommand(root, nil); err != nil {
		t.Error(err)
	}
}
