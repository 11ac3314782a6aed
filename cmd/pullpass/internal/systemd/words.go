package systemd

import "strings"

// A Word is one argument in the value of a variable, without quotes and backslashes.
type Word struct {
	Text     string
	From, To int // where it begins and ends in the value, in bytes
}

// Words splits a value as systemd does where a unit's command has $VARIABLE as one argument
// (extract_first_word in systemd's src/basic/extract-word.c): at white space that is neither in
// quotes nor after a backslash. ok is false if the value ends within a quote or after a
// backslash. systemd uses the words of such a value, too.
func Words(value string) (all []Word, ok bool) {
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
			all = append(all, Word{text.String(), began, i})
			text.Reset()
			began = -1
		default:
			text.WriteByte(c)
		}
	}
	if began >= 0 {
		all = append(all, Word{text.String(), began, len(value)})
	}
	return all, quote == 0 && !escaped
}

// Split returns the text of the words of a value.
func Split(value string) []string {
	all, _ := Words(value)
	texts := make([]string, len(all))
	for i, w := range all {
		texts[i] = w.Text
	}
	return texts
}
