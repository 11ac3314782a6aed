package platform

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/systemd"
)

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
