package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The text format: https://prometheus.io/docs/instrumenting/exposition_formats/. Its official
// parser is too much to link for reading back what we have written ourselves.

// A family is a metric: samples of one or two names, which have the label provider and one more.
type family struct {
	name, kind, help string
	label            string // the other label; "" for none
	samples          []string
}

func families() []family {
	return []family{
		{fetchesTotal, "counter", "Calls of the registries' authorities for a credential. Result none: there is no credential to get.", "result", []string{fetchesTotal}},
		{"pullpass_fetch_duration_seconds", "summary", "Time that these calls took.", "", []string{durationSum, durationCount}},
		{lastSuccess, "gauge", "When the last such call for a scope got a credential.", "scope", []string{lastSuccess}},
		{expiry, "gauge", "When the last credential of a scope expires.", "scope", []string{expiry}},
	}
}

// text writes the samples, always in the same order.
func (s series) text() string {
	var out strings.Builder
	keys := slices.SortedFunc(maps.Keys(s), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.provider, b.provider), cmp.Compare(a.other, b.other), cmp.Compare(a.name, b.name))
	})
	for _, f := range families() {
		own := slices.DeleteFunc(slices.Clone(keys), func(k key) bool { return !slices.Contains(f.samples, k.name) })
		if len(own) == 0 {
			continue
		}
		fmt.Fprintf(&out, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for _, k := range own {
			labels := `provider="` + escape(k.provider) + `"`
			if f.label != "" {
				labels += "," + f.label + `="` + escape(k.other) + `"`
			}
			fmt.Fprintf(&out, "%s{%s} %s\n", k.name, labels, strconv.FormatFloat(s[k], 'f', -1, 64))
		}
	}
	return out.String()
}

func escape(value string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(value)
}

func unescape(value string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\"`, `"`).Replace(value)
}

// parse reads what text has written. It ignores unknown names that begin with pullpass_: another version
// wrote them. Anything else is an error that names the line: the file is not ours.
func parse(text string) (series, error) {
	s := series{}
	known := families()
	for i, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		k, label, value, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("its line %d is not one of pullpass's metrics", i+1)
		}
		if isKnown(known, k.name, label) {
			s[k] = value
		}
	}
	return s, nil
}

func isKnown(known []family, name, label string) bool {
	return slices.ContainsFunc(known, func(f family) bool {
		return slices.Contains(f.samples, name) && f.label == label
	})
}

var errSyntax = errors.New("bad syntax")

// parseLine reads a sample, and the name of its label other than provider.
func parseLine(line string) (k key, label string, value float64, err error) {
	name, rest, found := strings.Cut(line, "{")
	if !found || !strings.HasPrefix(name, "pullpass_") {
		return key{}, "", 0, errSyntax
	}
	k.name = name
	for more := true; more; {
		var labelName, labelValue string
		if labelName, labelValue, rest, err = parseLabel(rest); err != nil {
			return key{}, "", 0, err
		}
		if labelName == "provider" {
			k.provider = labelValue
		} else {
			label, k.other = labelName, labelValue
		}
		rest, more = strings.CutPrefix(rest, ",")
	}
	number, found := strings.CutPrefix(rest, "} ")
	value, err = strconv.ParseFloat(number, 64)
	if !found || err != nil || !(value >= 0) || math.IsInf(value, 0) {
		return key{}, "", 0, errSyntax
	}
	return k, label, value, nil
}

// parseLabel reads name="value" and returns what follows it.
func parseLabel(text string) (name, value, rest string, err error) {
	name, quoted, found := strings.Cut(text, `="`)
	if !found {
		return "", "", "", errSyntax
	}
	end := 0
	for end < len(quoted) && quoted[end] != '"' {
		if quoted[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(quoted) {
		return "", "", "", errSyntax
	}
	return name, unescape(quoted[:end]), quoted[end+1:], nil
}
