package kubeletconfig

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// This file changes lists in JSON and in YAML's flow style:
//
//	"providers": [{"name": "a"}, {"name": "b"}]

// flowItems returns the places of a flow list and of its items, of which there is one at least.
func (d *document) flowItems(list *yaml.Node) (whole span, items []span, ok bool) {
	whole, ok = d.span(list)
	ok = ok && len(list.Content) > 0
	for _, node := range list.Content {
		s, found := d.span(node)
		ok = ok && found
		items = append(items, s)
	}
	return whole, items, ok
}

// lineIndent returns the white space at the beginning of a place's line.
func (d *document) lineIndent(at int) string {
	line := d.Line(d.LineOf(at))
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// ownLine reports whether there is only white space before a place in its line.
func (d *document) ownLine(at int) bool { return d.lineIndent(at) == d.indent(at) }

// layoutOf returns the layout of an item.
func (d *document) layoutOf(item span) flowLayout {
	text := d.Of(item)
	l := flowLayout{
		multiline: bytes.ContainsRune(text, '\n'),
		spaced:    !d.json || bytes.Contains(text, []byte(": ")),
		eol:       d.eol(),
		unit:      "  ",
	}
	if !l.multiline {
		return l
	}
	for at := d.LineEnd(item.From); at < item.To; at = d.LineEnd(at) {
		inner, outer := d.lineIndent(at), d.lineIndent(item.From)
		if len(inner) > len(outer) && strings.HasPrefix(inner, outer) {
			l.unit = inner[len(outer):]
			break
		}
	}
	return l
}

// addToFlow adds the entry after the last item. It gets a line of its own if the last item has one.
func (d *document) addToFlow(list *yaml.Node, entry Entry) ([]byte, bool) {
	whole, items, ok := d.flowItems(list)
	if !ok {
		return nil, false
	}
	last := items[len(items)-1]
	text := d.layoutOf(last).entry(d.lineIndent(last.From), entry, d.version())
	between := " "
	switch {
	case d.ownLine(last.From):
		between = d.eol() + d.indent(last.From)
	case d.json && !d.layoutOf(last).spaced:
		between = ""
	}
	at := last.To
	comma := d.skipBlank(at)
	trailing := d.At(comma) == ','
	if trailing {
		at = comma + 1
		text += ","
	}
	// A comment after the last item stays on that item's line.
	end := at
	if rest := d.Part(at, d.LineEnd(at)); bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte("#")) {
		end = at + len(bytes.TrimRight(rest, "\r\n"))
		between = d.eol() + d.lineIndent(last.From)
	}
	if end > whole.To {
		return nil, false
	}
	added, ok := d.replace(span{From: end, To: end}, between+text)
	if trailing || !ok {
		return added, ok
	}
	return strictyaml.Splice(added, span{From: at, To: at}, ",")
}

// replaceInFlow replaces an item by the entry, in the layout of the item.
func (d *document) replaceInFlow(list *yaml.Node, index int, entry Entry) ([]byte, bool) {
	_, items, ok := d.flowItems(list)
	if !ok || index >= len(items) {
		return nil, false
	}
	item := items[index]
	text := d.layoutOf(item).entry(d.lineIndent(item.From), entry, d.version())
	return d.replace(item, text)
}

// cutFromFlow removes an item and one of the commas beside it. A comment after the item before it stays.
func (d *document) cutFromFlow(list *yaml.Node, index int) ([]byte, bool) {
	_, items, ok := d.flowItems(list)
	switch {
	case !ok || index >= len(items):
		return nil, false
	case index+1 < len(items):
		return d.replace(span{From: items[index].From, To: items[index+1].From}, "")
	case index == 0:
		return nil, false
	}
	comma := d.skipBlank(items[index-1].To)
	if d.At(comma) != ',' {
		return nil, false
	}
	comments := bytes.TrimRight(d.Part(comma+1, items[index].From), " \t\r\n")
	item := span{From: comma + 1 + len(comments), To: items[index].To}
	if trailing := d.skipBlank(item.To); d.At(trailing) == ',' {
		item.To = trailing + 1
		return d.replace(item, "")
	}
	cut, ok := d.replace(item, "")
	if !ok {
		return nil, false
	}
	return strictyaml.Splice(cut, span{From: comma, To: comma + 1}, "")
}

// fillFlow adds the entry to an empty list in JSON.
func (d *document) fillFlow(list *yaml.Node, entry Entry) ([]byte, bool) {
	s, ok := d.span(list)
	if !ok {
		return nil, false
	}
	outer := d.lineIndent(s.From)
	l := flowLayout{multiline: outer != "", unit: outer, eol: d.eol(), spaced: bytes.Contains(d.Bytes(), []byte(": "))}
	return d.replace(s, l.list(outer, []string{l.entry(outer+l.unit, entry, d.version())}))
}
