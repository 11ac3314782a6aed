package platform

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/systemd"
	"github.com/pullpass/pullpass/provider"
)

// The two flags without which the kubelet runs no plugin. The kubelet's configuration file has no
// fields for them.
const (
	ConfigFlag = "image-credential-provider-config"
	BinDirFlag = "image-credential-provider-bin-dir"
)

// Flags returns the two flags with these paths, for messages.
func Flags(config, binDir string) string {
	return "--" + ConfigFlag + "=" + config + " and --" + BinDirFlag + "=" + binDir
}

// A FlagsFile is an environment file of the kubelet's unit. The unit passes one of its variables to the
// kubelet as arguments.
type FlagsFile struct {
	Path     string `json:"path"`
	Variable string `json:"variable"`
	// Inherited is the value that the unit itself gives the variable. A value in the file hides it.
	Inherited string `json:"inherited,omitempty"`
}

// ownComment is the line above a variable that MergeFlags added to a file.
const ownComment = "# Added by pullpass install."

// MergeFlags returns the content of the flags file that gives the kubelet its two flags with these
// paths. data is the content so far, nil if there is no file. Former paths of the flags are replaced.
// All other bytes stay. If nothing has to change, data itself is returned. The error names the file.
// It says why the file cannot be changed reliably, or what is wrong with a path.
func MergeFlags(f FlagsFile, data []byte, config, binDir string) ([]byte, error) {
	wrap := func(err error) error { return fmt.Errorf("set the kubelet's flags in %s: %w", f.Path, err) }
	for _, p := range []string{config, binDir} {
		if err := checkPath(p); err != nil {
			return nil, wrap(fmt.Errorf("%q: %w", p, err))
		}
	}
	old, found, err := f.last(data)
	if err != nil {
		return nil, wrap(err)
	}
	var merged []byte
	if found {
		edits, err := mergeEdits(old.Value(), config, binDir)
		if err != nil {
			return nil, wrap(f.unclear(err))
		}
		merged = old.Apply(data, edits)
	} else {
		merged = f.add(data, config, binDir)
	}
	if err := f.verify(data, merged, func(args []string) bool {
		c, _ := kubelet.Flag(args, ConfigFlag)
		b, _ := kubelet.Flag(args, BinDirFlag)
		return c == config && b == binDir
	}); err != nil {
		return nil, wrap(err)
	}
	return merged, nil
}

// RemoveFlags undoes MergeFlags. It returns the content of the flags file without the two flags, and
// without the variable if MergeFlags added it. All other bytes stay. The result is empty if there was
// nothing else. If data has no such flags, data itself is returned. The error is like MergeFlags's.
func RemoveFlags(f FlagsFile, data []byte) ([]byte, error) {
	wrap := func(err error) error { return fmt.Errorf("take the kubelet's flags out of %s: %w", f.Path, err) }
	old, found, err := f.last(data)
	if err != nil {
		return nil, wrap(err)
	}
	if !found {
		return data, nil
	}
	edits, err := removeEdits(old.Value())
	if err != nil {
		return nil, wrap(f.unclear(err))
	}
	removed := old.Apply(data, edits)
	if len(edits) > 0 {
		removed = f.drop(removed)
	}
	if err := f.verify(data, removed, func(args []string) bool {
		_, config := kubelet.Flag(args, ConfigFlag)
		_, binDir := kubelet.Flag(args, BinDirFlag)
		return !config && !binDir
	}); err != nil {
		return nil, wrap(err)
	}
	return removed, nil
}

// Renew prepares data, the content of the file, for MergeFlags with another inherited value. If
// MergeFlags added the variable, and its value is the former inherited one with the flags, Renew
// returns data without the variable. Otherwise it returns data itself.
func (f FlagsFile) Renew(data []byte, inherited string) ([]byte, error) {
	if inherited == f.Inherited {
		return data, nil
	}
	removed, err := RemoveFlags(f, data)
	if err != nil {
		return nil, err
	}
	if _, found, err := f.last(removed); err != nil || found {
		return data, err
	}
	return removed, nil
}

