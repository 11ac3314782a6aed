package pullsecret

import (
	"encoding/json"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// normalise changes v so that it has nothing but what JSON has, as kubectl does before it sends an object,
// in the form that the encoders write. The error says where v has something else, or a key twice.
func normalise(v strictyaml.Value) error {
	if err := v.CheckAnchor(); err != nil {
		return err
	}
	node := v.Node
	if node.Style&yaml.TaggedStyle != 0 {
		return v.Errorf("tags are not supported")
	}
	node.HeadComment, node.LineComment, node.FootComment = "", "", ""
	switch node.Kind {
	case yaml.MappingNode:
		node.Style = 0
		return normaliseMembers(v)
	case yaml.SequenceNode:
		node.Style = 0
		items, err := v.Items()
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := normalise(item); err != nil {
				return err
			}
		}
		return nil
	}
	return normaliseScalar(v)
}

func normaliseMembers(v strictyaml.Value) error {
	members, err := v.Members()
	if err != nil {
		return err
	}
	for _, member := range members {
		if member.Err != nil {
			return member.Err
		}
		line := member.Key.Line
		*member.Key = *text(member.Key.Value)
		member.Key.Line = line
		if err := normalise(member.Value); err != nil {
			return err
		}
	}
	return nil
}

func normaliseScalar(v strictyaml.Value) error {
	switch node := v.Node; node.ShortTag() {
	case "!!str", "!!timestamp": // to kubectl a time is a string like others
		node.Tag, node.Style = "!!str", style(node.Value)
	case "!!null":
		node.Value = "null"
	case "!!bool":
		node.Value = strings.ToLower(node.Value)
	case "!!int", "!!float":
		if !json.Valid([]byte(node.Value)) {
			return v.Errorf("must be a decimal number or in quotes")
		}
	default:
		return v.Errorf("merge keys are not supported")
	}
	return nil
}
