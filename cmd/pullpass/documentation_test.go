package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// TestDocumentation: each command line of pullpass in a text or script of the repository names a command
// that exists, with flags that it has and values that they take.
func TestDocumentation(t *testing.T) {
	lines := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == ".cache" || entry.Name() == "bin" || entry.Name() == "testdata"):
			return fs.SkipDir
		case filepath.Ext(path) != ".md" && filepath.Ext(path) != ".sh":
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, line := range commandLines(string(content), filepath.Ext(path) == ".sh") {
			lines++
			if err := parses(line); err != nil {
				t.Errorf("%s: pullpass %s: %v", path, strings.Join(line, " "), err)
			}
		}
		return nil
	})
	if err != nil || lines < 40 {
		t.Fatalf("%d command lines: %v", lines, err)
	}
}

// TestDocumentationFinds: what is wrong in a text is found.
func TestDocumentationFinds(t *testing.T) {
	for text, wrong := range map[string]bool{
		"`pullpass install --dry-run`":                                   false,
		"`pullpass cache lost`":                                          true,
		"`pullpass installs`":                                            true,
		"`sudo bin/pullpass install --dry`":                              true,
		"```\nkubectl get secret |\n  pullpass secret chek - | x\n```":   false, // the name of a Secret
		"```\npullpass secret a \\\n  --registri b | kubectl apply\n```": true,
		"```\npullpass cache list -o jso > file\n```":                    false, // the command itself says so
		"```\n$ pullpass warm --no # comment\n```":                       true,
		"```\npullpass --config 'a b' < file\n```":                       false,
	} {
		lines := commandLines(text, false)
		if len(lines) != 1 {
			t.Fatalf("%s: %q", text, lines)
		}
		if err := parses(lines[0]); (err != nil) != wrong {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// commandLines returns the arguments of each call of pullpass in a script, or in the code of a text.
func commandLines(text string, script bool) [][]string {
	code := []string{text}
	if !script {
		code = nil
		for i, part := range strings.Split(text, "```") {
			if strings.HasPrefix(part, "mermaid") || strings.HasPrefix(part, "text") {
				continue
			}
			if i%2 == 1 {
				code = append(code, part)
				continue
			}
			for _, span := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(part, -1) {
				code = append(code, strings.Join(strings.Fields(span[1]), " "))
			}
		}
	}
	call := regexp.MustCompile(`(?m)(?:^|[|$(]|sudo) *(?:sudo )?(?:bin/|/usr/local/lib/pullpass/)?pullpass((?: +(?:"[^"\n]*"|'[^'\n]*'|[^ \n|<>#&;()]+))*)`)
	word := regexp.MustCompile(`(?:"[^"]*"|'[^']*'|[^ ])+`)
	var lines [][]string
	for _, part := range code {
		for _, match := range call.FindAllStringSubmatch(strings.ReplaceAll(part, "\\\n", " "), -1) {
			var args []string
			for _, argument := range word.FindAllString(match[1], -1) {
				args = append(args, strings.Trim(argument, `"'`))
			}
			if len(args) > 0 && !strings.HasPrefix(args[0], ":") && args[0] != "…" {
				lines = append(lines, args)
			}
		}
	}
	return lines
}

// parses reports what is wrong with the arguments of a command line.
func parses(args []string) error {
	e := &env.Env{Getenv: func(string) string { return "" }, Log: &env.Log{}}
	root := newRoot(&broker.Broker{Env: e, Backends: backends.All()}, &cli.Stdio{})
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	command, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	command.InitDefaultHelpFlag()
	// A text may name a flag without its value.
	if err := command.ParseFlags(rest); err != nil && !strings.HasPrefix(err.Error(), "flag needs an argument") {
		return err
	}
	switch operands := command.Flags().Args(); {
	case len(operands) == 0:
		return nil // a text may leave them out
	case command == root:
		return fmt.Errorf("there is no command %s", operands[0])
	default:
		return command.ValidateArgs(operands)
	}
}
