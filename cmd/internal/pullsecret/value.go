package pullsecret

import (
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// A value is a node with the place and the name that errors give it.
type value struct {
	file  string
	line  int // that of the key if the value has one: an empty value has no line of its own
	field string
	node  *yaml.Node // nil if there is none
}

// failf returns an error of v: "file:7: metadata.name: must be a string, is a number".
func (v value) failf(format string, args ...any) error {
	place := fmt.Sprintf("%s:%d: ", v.file, v.line)
	if v.field != "" {
		place += v.field + ": "
	}
	return errors.New(place + fmt.Sprintf(format, args...))
}

// child returns the value at a key or an index of v.
func (v value) child(name string, at, node *yaml.Node) value {
	return value{v.file, at.Line, strings.TrimPrefix(v.field+name, "."), node}
}

// get returns the value of a key of v, without a node if there is none or it is null.
func (v value) get(key string) value {
	if v.node != nil && v.node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(v.node.Content); i += 2 {
			if v.node.Content[i].Value == key {
				return v.member(i)
			}
		}
	}
	return value{v.file, v.line, strings.TrimPrefix(v.field+keyName(key), "."), nil}
}

// member returns the value of the key at an index of v's content, without a node if it is null.
func (v value) member(i int) value {
	key, node := v.node.Content[i], v.node.Content[i+1]
	if node.ShortTag() == "!!null" {
		node = nil
	}
	return v.child(keyName(key.Value), key, node)
}

// keyName is how a key is written behind the name of its mapping.
func keyName(key string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if strings.Trim(key, plain) == "" && key != "" {
		return "." + key
	}
	return fmt.Sprintf("[%s]", strictyaml.Quoted(key))
}

// quoted lists the first of some keys.
func quoted(keys []string) string {
	const most = 10
	var texts []string
	for _, key := range keys[:min(len(keys), most)] {
		texts = append(texts, strictyaml.Quoted(key))
	}
	text := strings.Join(texts, ", ")
	if more := len(keys) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// items returns the items of a list, none if there is no list.
func (v value) items() ([]value, error) {
	if v.node == nil {
		return nil, nil
	}
	if v.node.Kind != yaml.SequenceNode {
		return nil, v.failf("must be a list, is %s", describe(v.node))
	}
	var items []value
	for i, node := range v.node.Content {
		items = append(items, v.child(fmt.Sprintf("[%d]", i), node, node))
	}
	return items, nil
}

// mapping checks that v is a mapping if it is there.
func (v value) mapping() error {
	if v.node != nil && v.node.Kind != yaml.MappingNode {
		return v.failf("must be a mapping, is %s", describe(v.node))
	}
	return nil
}

// text returns the string that v is, "" if it is not there.
func (v value) text() (string, error) {
	if v.node == nil {
		return "", nil
	}
	if v.node.Kind != yaml.ScalarNode || v.node.ShortTag() != "!!str" {
		return "", v.failf("must be a string, is %s", describe(v.node))
	}
	return v.node.Value, nil
}

// texts returns the strings of a mapping of them, and those of its keys whose value is null as
// "".
func (v value) texts() (map[string]string, error) {
	if err := v.mapping(); err != nil || v.node == nil {
		return nil, err
	}
	texts := map[string]string{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		text, err := v.member(i).text()
		if err != nil {
			return nil, err
		}
		texts[v.node.Content[i].Value] = text
	}
	return texts, nil
}

func describe(node *yaml.Node) string {
	switch node.ShortTag() {
	case "!!map":
		return "a mapping"
	case "!!seq":
		return "a list"
	case "!!null":
		return "empty"
	case "!!str":
		return "a string"
	case "!!bool":
		return "true or false"
	}
	return "a number"
}
