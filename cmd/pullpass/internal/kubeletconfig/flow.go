package kubeletconfig

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"
)

// This file changes lists in JSON and in YAML's flow style:
//
//	"providers": [{"name": "a"}, {"name": "b"}]

// flowItems returns the places of a flow list and of its items.
func (d *document) flowItems(list *yaml.Node) (whole span, items []span, ok bool) {
	whole, ok = d.span(list)
	for _, node := range list.Content {
		s, found := d.span(node)
		ok = ok && found
		items = append(items, s)
	}
	return whole, items, ok
}

// lineIndent returns the white space at the beginning of a place's line.
func (d *document) lineIndent(at int) string {
	line := d.data[d.lineStart(at):]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// ownLine reports whether there is only white space before a place in its line.
func (d *document) ownLine(at int) bool { return d.lineIndent(at) == d.indent(at) }

// layoutOf returns the layout of an item.
func (d *document) layoutOf(item span) flowLayout {
	text := d.data[item.from:item.to]
	l := flowLayout{
		multiline: bytes.ContainsRune(text, '\n'),
		spaced:    !d.json || bytes.Contains(text, []byte(": ")),
		eol:       d.eol(),
		unit:      "  ",
	}
	if !l.multiline {
		return l
	}
	for at := d.lineEnd(item.from); at < item.to; at = d.lineEnd(at) {
		inner, outer := d.lineIndent(at), d.lineIndent(item.from)
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
	text := d.layoutOf(last).entry(d.lineIndent(last.from), entry, d.version())
	between := " "
	switch {
	case d.ownLine(last.from):
		between = d.eol() + d.indent(last.from)
	case d.json && !d.layoutOf(last).spaced:
		between = ""
	}
	at := last.to
	comma := d.skipBlank(at)
	trailing := d.data[comma] == ','
	if trailing {
		at = comma + 1
		text += ","
	}
	// A comment after the last item stays on that item's line.
	end := at
	if rest := d.data[at:d.lineEnd(at)]; bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte("#")) {
		end = at + len(bytes.TrimRight(rest, "\r\n"))
		between = d.eol() + d.lineIndent(last.from)
	}
	if end > whole.to {
		return nil, false
	}
	added := d.replace(span{end, end}, between+text)
	if trailing {
		return added, true
	}
	return replaced(added, span{at, at}, ","), true
}

// replaceInFlow replaces an item by the entry, in the layout of the item.
func (d *document) replaceInFlow(list *yaml.Node, index int, entry Entry) ([]byte, bool) {
	_, items, ok := d.flowItems(list)
	if !ok {
		return nil, false
	}
	item := items[index]
	text := d.layoutOf(item).entry(d.lineIndent(item.from), entry, d.version())
	return d.replace(item, text), true
}

// cutFromFlow removes an item and one of the commas beside it. A comment after the item before it stays.
func (d *document) cutFromFlow(list *yaml.Node, index int) ([]byte, bool) {
	_, items, ok := d.flowItems(list)
	if !ok {
		return nil, false
	}
	if index+1 < len(items) {
		return d.replace(span{items[index].from, items[index+1].from}, ""), true
	}
	comma := d.skipBlank(items[index-1].to)
	if d.data[comma] != ',' {
		return nil, false
	}
	comments := bytes.TrimRight(d.data[comma+1:items[index].from], " \t\r\n")
	item := span{comma + 1 + len(comments), items[index].to}
	if trailing := d.skipBlank(item.to); d.data[trailing] == ',' {
		item.to = trailing + 1
		return d.replace(item, ""), true
	}
	return replaced(d.replace(item, ""), span{comma, comma + 1}, ""), true
}

// fillFlow adds the entry to an empty list in JSON.
func (d *document) fillFlow(list *yaml.Node, entry Entry) ([]byte, bool) {
	s, ok := d.span(list)
	if !ok {
		return nil, false
	}
	outer := d.lineIndent(s.from)
	l := flowLayout{multiline: outer != "", unit: outer, eol: d.eol(), spaced: bytes.Contains(d.data, []byte(": "))}
	return d.replace(s, l.list(outer, []string{l.entry(outer+l.unit, entry, d.version())})), true
}
