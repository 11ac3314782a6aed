package pullsecret

import (
	"encoding/json"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// normalise makes of v what JSON has as well, as kubectl does before it sends it, in the form
// in which encoders write it; or says where v has something else, or a key twice.
func (v value) normalise() error {
	node := v.node
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return v.failf("anchors and aliases are not supported")
	}
	if node.Style&yaml.TaggedStyle != 0 {
		return v.failf("tags are not supported")
	}
	node.HeadComment, node.LineComment, node.FootComment = "", "", ""
	switch node.Kind {
	case yaml.MappingNode:
		node.Style = 0
		return v.normaliseMapping()
	case yaml.SequenceNode:
		node.Style = 0
		for i, item := range node.Content {
			if err := v.child(fmt.Sprintf("[%d]", i), item, item).normalise(); err != nil {
				return err
			}
		}
		return nil
	}
	return v.normaliseScalar()
}

func (v value) normaliseMapping() error {
	lines := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := v.node.Content[i]
		if key.Kind != yaml.ScalarNode || key.Anchor != "" || key.ShortTag() != "!!str" && key.ShortTag() != "!!timestamp" {
			return v.child("", key, nil).failf("the name of a field must be a plain string")
		}
		child := v.child(keyName(key.Value), key, v.node.Content[i+1])
		if line, twice := lines[key.Value]; twice {
			return child.failf("given twice, first on line %d", line)
		}
		lines[key.Value] = key.Line
		line := key.Line
		*key = *text(key.Value)
		key.Line = line
		if err := child.normalise(); err != nil {
			return err
		}
	}
	return nil
}

func (v value) normaliseScalar() error {
	switch node := v.node; node.ShortTag() {
	case "!!str", "!!timestamp": // to kubectl a time is a string like others
		node.Tag, node.Style = "!!str", style(node.Value)
	case "!!null":
		node.Value = "null"
	case "!!bool":
		node.Value = strings.ToLower(node.Value)
	case "!!int", "!!float":
		if !json.Valid([]byte(node.Value)) {
			return v.failf("must be a decimal number or in quotes")
		}
	default:
		return v.failf("merge keys are not supported")
	}
	return nil
}
