package subprocess

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

// Find returns the path of a program, from the directories of path, the value of PATH. It passes over the
// relative ones: who can write to the working directory must not become root by it. The error is
// exec.ErrNotFound if there is no such program.
func Find(program, path string) (string, error) {
	for _, directory := range filepath.SplitList(path) {
		if !filepath.IsAbs(directory) {
			continue
		}
		if found, err := exec.LookPath(filepath.Join(directory, program)); err == nil {
			return found, nil
		}
	}
	return "", exec.ErrNotFound
}

// CheckLine returns why a command line of sh must not be run with path as its PATH. Who has written the line is
// trusted with all that it does. CheckLine looks at what the line names: a program, which sh would look up in
// PATH, is trusted as safefile.CheckProgram does, and so is each word that is the name of a program or a file's path
// from / on, such as the script of an interpreter. What sh computes, by variables or from the output of other
// commands, is out of its sight.
func CheckLine(line, path string) error {
	for _, word := range words(line) {
		switch {
		case strings.HasPrefix(word.text, "/") && word.program:
			// If there is none, sh says so.
			if err := safefile.CheckProgram(word.text); err != nil && !safefile.IsMissing(err) {
				return err
			}
		case strings.HasPrefix(word.text, "/"):
			if err := safefile.CheckPlace(word.text); err != nil {
				return err
			}
		case !word.program: // env and nice take the name of a program as well
			if found, err := Find(word.text, path); err == nil {
				if err := safefile.CheckProgram(found); err != nil {
					return err
				}
			}
		case strings.Contains(word.text, "/"):
			return provider.WithHint(
				fmt.Errorf("the path of the program %s does not start with /", word.text), "write the whole path")
		default:
			if err := checkLookup(word.text, path); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkLookup checks what sh finds for the name of a program. It finds nothing for its own commands. In a directory
// where sh looks before it finds the program, nobody else may be able to make one meanwhile.
func checkLookup(program, path string) error {
	directories := filepath.SplitList(path)
	if path == "" {
		directories = []string{""} // the working directory, as for sh
	}
	for _, directory := range directories {
		if !filepath.IsAbs(directory) {
			return provider.WithHint(
				errors.New("PATH has a directory that is not absolute: "+program+" could be a file of the working directory"),
				"write the whole path of "+program)
		}
		if found, err := exec.LookPath(filepath.Join(directory, program)); err == nil {
			return safefile.CheckProgram(found)
		}
		if err := safefile.CheckClosed(directory); err != nil {
			return fmt.Errorf("look for %s in PATH: %w", program, err)
		}
	}
	return nil
}

// A word is one of a command line, without quotes.
type word struct {
	text    string
	program bool // it is where sh expects a program
}

// words returns those words of a command line of sh that it does not compute.
func words(line string) []word {
	var list []word
	var text strings.Builder
	begun, computed, program := false, false, true
	end := func() {
		switch {
		case !begun:
		case program && isAssignment(text.String()):
		default:
			if !computed {
				list = append(list, word{text.String(), program})
			}
			program = false
		}
		text.Reset()
		begun, computed = false, false
	}
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(line):
			i++
			text.WriteByte(line[i])
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case c == '$' && quote != '\'', c == '`' && quote == '"', quote == 0 && strings.IndexByte("*?[~", c) >= 0:
			begun, computed = true, true
		case quote != 0:
			text.WriteByte(c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case strings.IndexByte(" \t<>", c) >= 0:
			end()
		case strings.IndexByte(";&|()`\n", c) >= 0:
			end()
			program = true
		default:
			text.WriteByte(c)
			begun = true
		}
	}
	end()
	return list
}

// isAssignment reports whether a word gives a value to a variable: NAME=value.
func isAssignment(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	name, _, found := strings.Cut(text, "=")
	return found && name != "" && strings.Trim(name, letters) == ""
}
