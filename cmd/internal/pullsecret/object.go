package pullsecret

import (
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// An Object is a Kubernetes object in the order of its fields. It may hold a secret, which
// fmt does not show.
type Object struct {
	// All nodes below root are made by mapping, text or normalise.
	root *yaml.Node
}

// mapping makes a mapping of keys, which are strings, each followed by its value, a *yaml.Node.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i+1 < len(pairs); i += 2 {
		node.Content = append(node.Content, text(pairs[i].(string)), pairs[i+1].(*yaml.Node))
	}
	return node
}

func sorted(pairs map[string]string) *yaml.Node {
	node := mapping()
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		node.Content = append(node.Content, text(key), text(pairs[key]))
	}
	return node
}

func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Style: style(value)}
}

// style puts a string in quotes if there is any doubt that it is one. kubectl reads YAML 1.1,
// which has more words than package yaml for true and false.
func style(value string) yaml.Style {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const inner = letters + "0123456789-_./+=:@"
	word := strings.TrimPrefix(value, ".") // .dockerconfigjson
	plain := word != "" && strings.Contains(letters, word[:1]) && strings.Trim(word, inner) == "" && !strings.HasSuffix(word, ":")
	switch strings.ToLower(value) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan":
		plain = false
	}
	if plain {
		return 0
	}
	return yaml.DoubleQuotedStyle
}

// get returns the value of a key, nil if there is none.
func get(node *yaml.Node, key string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// with returns a copy of a mapping in which key has the value.
func with(node *yaml.Node, key string, value *yaml.Node) *yaml.Node {
	changed := *node
	changed.Content = slices.Clone(node.Content)
	for i := 0; i+1 < len(changed.Content); i += 2 {
		if changed.Content[i].Value == key {
			changed.Content[i+1] = value
			return &changed
		}
	}
	changed.Content = append(changed.Content, text(key), value)
	return &changed
}

// without returns a copy of a mapping that does not have the keys.
func without(node *yaml.Node, keys ...string) *yaml.Node {
	return filter(node, func(key string) bool { return !slices.Contains(keys, key) })
}

// only returns a copy of a mapping that has no other keys.
func only(node *yaml.Node, keys ...string) *yaml.Node {
	return filter(node, func(key string) bool { return slices.Contains(keys, key) })
}

func filter(node *yaml.Node, keep func(key string) bool) *yaml.Node {
	changed := *node
	changed.Content = nil
	for i := 0; i+1 < len(node.Content); i += 2 {
		if keep(node.Content[i].Value) {
			changed.Content = append(changed.Content, node.Content[i], node.Content[i+1])
		}
	}
	return &changed
}
