package kubeletconfig

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// A shape says what Redact shows of a value. A nil one shows nothing.
type shape struct {
	fields map[string]*shape // of a mapping: the names that are shown
	items  *shape            // of a list
	valid  func(text string) bool
	given  bool // what known knows is shown, too
}

// schema returns the shape of a config.
func schema() *shape {
	one := func(texts ...string) *shape {
		return &shape{valid: func(text string) bool { return slices.Contains(texts, text) }}
	}
	valid := func(valid func(text string) bool) *shape { return &shape{valid: valid} }
	hidden := &shape{}
	var configs, protocols []string
	for _, version := range versions() {
		configs = append(configs, configGroup+"/"+version)
		protocols = append(protocols, protocolGroup+"/"+version)
	}
	return &shape{fields: map[string]*shape{
		"apiVersion": one(configs...),
		"kind":       one(configKind),
		"providers": {items: &shape{fields: map[string]*shape{
			"name":                 valid(isPlainName),
			"apiVersion":           one(protocols...),
			"defaultCacheDuration": valid(isDuration),
			"matchImages":          {items: valid(isPlainPattern)},
			"args":                 {items: &shape{given: true}},
			"env": {items: &shape{fields: map[string]*shape{
				"name":  valid(isPlainVariable),
				"value": {given: true},
			}}},
			"tokenAttributes": {fields: map[string]*shape{
				"serviceAccountTokenAudience":          hidden,
				"cacheType":                            one("ServiceAccount", "Token"),
				"requireServiceAccount":                one("true", "false"),
				"requiredServiceAccountAnnotationKeys": hidden,
				"optionalServiceAccountAnnotationKeys": hidden,
			}},
		}}},
	}}
}

// names reports whether a field of this name is in the shape, at any depth.
func (f *shape) names(name string) bool {
	if f == nil {
		return false
	}
	for field, of := range f.fields {
		if field == name || of.names(name) {
			return true
		}
	}
	return f.items.names(name)
}

func (f *shape) item() *shape {
	if f == nil {
		return nil
	}
	return f.items
}

// field returns the shape of a field, nil if its name is not one that is shown.
func (f *shape) field(key *yaml.Node) *shape {
	if f == nil || key.Kind != yaml.ScalarNode || key.Anchor != "" {
		return nil
	}
	return f.fields[key.Value]
}

// shows reports whether a scalar of this shape is shown.
func (f *shape) shows(n *yaml.Node, variable string, known func(name, value string) bool) bool {
	switch {
	case f == nil || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!bool":
		return false
	case f.valid != nil:
		return f.valid(n.Value)
	}
	return f.given && known(variable, n.Value)
}

const letters = lower + upper

// isPlainName reports whether text is the name of a file as plugins have them.
func isPlainName(text string) bool {
	return text != "" && len(text) <= maxName && strings.Trim(text, letters+digits+"._-") == ""
}

// isPlainVariable reports whether text is the name of a variable as shells know them.
func isPlainVariable(text string) bool {
	return text != "" && len(text) <= maxName && strings.Trim(text, letters+digits+"_") == "" && !strings.Contains(digits, text[:1])
}

func isDuration(text string) bool {
	_, err := time.ParseDuration(text)
	return err == nil
}

// isPlainPattern reports whether text selects images. In such a pattern there is no place for a password.
func isPlainPattern(text string) bool {
	g, err := parseGlob(text)
	return err == nil && g.whole && g.never() == ""
}