// Paths returns the values of the two flags that the kubelet gets if data is the content of the file. A
// missing flag has the value "".
func (f FlagsFile) Paths(data []byte) (config, binDir string) {
	args, _ := f.read(data, false)
	config, _ = kubelet.Flag(args, ConfigFlag)
	binDir, _ = kubelet.Flag(args, BinDirFlag)
	return config, binDir
}

// Redact returns data, a content of the file, for people to see. It shows the lines of the variable, our
// comment and blank lines. Any other line may hold a secret, such as the password of a proxy.
func (f FlagsFile) Redact(data []byte) []byte {
	var out bytes.Buffer
	all := systemd.Assignments(data, false)
	at := 0
	for line := range bytes.Lines(data) {
		shown := len(bytes.TrimSpace(line)) == 0 || bytes.Equal(bytes.TrimSpace(line), []byte(ownComment))
		for _, a := range all {
			if a.From <= at && at <= a.To {
				shown = a.Name == f.Variable
			}
		}
		if shown {
			out.Write(line)
		} else {
			out.WriteString("REDACTED\n")
		}
		at += len(line)
	}
	return out.Bytes()
}

// checkPath refuses a path that would need quotes, and one that depends on the kubelet's working
// directory.
func checkPath(p string) error {
	switch {
	case !path.IsAbs(p):
		return errors.New("it is not an absolute path")
	case !utf8.ValidString(p):
		return errors.New("it is not UTF-8")
	case strings.ContainsFunc(p, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"'\\$`", r)
	}):
		return errors.New("it has white space, a quote, a backslash or a dollar sign in it")
	}
	return nil
}

// last returns the last assignment of the variable: it sets the value.
func (f FlagsFile) last(data []byte) (a systemd.Assignment, found bool, err error) {
	if !utf8.Valid(data) || !utf8.ValidString(f.Inherited) || bytes.IndexByte(data, 0) >= 0 {
		return a, false, errors.New("it is not a text in UTF-8")
	}
	for _, b := range systemd.Assignments(data, false) {
		if b.Name == f.Variable {
			a, found = b, true
		}
	}
	value := a.Value()
	if !found {
		value = f.Inherited
	}
	// systemd ignores such an assignment, env_value_is_valid in its src/basic/env-util.c
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }) {
		return a, false, fmt.Errorf("%s has a control character in its value", f.Variable)
	}
	return a, found, nil
}

func (f FlagsFile) unclear(err error) error {
	return provider.WithHint(fmt.Errorf("%s: %w", f.Variable, err), fmt.Sprintf(`write it as %s="…", on one line`, f.Variable))
}

// A setting is one of the two flags in the value of a variable. from and to are its place there.
type setting struct {
	name, value string
	from, to    int
}

// settings returns all occurrences of the two flags in a value.
func settings(value string) ([]setting, error) {
	all, ok := systemd.Words(value)
	if !ok {
		return nil, errors.New("a quote in its value is not closed, or a backslash ends it")
	}
	var found []setting
	for i := 0; i < len(all); i++ {
		name, text, joined := kubelet.CutFlag(all[i].Text)
		if name != ConfigFlag && name != BinDirFlag {
			continue
		}
		s := setting{name, text, all[i].From, all[i].To}
		if !joined {
			i++
			if i == len(all) {
				return nil, fmt.Errorf("--%s has no value", name)
			}
			s.value, s.to = all[i].Text, all[i].To
		}
		found = append(found, s)
	}
	return found, nil
}

