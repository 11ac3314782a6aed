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

// A blockItem is where an item of a block list stands.
type blockItem struct {
	dash int
	span // of what follows the dash
}

// blockItems finds the items. It returns false if they do not all begin a line with their dash.
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

// indent returns what stands before a place in its line.
func (d *document) indent(at int) string {
	return strings.TrimPrefix(string(d.data[d.lineStart(at):at]), byteOrderMark)
}

// itemEnd returns where the line after an item begins. Comments that are indented as the item's
// content is belong to it. It returns false if something else follows on the item's last line.
func (d *document) itemEnd(item blockItem) (int, bool) {
	rest := bytes.TrimSpace(d.data[item.to:d.lineEnd(item.to)])
	if len(rest) > 0 && rest[0] != '#' {
		return 0, false
	}
	return d.skipComments(d.lineEnd(item.to), len(d.indent(item.dash))+1), true
}

// skipComments returns where the first line begins that is not a comment of that indentation or
// more.
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

// blockText returns the lines of the entry below a key whose line is indented by keyIndent.
func (d *document) blockText(entry Entry, keyIndent, dashIndent string) string {
	nested := strings.TrimPrefix(dashIndent, keyIndent)
	return dashIndent + strings.Join(blockLines(entry, d.version(), nested), d.eol()+dashIndent)
}

// keyIndent is the indentation of the key providers.
func (d *document) keyIndent() string {
	for i := 0; i < len(d.root.Content); i += 2 {
		if d.root.Content[i].Value == "providers" {
			return strings.Repeat(" ", d.root.Content[i].Column-1)
		}
	}
	return ""
}

// addToBlock puts the entry behind the last item and its comments. If the config ends there,
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

// replaceInBlock leaves the comments around the item.
func (d *document) replaceInBlock(list *yaml.Node, index int, entry Entry) ([]byte, bool) {
	items, ok := d.blockItems(list)
	if !ok {
		return nil, false
	}
	dashIndent := d.indent(items[index].dash)
	text := strings.TrimPrefix(d.blockText(entry, d.keyIndent(), dashIndent), dashIndent)
	return d.replace(span{items[index].dash, items[index].to}, text), true
}

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

// lineBreak returns what ends data's last line.
func lineBreak(data []byte) string {
	for _, eol := range []string{"\r\n", "\n", "\r"} {
		if bytes.HasSuffix(data, []byte(eol)) {
			return eol
		}
	}
	return ""
}

// fillBlock puts the entry in the place of an empty list.
func (d *document) fillBlock(list *yaml.Node, entry Entry) ([]byte, bool) {
	s, ok := d.span(list)
	if !ok || d.root.Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	s.from = len(bytes.TrimRight(d.data[:s.from], " "))
	keyIndent := d.keyIndent()
	return d.replace(s, d.eol()+d.blockText(entry, keyIndent, keyIndent)), true
}
