package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
)

// A Unit is what the files of a service say about the command that it runs.
type Unit struct {
	Name             string            // such as "kubelet.service"
	Command          string            // the command line of ExecStart=, with its variables
	Environment      map[string]string // the variables of Environment=
	EnvironmentFiles []string          // the paths and patterns of EnvironmentFile=, in order
}

// unitDirectories are where systemd looks for units. If several have a file of the same name, the
// first one counts (systemd.unit(5)).
func unitDirectories() []string {
	return []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
}

// UnitPaths returns where the file of a unit can be.
func UnitPaths(name string) []string {
	var paths []string
	for _, directory := range unitDirectories() {
		paths = append(paths, path.Join(directory, name))
	}
	return paths
}

// HasUnit reports whether there is a unit of this name.
func HasUnit(root rootfs.Root, name string) bool {
	return slices.ContainsFunc(UnitPaths(name), root.Exists)
}

// Enabled reports whether a service is started at boot. The link to its unit has an absolute target:
// it may lead nowhere if root is not "/".
func Enabled(root rootfs.Root, name string) bool {
	_, err := os.Lstat(root.Path(path.Join("/etc/systemd/system/multi-user.target.wants", name)))
	return err == nil
}

// ReadUnit reads the unit file of a service and its drop-ins. The error is fs.ErrNotExist if there is
// no unit file.
func ReadUnit(root rootfs.Root, name string) (Unit, error) {
	u := Unit{Name: name, Environment: map[string]string{}}
	own := ""
	dropIns := map[string]string{} // path by file name
	for _, directory := range slices.Backward(unitDirectories()) {
		if file := path.Join(directory, name); root.Exists(file) {
			own = file
		}
		entries, err := root.ReadDir(path.Join(directory, name+".d"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Unit{}, fmt.Errorf("read unit %s: %w", name, err)
		}
		for _, entry := range entries {
			if path.Ext(entry.Name()) == ".conf" {
				dropIns[entry.Name()] = path.Join(directory, name+".d", entry.Name())
			}
		}
	}
	if own == "" || name == "" {
		return Unit{}, fmt.Errorf("read unit %s: %w", name, fs.ErrNotExist)
	}
	files := []string{own}
	for _, file := range slices.Sorted(maps.Keys(dropIns)) {
		files = append(files, dropIns[file])
	}
	for _, file := range files {
		data, err := root.ReadFile(file)
		if err != nil {
			return Unit{}, fmt.Errorf("read unit %s: %w", name, err)
		}
		u.add(string(data))
	}
	return u, nil
}

// add adds the settings in one file. An empty setting drops the values before it.
func (u *Unit) add(text string) {
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
			u.Command = value
		case "EnvironmentFile":
			if value == "" {
				u.EnvironmentFiles = nil
			} else {
				u.EnvironmentFiles = append(u.EnvironmentFiles, u.specified(strings.TrimPrefix(value, "-")))
			}
		case "Environment":
			if value == "" {
				clear(u.Environment)
			}
			for _, setting := range Split(value) {
				if name, text, ok := strings.Cut(setting, "="); ok {
					u.Environment[name] = u.specified(text)
				}
			}
		}
	}
}

// joined returns the lines of a unit file without comments and without white space around them. A
// line that ends in a backslash is joined with the next one.
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

// specified replaces the specifiers of systemd.unit(5) that stand for the name of the unit. Others
// are rare in paths of environment files and in arguments. They stay.
func (u *Unit) specified(text string) string {
	name := strings.TrimSuffix(u.Name, ".service")
	return strings.NewReplacer("%n", u.Name, "%N", name, "%p", name, "%%", "%").Replace(text)
}

// Variables returns the values of the variables when systemd starts the unit: those of the unit, then
// those of its environment files. setBy has the path of the file that set a variable last.
func (u Unit) Variables(root rootfs.Root) (values, setBy map[string]string, err error) {
	values, setBy = maps.Clone(u.Environment), map[string]string{}
	for _, pattern := range u.EnvironmentFiles {
		files, err := root.Glob(pattern)
		if err != nil {
			return nil, nil, fmt.Errorf("unit %s: EnvironmentFile=%s: %w", u.Name, pattern, err)
		}
		for _, file := range files {
			data, err := root.ReadFile(file)
			if err != nil {
				return nil, nil, fmt.Errorf("unit %s: EnvironmentFile=%s: %w", u.Name, pattern, err)
			}
			for _, a := range Assignments(data, false) {
				values[a.Name], setBy[a.Name] = a.Value(), file
			}
		}
	}
	return values, setBy, nil
}

// Arguments returns the command and its arguments, with the values of the variables. A variable that
// is a whole argument becomes as many arguments as its value has words.
func (u Unit) Arguments(variables map[string]string) []string {
	words, expand := u.split()
	var args []string
	for _, word := range words {
		name, variable := strings.CutPrefix(word, "$")
		switch {
		case !expand:
			args = append(args, word)
		case variable && !strings.HasPrefix(name, "{") && !strings.HasPrefix(name, "$"):
			args = append(args, Split(variables[name])...)
		default:
			args = append(args, braces(word, variables))
		}
	}
	return args
}

// Passes reports whether the variable is a whole argument of the command.
func (u Unit) Passes(variable string) bool {
	words, expand := u.split()
	return expand && slices.Contains(words, "$"+variable)
}

// split returns the words of the command, and whether systemd expands variables in them
// (systemd.service(5), the special prefixes of executables).
func (u Unit) split() (words []string, expand bool) {
	command := strings.TrimLeft(u.Command, "@-:+!|")
	expand = !strings.Contains(u.Command[:len(u.Command)-len(command)], ":")
	words = Split(command)
	for i, word := range words {
		words[i] = u.specified(word)
	}
	return words, expand
}

// braces replaces ${NAME} in a word by the variable's value, and $$ by a dollar sign.
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
