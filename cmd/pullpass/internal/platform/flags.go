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
	"github.com/pullpass/pullpass/provider"
)

// The two flags without which the kubelet runs no plugin. Its configuration file has no settings
// for them.
const (
	ConfigFlag = "image-credential-provider-config"
	BinDirFlag = "image-credential-provider-bin-dir"
)

// Flags are the two, with these paths, for people.
func Flags(config, binDir string) string {
	return "--" + ConfigFlag + "=" + config + " and --" + BinDirFlag + "=" + binDir
}

// FlagsFile is a file that gives a variable its value, which a systemd unit passes to the kubelet.
type FlagsFile struct {
	Path     string `json:"path"`
	Variable string `json:"variable"`
	// Inherited is the value that the unit itself gives the variable. One in the file hides it.
	Inherited string `json:"inherited,omitempty"`
}

// ownComment is above a variable that MergeFlags has added to a file.
const ownComment = "# Added by pullpass install."

// MergeFlags returns the content of the flags file with which the kubelet has its two flags, with
// these paths, from data, the content so far, nil if there is no file. Paths that the flags had
// are replaced; all other bytes stay. data itself is returned if nothing has to change. The error
// names the file, and says why it cannot be changed for certain, or what is wrong with a path.
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
		edits, err := mergeEdits(old.text(), config, binDir)
		if err != nil {
			return nil, wrap(f.unclear(err))
		}
		merged = old.apply(data, edits)
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

