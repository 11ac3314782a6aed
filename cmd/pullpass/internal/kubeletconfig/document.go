package kubeletconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// A document is the content of a file, with the place of each value in it.
type document struct {
	*strictyaml.Source // the one way to its text, which takes any place
	json               bool
	root               *yaml.Node
	more               int   // the line of a second document, which the kubelet does not read; 0 for none
	value              value // of root
	// faults are what is YAML, and is refused by the kubelet's reader of YAML.
	faults []report.Finding
	// spans are those of JSON's values. In YAML they are found when they are needed.
	spans map[*yaml.Node]span
}

type span = strictyaml.Span

// decode reads a file as the kubelet does. A file that begins with { is JSON, any other is YAML, of which the
// first document counts. The error is a *strictyaml.Error, which may have a hint, or an error of package
// yaml without a line.
func decode(name string, data []byte) (*document, error) {
	d := &document{Source: strictyaml.NewSource(data)}
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
	documents, err := parse(d.Bytes())
	if err != nil {
		// Package yaml looks ahead, into the next document.
		var more int
		if documents, more = d.parseHead(); documents == nil {
			if _, located := strictyaml.Decode(name, d.Bytes()); located != nil {
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
	if bytes.Contains(d.Bytes(), []byte("!")) {
		d.markTags(d.root)
	}
	if len(documents) > 1 {
		d.more = documents[1].Content[0].Line
	}
	return nil
}

// markTags marks nodes with the tag !, which makes text of a scalar. Package yaml drops it.
func (d *document) markTags(n *yaml.Node) {
	at, ok := d.Offset(n)
	if ok && n.Style&yaml.TaggedStyle == 0 && n.Kind != yaml.AliasNode {
		if bytes.HasPrefix(d.From(at), []byte("&"+n.Anchor)) {
			at = d.skipBlank(at + len("&"+n.Anchor))
		}
		if d.At(at) == '!' {
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

// maxHeads is how many lines that can end a document parseHead tries. Before the end of the first one there
// are at most the directives and the line that begins it.
const maxHeads = 4

// parseHead returns the first document, and the line after its end, if more follows.
func (d *document) parseHead() (documents []*yaml.Node, end int) {
	tried := 0
	for line := 1; line <= d.Lines() && tried < maxHeads; line++ {
		start, _ := d.LineAt(line)
		text := d.From(start)
		if !bytes.HasPrefix(text, []byte("---")) && !bytes.HasPrefix(text, []byte("...")) && !bytes.HasPrefix(text, []byte("%")) {
			continue
		}
		tried++
		if documents, err := parse(d.Part(0, start)); err == nil && len(documents) > 0 {
			return documents, line
		}
	}
	return nil, 0
}

const byteOrderMark = "\ufeff"

// readJSON makes nodes of JSON. Package yaml does not read all of it.
func (d *document) readJSON(name string) error {
	var whole json.RawMessage
	if err := json.Unmarshal(d.Bytes(), &whole); err != nil {
		line := d.Lines()
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line = d.LineOf(int(syntax.Offset) - 1)
		}
		return provider.WithHint(strictyaml.ErrorAt(name, line, "not JSON: "+err.Error()),
			"the kubelet reads a file that begins with { as JSON: without comments, with names in quotes")
	}
	d.spans = map[*yaml.Node]span{}
	reader := jsonReader{document: d, decoder: json.NewDecoder(bytes.NewReader(d.Bytes()))}
	reader.decoder.UseNumber()
	if d.root = reader.value(0); reader.tooMuch {
		return strictyaml.ErrorAt(name, reader.line, strictyaml.ErrTooMuch.Error())
	}
	return nil
}

// maxDepth is how many levels of lists and mappings a config may have. It has six.
const maxDepth = 100

type jsonReader struct {
	*document
	decoder *json.Decoder
	values  int
	tooMuch bool // on that line
	line    int
}

// value reads the next value, which is in so many others. The JSON is known to be valid.
func (r *jsonReader) value(depth int) *yaml.Node {
	at := int(r.decoder.InputOffset())
	for bytes.IndexByte([]byte(" \t\r\n,:"), r.At(at)) >= 0 {
		at++
	}
	token, err := r.decoder.Token()
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: r.LineOf(at), Style: yaml.DoubleQuotedStyle}
	if r.values++; !r.tooMuch && (depth > maxDepth || r.values > maxValues) {
		r.tooMuch, r.line = true, node.Line
	}
	if r.tooMuch {
		return node
	}
	switch t := token.(type) {
	case json.Delim:
		node.Kind, node.Style = yaml.MappingNode, yaml.FlowStyle
		if t == '[' {
			node.Kind = yaml.SequenceNode
		}
		for r.decoder.More() && !r.tooMuch {
			node.Content = append(node.Content, r.value(depth+1))
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
	r.spans[node] = span{From: at, To: int(r.decoder.InputOffset())}
	return node
}
