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
	at, ok := d.offset(list.Line, list.Column)
	if !ok {
		return nil, false
	}
	at, _ = d.skipProperties(list, at)
	var items []blockItem
	for _, node := range list.Content {
		at = d.skipBlank(at)
		s, ok := d.span(node)
		if !ok || at >= s.from || d.data[at] != '-' || strings.Trim(d.indent(at), " ") != "" {
			return nil, false
		}
		items = append(items, blockItem{at, s})
		at = s.to
	}
	return items, len(items) > 0
}

// indent returns the part of a line before a place in it.
func (d *document) indent(at int) string {
	return strings.TrimPrefix(string(d.data[d.lineStart(at):at]), byteOrderMark)
}

// itemEnd returns where the first line after an item begins. Comments with the indentation of the item's
// content belong to the item. itemEnd returns false if something else follows on the item's last line.
func (d *document) itemEnd(item blockItem) (int, bool) {
	rest := bytes.TrimSpace(d.data[item.to:d.lineEnd(item.to)])
	if len(rest) > 0 && rest[0] != '#' {
		return 0, false
	}
	return d.skipComments(d.lineEnd(item.to), len(d.indent(item.dash))+1), true
}

// skipComments returns where the first line begins that is not a comment with at least this indentation.
func (d *document) skipComments(at, indentation int) int {
	for at < len(d.data) {
		line := d.data[at:d.lineEnd(at)]
		text := bytes.TrimLeft(line, " \t")
		if len(text) == 0 || text[0] != '#' || len(line)-len(text) < indentation {
			break
		}
		at = d.lineEnd(at)
	}
	return at
}

// blockText returns the lines of the entry. keyIndent is the indentation of the key of the list, dashIndent
// that of its dashes.
func (d *document) blockText(entry Entry, keyIndent, dashIndent string) string {
	nested := strings.TrimPrefix(dashIndent, keyIndent)
	return dashIndent + strings.Join(blockLines(entry, d.version(), nested), d.eol()+dashIndent)
}

// keyIndent returns the indentation of the key providers.
func (d *document) keyIndent() string {
	for i := 0; i < len(d.root.Content); i += 2 {
		if d.root.Content[i].Value == "providers" {
			return strings.Repeat(" ", d.root.Content[i].Column-1)
		}
	}
	return ""
}

// addToBlock adds the entry after the last item and its comments. If the list is the end of the config,
// comments that follow without a blank line belong to the last item, even if they are not indented.
func (d *document) addToBlock(list *yaml.Node, entry Entry) ([]byte, bool) {
	items, ok := d.blockItems(list)
	if !ok {
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
	text := d.blockText(entry, d.keyIndent(), d.indent(last.dash))
	if at == len(d.data) && !endsLine(d.data) {
		text = d.eol() + text
	} else {
		text += d.eol()
	}
	return d.replace(span{at, at}, text), true
}

func endsLine(data []byte) bool {
	return len(data) > 0 && (data[len(data)-1] == '\n' || data[len(data)-1] == '\r')
}

// replaceInBlock replaces an item by the entry. Comments around the item stay.
func (d *document) replaceInBlock(list *yaml.Node, index int, entry Entry) ([]byte, bool) {
	items, ok := d.blockItems(list)
	if !ok {
		return nil, false
	}
	dashIndent := d.indent(items[index].dash)
	text := strings.TrimPrefix(d.blockText(entry, d.keyIndent(), dashIndent), dashIndent)
	return d.replace(span{items[index].dash, items[index].to}, text), true
}

// cutFromBlock removes an item with its comments.
func (d *document) cutFromBlock(list *yaml.Node, index int) ([]byte, bool) {
	items, ok := d.blockItems(list)
	if !ok {
		return nil, false
	}
	from := d.lineStart(items[index].dash)
	to, ok := d.itemEnd(items[index])
	if !ok {
		return nil, false
	}
	if to == len(d.data) && !endsLine(d.data) {
		from -= len(lineBreak(d.data[:from]))
	}
	return d.replace(span{from, to}, ""), true
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
	if !ok || d.root.Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	s.from = len(bytes.TrimRight(d.data[:s.from], " "))
	keyIndent := d.keyIndent()
	return d.replace(s, d.eol()+d.blockText(entry, keyIndent, keyIndent)), true
}