// mergeEdits returns the edits that give the flags in a value these paths.
func mergeEdits(value, config, binDir string) ([]systemd.Edit, error) {
	found, err := settings(value)
	if err != nil {
		return nil, err
	}
	wanted := [2][2]string{{ConfigFlag, config}, {BinDirFlag, binDir}}
	var edits []systemd.Edit
	for _, s := range found {
		for _, w := range wanted {
			if s.name == w[0] && s.value != w[1] {
				edits = append(edits, systemd.Edit{From: s.from, To: s.to, Text: "--" + w[0] + "=" + w[1]})
			}
		}
	}
	empty := value == ""
	for _, w := range wanted {
		if slices.ContainsFunc(found, func(s setting) bool { return s.name == w[0] }) {
			continue
		}
		text := "--" + w[0] + "=" + w[1]
		if !empty {
			text = " " + text
		}
		edits = append(edits, systemd.Edit{From: len(value), To: len(value), Text: text})
		empty = false
	}
	return edits, nil
}

// removeEdits returns the edits that remove the flags from a value. Each flag goes with the space that
// mergeEdits put before it. At the beginning of the value, it goes with the space after it.
func removeEdits(value string) ([]systemd.Edit, error) {
	found, err := settings(value)
	if err != nil {
		return nil, err
	}
	var edits []systemd.Edit
	removed := 0 // everything before this offset goes
	for _, s := range found {
		e := systemd.Edit{From: s.from, To: s.to}
		switch {
		case e.From > removed:
			e.From--
		case e.To < len(value):
			e.To++
			removed = e.To
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// add returns data with the variable added at its end. If data does not end in a line break, the result
// does not either: drop can then restore it.
func (f FlagsFile) add(data []byte, config, binDir string) []byte {
	value := "--" + ConfigFlag + "=" + config + " --" + BinDirFlag + "=" + binDir
	if f.Inherited != "" {
		value = f.Inherited + " " + value
	}
	quoted := strings.NewReplacer(`"`, `\"`, `\`, `\\`, "`", "\\`", "$", `\$`).Replace(value)
	lines := ownComment + "\n" + f.Variable + `="` + quoted + `"`
	if len(data) == 0 || bytes.HasSuffix(data, []byte("\n")) {
		return append(bytes.Clone(data), lines+"\n"...)
	}
	return append(bytes.Clone(data), "\n"+lines...)
}

// drop returns data without the variable if add added it and its value is the inherited one again.
func (f FlagsFile) drop(data []byte) []byte {
	a, found, err := f.last(data)
	if err != nil || !found || a.Value() != f.Inherited {
		return data
	}
	before, own := bytes.CutSuffix(data[:a.From], []byte(ownComment+"\n"))
	if !own || len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		return data
	}
	after, ended := bytes.CutPrefix(data[a.To:], []byte("\n"))
	if !ended {
		before = bytes.TrimSuffix(before, []byte("\n"))
	}
	return append(bytes.Clone(before), after...)
}

// verify reads both contents again as old and new versions of systemd do. It returns an error unless
// right reports true for the arguments in the new value, and nothing but the two flags has changed.
func (f FlagsFile) verify(before, after []byte, right func(args []string) bool) error {
	for _, oldComments := range []bool{false, true} {
		args, others := f.read(before, oldComments)
		newArgs, newOthers := f.read(after, oldComments)
		if !right(newArgs) || !slices.Equal(foreign(args), foreign(newArgs)) || !slices.Equal(others, newOthers) {
			return f.unclear(errors.New("it is written in a way that cannot be changed for certain"))
		}
	}
	return nil
}

// read returns the arguments in the variable's value, and all other assignments.
func (f FlagsFile) read(data []byte, oldComments bool) (args, others []string) {
	args = systemd.Split(f.Inherited)
	counts := -1
	for _, a := range systemd.Assignments(data, oldComments) {
		if a.Name == f.Variable {
			counts = len(others)
			args = systemd.Split(a.Value())
		}
		others = append(others, a.Name+"="+a.Value())
	}
	if counts >= 0 {
		others = slices.Delete(others, counts, counts+1)
	}
	return args, others
}

// foreign returns the arguments without the two flags.
func foreign(args []string) []string {
	var rest []string
	for i := 0; i < len(args); i++ {
		name, _, joined := kubelet.CutFlag(args[i])
		switch {
		case name != ConfigFlag && name != BinDirFlag:
			rest = append(rest, args[i])
		case !joined:
			i++
		}
	}
	return rest
}