// RemoveFlags undoes MergeFlags: it returns the content of the flags file without the two flags,
// and without the variable if MergeFlags added it. All other bytes stay; none are left if there
// was nothing else. data itself is returned if it has no such flags. The error is as MergeFlags's.
func RemoveFlags(f FlagsFile, data []byte) ([]byte, error) {
	wrap := func(err error) error { return fmt.Errorf("take the kubelet's flags out of %s: %w", f.Path, err) }
	old, found, err := f.last(data)
	if err != nil {
		return nil, wrap(err)
	}
	if !found {
		return data, nil
	}
	edits, err := removeEdits(old.text())
	if err != nil {
		return nil, wrap(f.unclear(err))
	}
	removed := old.apply(data, edits)
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

// Renew is for a content of the file when the unit gives the variable another value than Inherited:
// it returns it without the variable, for MergeFlags, if that has added it and all else in its value
// is what was inherited; else data itself.
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

// Paths returns the values of the two flags that the kubelet gets with a content of the file, "" for
// one that is not there.
func (f FlagsFile) Paths(data []byte) (config, binDir string) {
	args, _ := f.read(data, false)
	config, _ = kubelet.Flag(args, ConfigFlag)
	binDir, _ = kubelet.Flag(args, BinDirFlag)
	return config, binDir
}

// Redact returns a content of the file for people to see: the lines of the variable, ours and blank
// ones. All others may hold a secret, such as the password of a proxy.
func (f FlagsFile) Redact(data []byte) []byte {
	var out bytes.Buffer
	all := assignments(data, false)
	at := 0
	for line := range bytes.Lines(data) {
		shown := len(bytes.TrimSpace(line)) == 0 || bytes.Equal(bytes.TrimSpace(line), []byte(ownComment))
		for _, a := range all {
			if a.line <= at && at <= a.newline {
				shown = a.name == f.Variable
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

// checkPath refuses paths that would need quoting, and those that the kubelet would look for in
// its working directory.
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

// last returns the assignment of the variable that counts.
func (f FlagsFile) last(data []byte) (a assignment, found bool, err error) {
	if !utf8.Valid(data) || !utf8.ValidString(f.Inherited) || bytes.IndexByte(data, 0) >= 0 {
		return a, false, errors.New("it is not a text in UTF-8")
	}
	for _, b := range assignments(data, false) {
		if b.name == f.Variable {
			a, found = b, true
		}
	}
	value := a.text()
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

// An edit replaces part of a value. One at its end adds to it.
type edit struct {
	from, to int
	text     string
}

// apply returns data with the edits, which are in order, of the assignment's value.
func (a assignment) apply(data []byte, edits []edit) []byte {
	if len(edits) == 0 {
		return data
	}
	var out []byte
	done := 0
	for _, e := range edits {
		from, to := a.end, a.end
		if e.from < e.to {
			from, to = a.value[e.from].from, a.value[e.to-1].to
		}
		out = append(append(out, data[done:from]...), e.text...)
		done = to
	}
	return append(out, data[done:]...)
}

// A setting is one of the two flags with its value, and where they stand in a value.
type setting struct {
	name, value string
	from, to    int
}

// settings returns the two flags in a value, however often they are there.
func settings(value string) ([]setting, error) {
	all, ok := words(value)
	if !ok {
		return nil, errors.New("a quote in its value is not closed, or a backslash ends it")
	}
	var found []setting
	for i := 0; i < len(all); i++ {
		name, text, joined := kubelet.CutFlag(all[i].text)
		if name != ConfigFlag && name != BinDirFlag {
			continue
		}
		s := setting{name, text, all[i].from, all[i].to}
		if !joined {
			i++
			if i == len(all) {
				return nil, fmt.Errorf("--%s has no value", name)
			}
			s.value, s.to = all[i].text, all[i].to
		}
		found = append(found, s)
	}
	return found, nil
}

// mergeEdits are those that give the flags in a value these paths.
func mergeEdits(value, config, binDir string) ([]edit, error) {
	found, err := settings(value)
	if err != nil {
		return nil, err
	}
	wanted := [2][2]string{{ConfigFlag, config}, {BinDirFlag, binDir}}
	var edits []edit
	for _, s := range found {
		for _, w := range wanted {
			if s.name == w[0] && s.value != w[1] {
				edits = append(edits, edit{s.from, s.to, "--" + w[0] + "=" + w[1]})
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
		edits = append(edits, edit{len(value), len(value), text})
		empty = false
	}
	return edits, nil
}

// removeEdits are those that take the flags out of a value, each with the one space before it that
// mergeEdits put there, or the one after it at the beginning.
func removeEdits(value string) ([]edit, error) {
	found, err := settings(value)
	if err != nil {
		return nil, err
	}
	var edits []edit
	removed := 0 // up to where all of the beginning is
	for _, s := range found {
		e := edit{from: s.from, to: s.to}
		switch {
		case e.from > removed:
			e.from--
		case e.to < len(value):
			e.to++
			removed = e.to
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// add returns data with the variable at its end. A file without a line break at its end has none
// afterwards, so that drop can give it back as it was.
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

// drop returns data without the variable if add has added it and nothing else is in it.
func (f FlagsFile) drop(data []byte) []byte {
	a, found, err := f.last(data)
	if err != nil || !found || a.text() != f.Inherited {
		return data
	}
	before, own := bytes.CutSuffix(data[:a.line], []byte(ownComment+"\n"))
	if !own || len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		return data
	}
	after, ended := bytes.CutPrefix(data[a.newline:], []byte("\n"))
	if !ended {
		before = bytes.TrimSuffix(before, []byte("\n"))
	}
	return append(bytes.Clone(before), after...)
}

// verify reads both contents again, as each version of systemd does: right is what holds for the
// kubelet's arguments of the variable afterwards, and nothing else may have changed.
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

// read returns the kubelet's arguments of the variable, and all other assignments.
func (f FlagsFile) read(data []byte, oldComments bool) (args, others []string) {
	args = arguments(f.Inherited)
	counts := -1
	for _, a := range assignments(data, oldComments) {
		if a.name == f.Variable {
			counts = len(others)
			args = arguments(a.text())
		}
		others = append(others, a.name+"="+a.text())
	}
	if counts >= 0 {
		others = slices.Delete(others, counts, counts+1)
	}
	return args, others
}

// foreign are the arguments without the two flags.
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
