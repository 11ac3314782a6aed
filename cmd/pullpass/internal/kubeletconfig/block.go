package kubeletconfig

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"
)

// This file changes lists in YAML's block style, an item of which has lines of its own:
//
//	providers:
//	- name: a
//	- name: b

// A blockItem is the place of an item in a block list.
type blockItem struct {
	dash int // where its dash is
	span     // what follows the dash
}

// blockItems returns the items. It returns false if one of them does not begin its line with the dash.
func (d *document) blockItems(list *yaml.Node) ([]blockItem, bool) {
	at, ok := d.Offset(list)
	if !ok {
		return nil, false
	}
	at, _ = d.skipProperties(list, at)
	var items []blockItem
	for _, node := range list.Content {
		at = d.skipBlank(at)
		s, ok := d.span(node)
		if !ok || at >= s.From || d.At(at) != '-' || strings.Trim(d.indent(at), " ") != "" {
			return nil, false
		}
		items = append(items, blockItem{at, s})
		at = s.To
	}
	return items, len(items) > 0
}

// indent returns the part of a line before a place in it.
func (d *document) indent(at int) string {
	return strings.TrimPrefix(string(d.Part(d.LineStart(at), at)), byteOrderMark)
}

// itemEnd returns where the first line after an item begins. Comments with the indentation of the item's
// content belong to the item. itemEnd returns false if something else follows on the item's last line.
func (d *document) itemEnd(item blockItem) (int, bool) {
	rest := bytes.TrimSpace(d.Part(item.To, d.LineEnd(item.To)))
	if len(rest) > 0 && rest[0] != '#' {
		return 0, false
	}
	return d.skipComments(d.LineEnd(item.To), len(d.indent(item.dash))+1), true
}

// skipComments returns where the first line begins that is not a comment with at least this indentation.
func (d *document) skipComments(at, indentation int) int {
	for at < d.Len() {
		line := d.Part(at, d.LineEnd(at))
		text := bytes.TrimLeft(line, " \t")
		if len(text) == 0 || text[0] != '#' || len(line)-len(text) < indentation {
			break
		}
		at = d.LineEnd(at)
	}
	return at
}

// blockText returns the lines of the entry. keyIndent is the indentation of the key of the list, dashIndent
// that of its dashes.
func (d *document) blockText(entry Entry, keyIndent, dashIndent string) string {
	nested := strings.TrimPrefix(dashIndent, keyIndent)
	return dashIndent + strings.Join(blockLines(entry, d.version(), nested), d.eol()+dashIndent)
}

// keyIndent returns the indentation of the key providers. It returns false if there is more than blanks before
// the key in its line.
func (d *document) keyIndent() (string, bool) {
	for i := 0; i+1 < len(d.root.Content); i += 2 {
		if d.root.Content[i].Value == "providers" {
			at, ok := d.Offset(d.root.Content[i])
			indent := d.indent(at)
			return indent, ok && strings.Trim(indent, " ") == ""
		}
	}
	return "", false
}

// addToBlock adds the entry after the last item and its comments. If the list is the end of the config,
// comments that follow without a blank line belong to the last item, even if they are not indented.
func (d *document) addToBlock(list *yaml.Node, entry Entry) ([]byte, bool) {
	items, ok := d.blockItems(list)
	keyIndent, known := d.keyIndent()
	if !ok || !known {
		return nil, false
	}
	last := items[len(items)-1]
	at, ok := d.itemEnd(last)
	if !ok {
		return nil, false
	}
	if d.root.Content[len(d.root.Content)-1] == list {
		at = d.skipComments(at, 0)
	}
	text := d.blockText(entry, keyIndent, d.indent(last.dash))
	if at == d.Len() && !endsLine(d.Bytes()) {
		text = d.eol() + text
	} else {
		text += d.eol()
	}
	return d.replace(span{From: at, To: at}, text)
}

func endsLine(data []byte) bool {
	return len(data) > 0 && (data[len(data)-1] == '\n' || data[len(data)-1] == '\r')
}

// replaceInBlock replaces an item by the entry. Comments around the item stay.
func (d *document) replaceInBlock(list *yaml.Node, index int, entry Entry) ([]byte, bool) {
	items, ok := d.blockItems(list)
	keyIndent, known := d.keyIndent()
	if !ok || !known || index >= len(items) {
		return nil, false
	}
	dashIndent := d.indent(items[index].dash)
	text := strings.TrimPrefix(d.blockText(entry, keyIndent, dashIndent), dashIndent)
	return d.replace(span{From: items[index].dash, To: items[index].To}, text)
}

// cutFromBlock removes an item with its comments.
func (d *document) cutFromBlock(list *yaml.Node, index int) ([]byte, bool) {
	items, ok := d.blockItems(list)
	if !ok || index >= len(items) {
		return nil, false
	}
	from := d.LineStart(items[index].dash)
	to, ok := d.itemEnd(items[index])
	if !ok {
		return nil, false
	}
	if to == d.Len() && !endsLine(d.Bytes()) {
		from -= len(lineBreak(d.Part(0, from)))
	}
	return d.replace(span{From: from, To: to}, "")
}

// lineBreak returns the line break at the end of data, "" if there is none.
func lineBreak(data []byte) string {
	for _, eol := range []string{"\r\n", "\n", "\r"} {
		if bytes.HasSuffix(data, []byte(eol)) {
			return eol
		}
	}
	return ""
}

// fillBlock replaces an empty list by one with the entry.
func (d *document) fillBlock(list *yaml.Node, entry Entry) ([]byte, bool) {
	s, ok := d.span(list)
	keyIndent, known := d.keyIndent()
	if !ok || !known || d.root.Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	s.From = len(bytes.TrimRight(d.Part(0, s.From), " "))
	return d.replace(s, d.eol()+d.blockText(entry, keyIndent, keyIndent))
}
