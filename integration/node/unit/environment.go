package unit

import "strings"

// The states of reading an EnvironmentFile.
const (
	beforeName = iota
	inName
	beforeValue // or between two parts of it, of which the first is quoted
	inValue
	inSingleQuotes
	inDoubleQuotes
	inComment
)

const blank = " \t\r\n"

// Environment returns the variables that an EnvironmentFile sets: the states and what leads from
// one to the next are those of systemd's own parser. The last assignment of a variable counts.
func Environment(text string) map[string]string {
	variables := map[string]string{}
	var name, value strings.Builder
	state, kept := beforeName, 0 // kept is the value's length without blanks at its end
	end := func() {
		if state == inValue {
			variables[strings.TrimRight(name.String(), blank)] = value.String()[:kept]
		} else {
			variables[strings.TrimRight(name.String(), blank)] = value.String()
		}
		name.Reset()
		value.Reset()
		state, kept = beforeName, 0
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		isBlank := strings.IndexByte(blank, c) >= 0
		escaped := c == '\\' && state >= beforeValue && state != inSingleQuotes && i+1 < len(text)
		if escaped {
			i++
			c = text[i]
		}
		switch {
		case state == inComment:
			if c == '\n' {
				state = beforeName
			}
		case state == beforeName:
			if c == '#' || c == ';' {
				state = inComment
			} else if !isBlank {
				name.WriteByte(c)
				state = inName
			}
		case state == inName:
			switch c {
			case '\n': // nothing was assigned
				name.Reset()
				state = beforeName
			case '=':
				state = beforeValue
			default:
				name.WriteByte(c)
			}
		case state == inSingleQuotes && c == '\'', state == inDoubleQuotes && c == '"' && !escaped:
			state = beforeValue
		case state == inSingleQuotes:
			value.WriteByte(c)
		case state == inDoubleQuotes:
			if escaped && strings.IndexByte("\"\\`$\n", c) < 0 {
				value.WriteByte('\\')
			}
			if !escaped || c != '\n' {
				value.WriteByte(c)
			}
		case escaped:
			if c != '\n' {
				value.WriteByte(c)
			}
			state, kept = inValue, value.Len()
		case c == '\n':
			end()
		case state == beforeValue && c == '\'':
			state = inSingleQuotes
		case state == beforeValue && c == '"':
			state = inDoubleQuotes
		case state == beforeValue && isBlank:
		default:
			value.WriteByte(c)
			state = inValue
			if !isBlank {
				kept = value.Len()
			}
		}
	}
	if state >= beforeValue && state != inComment {
		end()
	}
	return variables
}

// Words splits a text at blanks, but for those in quotes or after a backslash, as systemd does
// with the value of a variable that is a word of its own in a command. A backslash has its meaning
// in quotes of both kinds.
func Words(text string) []string {
	var words []string
	var word strings.Builder
	var quote byte
	begun := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && strings.IndexByte(blank, c) >= 0:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}
