package pullsecret

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// read returns the objects of a kind of the core API in data: documents, and items of Lists. Other kinds
// are ignored. Errors name the file, the line and the field, and quote no values.
func read(file string, data []byte, kind string) ([]strictyaml.Value, error) {
	documents, err := strictyaml.Decode(file, data)
	if err != nil {
		return nil, err
	}
	var objects []strictyaml.Value
	for _, document := range documents {
		root := document.Content[0]
		if root.ShortTag() == "!!null" {
			continue // two separators with nothing between them
		}
		more, err := objectsIn(strictyaml.Of(file, root, strictyaml.Objects), kind, "")
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// objectsIn returns the objects of a kind that v is or holds. The kind of v may be left out if v is
// an item of a list of implied ones, as the API server gives them.
func objectsIn(v strictyaml.Value, kind, implied string) ([]strictyaml.Value, error) {
	if v.Node.Kind != yaml.MappingNode {
		return nil, v.Errorf("must be a Kubernetes object, is %s", v.Describe())
	}
	own, err := v.Get("kind").Text()
	if err != nil {
		return nil, err
	}
	version, err := v.Get("apiVersion").Text()
	if err != nil {
		return nil, err
	}
	if own == "" && version == "" && implied == kind {
		v.Node = with(with(v.Node, "apiVersion", text("v1")), "kind", text(kind))
		return []strictyaml.Value{v}, normalise(v)
	}
	switch {
	case own == "" && implied == "" && get(v.Node, "auths") != nil:
		return nil, provider.WithHint(v.Get("kind").Errorf("missing: this is a Docker config, not a Secret with one"),
			"make a Secret of it: pullpass secret NAME --registry HOST --from-docker-config=FILE")
	case own == "" && implied == "":
		return nil, v.Get("kind").Errorf("missing")
	case version == "" && implied == "":
		return nil, v.Get("apiVersion").Errorf("missing")
	case version != "v1":
		return nil, nil
	case own == kind:
		return []strictyaml.Value{v}, normalise(v)
	case !strings.HasSuffix(own, "List"):
		return nil, nil
	}
	items, err := v.Get("items").Items()
	if err != nil {
		return nil, err
	}
	var objects []strictyaml.Value
	for _, item := range items {
		more, err := objectsIn(item, kind, strings.TrimSuffix(own, "List"))
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}
