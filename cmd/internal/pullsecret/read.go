package pullsecret

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// read returns the objects of a kind of the core API in data: documents, and items of Lists.
// Other kinds are passed over. Errors name the file, the line and the field, and quote no
// values.
func read(file string, data []byte, kind string) ([]value, error) {
	documents, err := strictyaml.Decode(file, data)
	if err != nil {
		return nil, err
	}
	var objects []value
	for _, document := range documents {
		root := document.Content[0]
		if root.ShortTag() == "!!null" {
			continue // two separators with nothing between them
		}
		more, err := value{file, root.Line, "", root}.objects(kind, "")
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// objects returns the objects of a kind that v is or holds. Its own kind may be left out if
// it is an item of a list of implied ones, as the API server gives them.
func (v value) objects(kind, implied string) ([]value, error) {
	if v.node.Kind != yaml.MappingNode {
		return nil, v.failf("must be a Kubernetes object, is %s", describe(v.node))
	}
	own, err := v.get("kind").text()
	if err != nil {
		return nil, err
	}
	version, err := v.get("apiVersion").text()
	if err != nil {
		return nil, err
	}
	if own == "" && version == "" && implied == kind {
		v.node = with(with(v.node, "apiVersion", text("v1")), "kind", text(kind))
		return []value{v}, v.normalise()
	}
	switch {
	case own == "" && implied == "" && get(v.node, "auths") != nil:
		return nil, provider.WithHint(v.get("kind").failf("missing: this is a Docker config, not a Secret with one"),
			"make a Secret of it: pullpass secret NAME --registry HOST --from-docker-config=FILE")
	case own == "" && implied == "":
		return nil, v.get("kind").failf("missing")
	case version == "" && implied == "":
		return nil, v.get("apiVersion").failf("missing")
	case version != "v1":
		return nil, nil
	case own == kind:
		return []value{v}, v.normalise()
	case !strings.HasSuffix(own, "List"):
		return nil, nil
	}
	items, err := v.get("items").items()
	if err != nil {
		return nil, err
	}
	var objects []value
	for _, item := range items {
		more, err := item.objects(kind, strings.TrimSuffix(own, "List"))
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}
