package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A unit is what a systemd service's files say about the command that it runs.
type unit struct {
	name string
	// command is the command line, before variables are put in.
	command string
	// environment are the variables that the unit itself sets.
	environment map[string]string
	// files are the paths and patterns of EnvironmentFile=, in order.
	files []string
}

// unitFolders are where systemd looks for units, the first one that has a file of a name counts
// (systemd.unit(5)).
func unitFolders() []string {
	return []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
}

// unitPaths are where a unit of this name can be.
func unitPaths(name string) []string {
	var paths []string
	for _, folder := range unitFolders() {
		paths = append(paths, path.Join(folder, name))
	}
	return paths
}

// hasUnit reports whether a unit of this name is there.
func (n node) hasUnit(name string) bool { return slices.ContainsFunc(unitPaths(name), n.exists) }

// readUnit reads the files of a service: its own, and its drop-ins. The error is fs.ErrNotExist if
// it has none of its own.
func (n node) readUnit(name string) (unit, error) {
	u := unit{name: name, environment: map[string]string{}}
	own := ""
	dropIns := map[string]string{} // path by file name
	for _, folder := range slices.Backward(unitFolders()) {
		if file := path.Join(folder, name); n.exists(file) {
			own = file
		}
		entries, err := os.ReadDir(n.path(path.Join(folder, name+".d")))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unit{}, fmt.Errorf("read unit %s: %w", name, err)
		}
		for _, entry := range entries {
			if path.Ext(entry.Name()) == ".conf" {
				dropIns[entry.Name()] = path.Join(folder, name+".d", entry.Name())
			}
		}
	}
	if own == "" || name == "" {
		return unit{}, fmt.Errorf("read unit %s: %w", name, fs.ErrNotExist)
	}
	files := []string{own}
	for _, file := range slices.Sorted(maps.Keys(dropIns)) {
		files = append(files, dropIns[file])
	}
	for _, file := range files {
		data, err := n.read(file)
		if err != nil {
			return unit{}, fmt.Errorf("read unit %s: %w", name, err)
		}
		u.add(string(data))
	}
	return u, nil
}

// add takes over the settings of one file. An empty setting drops what there was before.
func (u *unit) add(text string) {
	section := ""
	for _, line := range joined(text) {
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section != "[Service]" {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "ExecStart":
			u.command = value
		case "EnvironmentFile":
			if value == "" {
				u.files = nil
			} else {
				u.files = append(u.files, u.specified(strings.TrimPrefix(value, "-")))
			}
		case "Environment":
			if value == "" {
				clear(u.environment)
			}
			for _, setting := range arguments(value) {
				if name, text, ok := strings.Cut(setting, "="); ok {
					u.environment[name] = u.specified(text)
				}
			}
		}
	}
}

// joined returns the lines of a unit file without comments and white space around them; those
// that end in a backslash are one with the next.
func joined(text string) []string {
	var lines []string
	var open string
	for line := range strings.Lines(text) {
		line = strings.Trim(line, newline)
		start := strings.TrimLeft(line, blank)
		if strings.HasPrefix(start, "#") || strings.HasPrefix(start, ";") {
			continue
		}
		part := strings.TrimRight(line, `\`)
		if backslashes := len(line) - len(part); backslashes%2 == 1 {
			open += line[:len(line)-1] + " "
			continue
		}
		lines = append(lines, strings.TrimSpace(open+line))
		open = ""
	}
	return append(lines, strings.TrimSpace(open))
}

// specified replaces the specifiers of systemd.unit(5) that are the name of the unit. Others are
// rare where they would matter here, and stay.
func (u *unit) specified(text string) string {
	name := strings.TrimSuffix(u.name, ".service")
	return strings.NewReplacer("%n", u.name, "%N", name, "%p", name, "%%", "%").Replace(text)
}

// variables are the values that the command's variables have: those of the unit, then those of its
// environment files, as systemd reads them when it starts the unit. setBy has the file that a value
// is from.
func (n node) variables(u unit) (values, setBy map[string]string, err error) {
	values, setBy = maps.Clone(u.environment), map[string]string{}
	for _, pattern := range u.files {
		files, err := n.glob(pattern)
		if err != nil {
			return nil, nil, fmt.Errorf("unit %s: EnvironmentFile=%s: %w", u.name, pattern, err)
		}
		for _, file := range files {
			data, err := n.read(file)
			if err != nil {
				return nil, nil, fmt.Errorf("unit %s: EnvironmentFile=%s: %w", u.name, pattern, err)
			}
			for _, a := range assignments(data, false) {
				values[a.name], setBy[a.name] = a.text(), file
			}
		}
	}
	return values, setBy, nil
}

// arguments are those of the command, with the variables put in: one that is a whole argument is
// split into many.
func (u unit) arguments(variables map[string]string) []string {
	words, expand := u.split()
	var args []string
	for _, word := range words {
		name, variable := strings.CutPrefix(word, "$")
		switch {
		case !expand:
			args = append(args, word)
		case variable && !strings.HasPrefix(name, "{") && !strings.HasPrefix(name, "$"):
			args = append(args, arguments(variables[name])...)
		default:
			args = append(args, braces(word, variables))
		}
	}
	return args
}

// passes reports whether the command has the variable as a whole argument.
func (u unit) passes(variable string) bool {
	words, expand := u.split()
	return expand && slices.Contains(words, "$"+variable)
}

// split returns the words of the command, and whether variables are put into them (systemd.service(5),
// the special prefixes of executables).
func (u unit) split() (words []string, expand bool) {
	command := strings.TrimLeft(u.command, "@-:+!|")
	expand = !strings.Contains(u.command[:len(u.command)-len(command)], ":")
	words = arguments(command)
	for i, word := range words {
		words[i] = u.specified(word)
	}
	return words, expand
}

// braces replaces ${NAME} in a word, and $$ by a dollar sign.
func braces(word string, variables map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(word, "$")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, closed := strings.Cut(strings.TrimPrefix(rest, "{"), "}")
		switch {
		case strings.HasPrefix(rest, "$"):
			out.WriteString("$")
			word = rest[1:]
		case strings.HasPrefix(rest, "{") && closed:
			out.WriteString(variables[name])
			word = after
		default:
			out.WriteString("$")
			word = rest
		}
	}
}

// A node is the files of a machine, below a root.
type node struct{ root string }

// path is that of a file of the machine for this process.
func (n node) path(name string) string { return filepath.Join(n.root, filepath.FromSlash(name)) }

func (n node) exists(name string) bool {
	_, err := os.Stat(n.path(name))
	return err == nil
}

func (n node) read(name string) ([]byte, error) { return os.ReadFile(n.path(name)) }

// glob returns the files of a pattern, or of a path, that are there, in order.
func (n node) glob(pattern string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(globEscaped(n.root), filepath.FromSlash(pattern)))
	if err != nil {
		return nil, err
	}
	for i, name := range found {
		below, err := filepath.Rel(n.root, name)
		if err != nil {
			return nil, err
		}
		found[i] = "/" + filepath.ToSlash(below)
	}
	return found, nil
}

// globEscaped is a path as a pattern for itself.
func globEscaped(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}
