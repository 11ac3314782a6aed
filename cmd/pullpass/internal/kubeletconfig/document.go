package kubeletconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"sort"
	"strconv"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// A document is the content of a file, with the place of each value in it.
type document struct {
	data  []byte
	json  bool
	root  *yaml.Node
	more  int   // the line of a second document, which the kubelet does not read; 0 for none
	value value // of root
	// faults are what is YAML, and is refused by the kubelet's reader of YAML.
	faults []report.Finding
	lines  []int // where they begin
	// spans are those of JSON's values. In YAML they are found when they are needed.
	spans map[*yaml.Node]span
}

// A span is a part of the data, from the first byte to after the last one.
type span struct{ from, to int }

// decode reads a file as the kubelet does. A file that begins with { is JSON, any other is YAML, of which the
// first document counts. The error is a *strictyaml.Error, which may have a hint, or an error of package
// yaml without a line.
func decode(name string, data []byte) (*document, error) {
	d := &document{data: data, lines: lineStarts(data)}
	read := d.readYAML
	if d.json = bytes.HasPrefix(bytes.TrimLeftFunc(data, unicode.IsSpace), []byte("{")); d.json {
		read = d.readJSON
	}
	if err := read(name); err != nil {
		return nil, err
	}
	r := new(resolver)
	d.value = r.resolve(d.root)
	d.faults = r.faults
	return d, nil
}

// readYAML reads the first document. Anything may follow it: the kubelet does not look.
func (d *document) readYAML(name string) error {
	documents, err := parse(d.data)
	if err != nil {
		// Package yaml looks ahead, into the next document.
		var more int
		if documents, more = d.parseHead(); documents == nil {
			if _, located := strictyaml.Decode(name, d.data); located != nil {
				err = located // with the line, and without names of the document
			}
			return err
		}
		d.more = more
	}
	if len(documents) == 0 {
		return strictyaml.ErrorAt(name, 1, "the file is empty")
	}
	d.root = documents[0].Content[0]
	if bytes.Contains(d.data, []byte("!")) {
		d.markTags(d.root)
	}
	if len(documents) > 1 {
		d.more = documents[1].Content[0].Line
	}
	return nil
}

// markTags marks nodes with the tag !, which makes text of a scalar. Package yaml drops it.
func (d *document) markTags(n *yaml.Node) {
	at, ok := d.offset(n.Line, n.Column)
	if ok && n.Style&yaml.TaggedStyle == 0 && n.Kind != yaml.AliasNode {
		if bytes.HasPrefix(d.data[at:], []byte("&"+n.Anchor)) {
			at = d.skipBlank(at + len("&"+n.Anchor))
		}
		if bytes.HasPrefix(d.data[at:], []byte("!")) {
			n.Style, n.Tag = n.Style|yaml.TaggedStyle, "!!str"
		}
	}
	for _, child := range n.Content {
		d.markTags(child)
	}
}

// parse returns the first two documents of data, or fewer if there are none.
func parse(data []byte) ([]*yaml.Node, error) {
	return strictyaml.Parse(bytes.TrimPrefix(data, []byte(byteOrderMark)), 2)
}

// parseHead returns the first document, and the line after its end, if more follows.
func (d *document) parseHead() (documents []*yaml.Node, end int) {
	for i, start := range d.lines {
		line := d.data[start:]
		if !bytes.HasPrefix(line, []byte("---")) && !bytes.HasPrefix(line, []byte("...")) && !bytes.HasPrefix(line, []byte("%")) {
			continue
		}
		if documents, err := parse(d.data[:start]); err == nil && len(documents) > 0 {
			return documents, i + 1
		}
	}
	return nil, 0
}

const byteOrderMark = "\ufeff"

// readJSON makes nodes of JSON. Package yaml does not read all of it.
func (d *document) readJSON(name string) error {
	var whole json.RawMessage
	if err := json.Unmarshal(d.data, &whole); err != nil {
		line := len(d.lines)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line = d.lineOf(max(0, int(syntax.Offset)-1))
		}
		return provider.WithHint(strictyaml.ErrorAt(name, line, "not JSON: "+err.Error()),
			"the kubelet reads a file that begins with { as JSON: without comments, with names in quotes")
	}
	d.spans = map[*yaml.Node]span{}
	reader := jsonReader{document: d, decoder: json.NewDecoder(bytes.NewReader(d.data))}
	reader.decoder.UseNumber()
	d.root = reader.value()
	return nil
}

type jsonReader struct {
	*document
	decoder *json.Decoder
}

// value reads the next value. The JSON is known to be valid.
func (r jsonReader) value() *yaml.Node {
	at := int(r.decoder.InputOffset())
	at += len(r.data[at:]) - len(bytes.TrimLeft(r.data[at:], " \t\r\n,:"))
	token, err := r.decoder.Token()
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: r.lineOf(at), Style: yaml.DoubleQuotedStyle}
	switch t := token.(type) {
	case json.Delim:
		node.Kind, node.Style = yaml.MappingNode, yaml.FlowStyle
		if t == '[' {
			node.Kind = yaml.SequenceNode
		}
		for r.decoder.More() {
			node.Content = append(node.Content, r.value())
		}
		_, err = r.decoder.Token() // the closing bracket
	case string:
		node.Value = t
	case json.Number:
		node.Value, node.Style, node.Tag = t.String(), yaml.TaggedStyle, "!!float"
	case bool:
		node.Value, node.Style, node.Tag = strconv.FormatBool(t), yaml.TaggedStyle, "!!bool"
	case nil:
		node.Style, node.Tag = yaml.TaggedStyle, "!!null"
	}
	if err != nil { // never
		node.Value = ""
	}
	r.spans[node] = span{at, int(r.decoder.InputOffset())}
	return node
}

// lineStarts returns where the lines of YAML begin. YAML has more line breaks than \n.
func lineStarts(data []byte) []int {
	starts := []int{0}
	for i, r := range string(data) {
		switch {
		case r == '\r' && i+1 < len(data) && data[i+1] == '\n':
		case r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			starts = append(starts, i+utf8.RuneLen(r))
		}
	}
	return starts
}

// lineOf returns the number of the line of an offset, from 1.
func (d *document) lineOf(at int) int {
	return sort.SearchInts(d.lines, at+1)
}
