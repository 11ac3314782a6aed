package kubeletconfig

import (
	"slices"
	"strings"
)

// near returns the served pattern that g was most likely meant to be, "" for none. It is for patterns with
// too few or too many labels: a region or an account is missing, or a * was taken for several labels. Both
// patterns end in the same labels. In a domain that also has hosts of other kinds, such as amazonaws.com, g
// must also have one of the labels between the wildcards of the served pattern.
func (g glob) near(served []string) string {
	labels := strings.Split(strings.ToLower(strings.Join(g.labels, ".")), ".")
	if slices.Contains(labels, "vpce") { // the hosts of VPC endpoints have forms of their own
		return ""
	}
	best, meant := 0, ""
	for _, pattern := range served {
		want := strings.Split(pattern, ".")
		wildcards := 0
		for i, label := range want {
			if strings.Contains(label, "*") {
				wildcards = i + 1
			}
		}
		end := want[wildcards:]
		from := len(labels) - len(end)
		if from < 0 || !slices.Equal(labels[from:], end) {
			continue
		}
		if len(labels) == len(want) {
			return ""
		}
		if score := likeness(labels[:from], want[:wildcards]); score > best {
			best, meant = score, pattern
		}
	}
	return meant
}

// likeness returns how similar the labels before the end of a host are to the wanted ones, 0 for not at
// all.
func likeness(labels, want []string) int {
	shared, fixed := 0, 0
	for _, label := range want {
		if strings.Contains(label, "*") {
			continue
		}
		fixed++
		if slices.Contains(labels, label) {
			shared++
		}
	}
	switch {
	case fixed == 0: // all hosts of the domain are of this kind
		return 1 + len(want)
	case len(labels) == 1 && labels[0] == "*":
		return 1
	}
	return shared
}
