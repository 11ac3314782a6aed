package strictyaml

import (
	"slices"
	"strings"
)

// Suggest returns what to say to someone who wrote name instead of one of the known names: Near if it
// finds one, otherwise all known names.
func Suggest(name string, known []string) string {
	if near := Near(name, known); near != "" {
		return near
	}
	return "known are " + strings.Join(known, ", ")
}

// Near returns "did you mean NAME?" for a known name if name is a misspelling or the beginning of it,
// otherwise "". A short name may differ only in case: acr is not a misspelt ecr.
func Near(name string, known []string) string {
	if before, _, found := strings.Cut(name, ":"); found && slices.Contains(known, before) {
		return "did you mean " + before + "? YAML needs a space after its colon"
	}
	lower := strings.ToLower(name)
	for _, k := range known {
		misspelt := len(name) <= 2*len(k) && distance(lower, strings.ToLower(k)) <= len(k)/4
		if misspelt || len(name) > 3 && strings.HasPrefix(strings.ToLower(k), lower) {
			return "did you mean " + k + "?"
		}
	}
	return ""
}

// distance is the number of bytes to insert, delete or replace to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
