package pullsecret

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/provider"
)

// EncodeYAML writes the objects as documents with "---\n" between them, as `kubectl apply -f -`
// reads them. The same objects give the same bytes.
func EncodeYAML(objects []Object) (provider.Secret, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	for _, object := range objects {
		if err := encoder.Encode(object.root); err != nil {
			return provider.Secret{}, fmt.Errorf("encode the manifest: %w", err)
		}
	}
	if len(objects) == 0 {
		return provider.Secret{}, nil // which Close takes for a mistake
	}
	if err := encoder.Close(); err != nil {
		return provider.Secret{}, fmt.Errorf("encode the manifest: %w", err)
	}
	return provider.NewSecret(out.String()), nil
}

// EncodeJSON writes one object as itself, several as a List, indented by two spaces. The same
// objects give the same bytes.
func EncodeJSON(objects []Object) (provider.Secret, error) {
	items := &yaml.Node{Kind: yaml.SequenceNode}
	for _, object := range objects {
		items.Content = append(items.Content, object.root)
	}
	root := mapping("apiVersion", text("v1"), "kind", text("List"), "items", items)
	if len(objects) == 1 {
		root = objects[0].root
	}
	var compact, out bytes.Buffer
	if err := writeJSON(&compact, root); err != nil {
		return provider.Secret{}, fmt.Errorf("encode the manifest: %w", err)
	}
	if err := json.Indent(&out, compact.Bytes(), "", "  "); err != nil {
		return provider.Secret{}, fmt.Errorf("encode the manifest: %w", err)
	}
	return provider.NewSecret(out.String() + "\n"), nil
}

func writeJSON(out *bytes.Buffer, node *yaml.Node) error {
	switch {
	case node.Kind == yaml.MappingNode:
		return writeJSONList(out, node.Content, "{}", ":,")
	case node.Kind == yaml.SequenceNode:
		return writeJSONList(out, node.Content, "[]", ",,")
	case node.ShortTag() != "!!str":
		out.WriteString(node.Value) // normalise left what JSON knows
		return nil
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(node.Value)
}

// writeJSONList writes nodes between two brackets, with two separators in turn.
func writeJSONList(out *bytes.Buffer, nodes []*yaml.Node, brackets, separators string) error {
	out.WriteByte(brackets[0])
	for i, node := range nodes {
		if i > 0 {
			out.WriteByte(separators[(i-1)%2])
		}
		if err := writeJSON(out, node); err != nil {
			return err
		}
	}
	out.WriteByte(brackets[1])
	return nil
}
