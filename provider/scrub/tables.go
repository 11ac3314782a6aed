package scrub

import (
	"cmp"
	"index/suffixarray"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	part     = 12 // bytes of a form that count as a part of a secret, see Scrubber
	shortest = 4  // bytes of a secret that is replaced
	// shortestCode is for what encodings leave of a short secret: less is in words by chance.
	shortestCode = 6
	// maxCoded bounds the forms in which encodings leave secrets, in bytes. All secrets of a process are
	// much less. Only those that pullpass secret check reads can be more: it asks no server that could
	// encode them.
	maxCoded = 1 << 20
	// maxEscaped is from where a secret is looked for as it is alone. None is as long; an answer of a server
	// can be, and must not cost much memory.
	maxEscaped = 64 << 10 // bytes
)

// tables are the forms of all secrets, made for searching.
type tables struct {
	long  *suffixarray.Index // of the forms of part bytes and more; nil for none
	parts filter             // of those
	short map[string][]form  // by their first bytes, as many as shortest
}

// A form is how a secret can stand in a text.
type form struct {
	text string
	word bool // only as a word of its own
}

// newTables returns nil if no secret is long enough.
func newTables(secrets []string) *tables {
	var long []byte
	seen, done := map[string]bool{}, map[string]bool{}
	t := &tables{short: map[string][]form{}}
	add := func(text string, word bool) {
		if seen[text] {
			return
		}
		seen[text] = true
		if len(text) < part {
			t.short[text[:shortest]] = append(t.short[text[:shortest]], form{text, word})
			return
		}
		long = append(append(long, text...), 0)
	}
	room := maxCoded
	for _, secret := range secrets {
		secret = strings.TrimSpace(secret)
		whole := []string{secret}
		if inside, ok := values(secret); ok && !done[secret] {
			done[secret] = true
			addCoded(secret, add, &room)
			whole = inside
		}
		for _, text := range whole {
			if text = strings.TrimSpace(text); len(text) < shortest || done[text] {
				continue
			}
			done[text] = true
			if len(text) > maxEscaped {
				add(text, false)
				continue
			}
			for _, form := range escaped(text) {
				add(form, isWord(form))
			}
			addCoded(text, add, &room)
		}
	}
	if len(long) > 0 {
		t.long, t.parts = suffixarray.New(long), newFilter(long)
	}
	if t.long == nil && len(t.short) == 0 {
		return nil
	}
	return t
}

// addCoded adds what encodings make of a secret, if there is room.
func addCoded(secret string, add func(string, bool), room *int) {
	if *room -= 12 * len(secret); *room < 0 { // twice two for hexadecimal, six times 4/3 for base64
		return
	}
	for _, text := range coded(secret) {
		if len(text) >= shortestCode {
			add(text, false)
		}
	}
}

// isWord reports whether a secret can be an ordinary word or a number.
func isWord(secret string) bool {
	return strings.IndexFunc(secret, func(r rune) bool { return !unicode.IsLetter(r) }) < 0 ||
		strings.Trim(secret, "0123456789") == ""
}

// A span is a range of bytes in a text.
type span struct{ from, to int }

// scrub returns text with redacted in place of the secrets.
func (t *tables) scrub(text string) string {
	spans := append(t.findParts(text), t.findWholes(text)...)
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out strings.Builder
	end := 0
	for i, s := range spans {
		if i == 0 || s.from > end {
			out.WriteString(text[end:s.from] + redacted)
		}
		end = max(end, s.to)
	}
	return out.String() + text[end:]
}

// findParts returns where parts of secrets are, with the words around them.
func (t *tables) findParts(text string) []span {
	var spans []span
	if t.long == nil {
		return nil
	}
	for i, data := 0, []byte(text); i+part <= len(data); i++ {
		if !t.parts.mayHave(data[i:]) || t.long.Lookup(data[i:i+part], 1) == nil {
			continue
		}
		if last := len(spans) - 1; last >= 0 && i <= spans[last].to {
			spans[last].to = max(spans[last].to, i+part)
			continue
		}
		spans = append(spans, span{i, i + part})
	}
	for i := range spans {
		spans[i] = widened(text, spans[i])
	}
	return spans
}

// widened adds to a span the bytes around it that can be of the same token: base64 leaves of a secret's ends
// what depends on its neighbours, and an escape can be of a form that is not known.
func widened(text string, s span) span {
	for s.from > 0 && (isToken(text[s.from-1]) || !utf8.RuneStart(text[s.from])) {
		s.from--
	}
	for s.to < len(text) && (isToken(text[s.to]) || !utf8.RuneStart(text[s.to])) {
		s.to++
	}
	for s.to < len(text) && text[s.to] == '=' { // the end of base64
		s.to++
	}
	return s
}

func isToken(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("_-%+", b) >= 0
}

// findWholes returns where the short forms are.
func (t *tables) findWholes(text string) []span {
	var spans []span
	if len(t.short) == 0 {
		return nil
	}
	end := 0 // of the last span with the words around it
	for i := 0; i+shortest <= len(text); i++ {
		for _, form := range t.short[text[i:i+shortest]] {
			found := span{i, i + len(form.text)}
			switch {
			case !strings.HasPrefix(text[i:], form.text) || found.to <= end:
			case !form.word:
				found = widened(text, found)
				spans = append(spans, found)
				end = found.to
			case standsAlone(text, found):
				spans = append(spans, found)
			}
		}
	}
	return spans
}

// standsAlone reports whether neither side of a word has a letter or a digit, except as the end of an
// escape, such as %3A or \n.
func standsAlone(text string, s span) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:s.from])
	after, _ := utf8.DecodeRuneInString(text[s.to:])
	return (!isAlphanumeric(before) || endsInEscape(text[:s.from])) && !isAlphanumeric(after)
}

func isAlphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// endsInEscape reports whether text ends in %HH, \C, \xHH or \uHHHH.
func endsInEscape(text string) bool {
	for _, escape := range [...]struct {
		start  string
		digits int
	}{{"%", 2}, {`\x`, 2}, {`\u`, 4}} {
		if at := len(text) - len(escape.start) - escape.digits; at >= 0 && strings.HasPrefix(text[at:], escape.start) {
			return strings.Trim(text[at+len(escape.start):], "0123456789abcdefABCDEF") == ""
		}
	}
	return len(text) > 1 && text[len(text)-2] == '\\'
}
