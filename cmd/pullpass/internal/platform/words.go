package platform

import "strings"

// A word of a value is an argument for the kubelet, and where it stands in the value.
type word struct {
	text     string
	from, to int
}

// words splits a value as systemd does where a unit's command has $VARIABLE as one argument
// (extract_first_word in systemd's src/basic/extract-word.c): at white space, but for what is in
// quotes of either kind or after a backslash. ok is false if the value ends within a quote or
// after a backslash; systemd takes what there is.
func words(value string) (all []word, ok bool) {
	var text strings.Builder
	var quote byte
	began := -1
	escaped := false
	for i := range len(value) {
		c := value[i]
		if began < 0 {
			if oneOf(blank, c) {
				continue
			}
			began = i
		}
		switch {
		case escaped:
			escaped = false
			text.WriteByte(c)
		case c == '\\':
			escaped = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			text.WriteByte(c)
		case c == '\'' || c == '"':
			quote = c
		case oneOf(blank, c):
			all = append(all, word{text.String(), began, i})
			text.Reset()
			began = -1
		default:
			text.WriteByte(c)
		}
	}
	if began >= 0 {
		all = append(all, word{text.String(), began, len(value)})
	}
	return all, quote == 0 && !escaped
}

// arguments are the words of a value.
func arguments(value string) []string {
	all, _ := words(value)
	texts := make([]string, len(all))
	for i, w := range all {
		texts[i] = w.text
	}
	return texts
}
