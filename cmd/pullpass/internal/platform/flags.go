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
	wrap := func(err error) error { return fmt.Errorf("remove the kubelet's flags from %s: %w", f.Path, err) }
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
		return errors.New("it contains white space, a quote, a backslash or a dollar sign")
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

// verify reads both contents again as old and new versions of systemd do. It returns an error unless
// right reports true for the arguments in the new value, and nothing but the two flags has changed.
func (f FlagsFile) verify(before, after []byte, right func(args []string) bool) error {
	for _, oldComments := range []bool{false, true} {
		args, others := f.read(before, oldComments)
		newArgs, newOthers := f.read(after, oldComments)
		if !right(newArgs) || !slices.Equal(foreign(args), foreign(newArgs)) || !slices.Equal(others, newOthers) {
			return f.unclear(errors.New("it has a form that cannot be changed safely"))
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
