package kubeletconfig

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// span returns the place of n in the data, from its anchor or tag to its last character. It returns false if
// data and n do not agree: then the place is unknown.
func (d *document) span(n *yaml.Node) (span, bool) {
	if s, ok := d.spans[n]; ok || d.json {
		return s, ok
	}
	from, ok := d.Offset(n)
	if !ok {
		return span{}, false
	}
	to, ok := d.end(n, from)
	return span{From: from, To: to}, ok && from <= to && to <= d.Len()
}

// end returns where n ends. It begins at from. Package yaml does not report the end.
func (d *document) end(n *yaml.Node, from int) (int, bool) {
	at, bare := d.skipProperties(n, from)
	switch {
	case n.Kind == yaml.AliasNode:
		return d.match(at, "*"+n.Value)
	case n.Kind == yaml.ScalarNode:
		if n.Value == "" && n.Style&^yaml.TaggedStyle == 0 {
			return bare, true
		}
		return d.scalarEnd(n, at)
	case n.Style&yaml.FlowStyle != 0:
		return d.flowEnd(n, at)
	case len(n.Content) == 0:
		return 0, false
	}
	last := len(n.Content) - 1
	s, ok := d.span(n.Content[last])
	if ok && n.Kind == yaml.MappingNode {
		var key span
		key, ok = d.span(n.Content[last-1])
		s.To = max(s.To, key.To)
	}
	return s.To, ok
}

// skipProperties returns where n begins after its anchor and tag, and where these end.
func (d *document) skipProperties(n *yaml.Node, at int) (begin, end int) {
	end = at
	if n.Anchor == "" && n.Style&yaml.TaggedStyle == 0 {
		return at, end
	}
	for d.At(at) == '&' || d.At(at) == '!' {
		end = at
		for end < d.Len() && !strings.ContainsRune(" \t\r\n,[]{}", rune(d.At(end))) {
			end++
		}
		at = d.skipBlank(end)
	}
	return at, end
}

func (d *document) scalarEnd(n *yaml.Node, at int) (int, bool) {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return d.quotedEnd(at, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return d.quotedEnd(at, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		header := len(bytes.TrimRight(d.Part(at, d.LineEnd(at)), " \t\r\n"))
		return d.match(at+header, n.Value)
	}
	return d.match(at, n.Value)
}

// match returns where text ends that begins at a place. It may be folded and indented there: only characters
// other than white space are compared.
func (d *document) match(at int, text string) (int, bool) {
	for _, want := range text {
		if unicode.IsSpace(want) {
			continue
		}
		at += len(d.From(at)) - len(bytes.TrimLeftFunc(d.From(at), unicode.IsSpace))
		got, size := utf8.DecodeRune(d.From(at))
		if got != want || size == 0 {
			return 0, false
		}
		at += size
	}
	return at, true
}

func (d *document) quotedEnd(at int, quote byte) (int, bool) {
	if d.At(at) != quote {
		return 0, false
	}
	for at++; at < d.Len(); at++ {
		switch {
		case d.At(at) == '\\' && quote == '"':
			at++
		case d.At(at) != quote:
		case quote == '\'' && d.At(at+1) == quote:
			at++
		default:
			return at + 1, true
		}
	}
	return 0, false
}

func (d *document) flowEnd(n *yaml.Node, at int) (int, bool) {
	opening, closing := byte('['), byte(']')
	if n.Kind == yaml.MappingNode {
		opening, closing = '{', '}'
	}
	if d.At(at) != opening && len(n.Content) == 0 {
		return 0, false
	}
	at++
	if len(n.Content) > 0 {
		last, ok := d.span(n.Content[len(n.Content)-1])
		if !ok {
			return 0, false
		}
		at = last.To
	}
	at = d.skipBlank(at)
	if d.At(at) == ',' {
		at = d.skipBlank(at + 1)
	}
	if d.At(at) != closing {
		return 0, false
	}
	return at + 1, true
}

// skipBlank returns the place of the next character that is neither white space nor part of a comment.
func (d *document) skipBlank(at int) int {
	for at < d.Len() {
		r, size := utf8.DecodeRune(d.From(at))
		switch {
		case unicode.IsSpace(r):
			at += size
		case r == '#':
			at = d.LineEnd(at)
		default:
			return at
		}
	}
	return at
}
