package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// Limits of what Parse reads. They keep its time and memory, and those of whoever goes through the nodes, in
// bounds: a node takes about 200 bytes, and functions call themselves for each level.
const (
	maxValues = 1 << 20
	maxDepth  = 200 // levels of lists and mappings; objects of Kubernetes have up to 30
)

// ErrTooMuch is or is wrapped by the error of Parse for data beyond its limits.
var ErrTooMuch = errors.New("too many values, or lists and mappings nested too deeply")

// Parse returns the first documents of data, at most that many. The error is one of package yaml: it can
// quote a name of the document, and its line is not exact. Decode has a better one. No list or mapping is
// nested more than 200 levels deep, so that functions may call themselves for what is in a node.
func Parse(data []byte, most int) (documents []*yaml.Node, err error) {
	if marks(data) > maxValues {
		return nil, ErrTooMuch
	}
	// Package yaml panics for what its authors thought to be impossible.
	defer func() {
		if recover() != nil {
			documents, err = nil, errors.New("yaml: the text is not understood")
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for len(documents) < most {
		document := new(yaml.Node)
		err := decoder.Decode(document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(document.Content) == 0 {
			return nil, errors.New("yaml: a document without content")
		}
		if deep := deeper(document, maxDepth+1); deep != nil {
			return nil, fmt.Errorf("yaml: line %d: %w", deep.Line, ErrTooMuch)
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// marks returns a number that is not smaller than that of the values in data, except for the one of each
// document: a value has a character before it that sets it apart from others.
func marks(data []byte) int {
	count := 0
	for i, b := range data {
		switch b {
		case ':':
			count += 2 // a key and its value
		case ',', '[', '{':
			count++
		case '-', '?':
			if i+1 == len(data) || data[i+1] <= ' ' {
				count++
			}
		case '\n':
			if bytes.HasPrefix(data[i+1:], []byte("---")) {
				count += 2 // a document and its content
			}
		}
	}
	return count
}

// deeper returns a node that is at least so many levels below n, nil if there is none.
func deeper(n *yaml.Node, levels int) *yaml.Node {
	if levels == 0 {
		return n
	}
	for _, child := range n.Content {
		if found := deeper(child, levels-1); found != nil {
			return found
		}
	}
	return nil
}

// Unmarshal reads the first document of data into a value, as package yaml does. The error quotes nothing of
// data.
func Unmarshal(data []byte, into any) (err error) {
	documents, err := Parse(data, 1)
	if err != nil {
		_, text := problem(err)
		return errors.New("not YAML: " + text)
	}
	defer func() {
		if recover() != nil {
			err = errors.New("not YAML that is understood")
		}
	}()
	for _, document := range documents {
		if document.Decode(into) != nil { // whose error quotes values
			return errors.New("a value has the wrong type")
		}
	}
	return nil
}
