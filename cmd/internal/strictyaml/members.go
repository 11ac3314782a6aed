package strictyaml

import "gopkg.in/yaml.v3"

// A Member is a field of a mapping.
type Member struct {
	Key *yaml.Node // a scalar whose Value is the name, if there is no Err
	Value
	Err error // an *Error about the key, nil if there is nothing wrong with it
}

// Members returns the fields of a mapping in their order, none if v is not there. The error, an *Error,
// says that v is no mapping. What is wrong with a single key is in its Member. Places name a key only if it
// has the form of a field's name and is not where secrets are: YAML reads {name: A, value:s3cret} as two keys.
func (v Value) Members() ([]Member, error) {
	if v.Node == nil {
		return nil, nil
	}
	if err := v.mustBe(Map.String(), yaml.MappingNode, "!!map"); err != nil {
		return nil, err
	}
	var members []Member
	lines := map[string]int{}
	for i := 0; i+1 < len(v.Node.Content); i += 2 {
		key := v.Node.Content[i]
		member := Member{Key: key, Value: v.member(key, v.Node.Content[i+1])}
		line, twice := lines[key.Value]
		switch {
		case v.format == Fields && key.ShortTag() == "!!merge":
			member.Err = member.Errorf("merge keys are not supported")
		case !v.isName(key):
			member.Err = v.child(v.Field, key, nil).Errorf("the name of a field must be a plain string")
		case twice:
			member.Err = member.Errorf("given twice, first on line %d", line)
		default:
			lines[key.Value] = key.Line
		}
		members = append(members, member)
	}
	return members, nil
}

// isName reports whether key can be the name of a field of v. kubectl takes a date for a string.
func (v Value) isName(key *yaml.Node) bool {
	tag := key.ShortTag()
	return key.Kind == yaml.ScalarNode && key.Anchor == "" && (tag == "!!str" || v.format == Objects && tag == "!!timestamp")
}

// Get returns a field of v. Its place has the name, which must not come from a document. The result is not
// there if v is no mapping, if it has no such field, or if the field is null.
func (v Value) Get(name string) Value {
	if v.Node != nil && v.Node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(v.Node.Content); i += 2 {
			if key := v.Node.Content[i]; key.Value == name {
				field := v.child(v.join(name), key, v.Node.Content[i+1]).orNone()
				field.hidden = v.hidden || holdsSecrets(name)
				return field
			}
		}
	}
	missing := v
	missing.Field, missing.Node = v.join(name), nil
	return missing
}

// orNone returns v. If v is null, the result is not there.
func (v Value) orNone() Value {
	if v.Node.ShortTag() == "!!null" {
		v.Node = nil
	}
	return v
}

// Texts returns the strings in a mapping by their keys, "" for null; none if v is not there. The
// error is an *Error.
func (v Value) Texts() (map[string]string, error) {
	members, err := v.Members()
	if err != nil || v.Node == nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, member := range members {
		if member.Err != nil {
			return nil, member.Err
		}
		if texts[member.Key.Value], err = member.orNone().Text(); err != nil {
			return nil, err
		}
	}
	return texts, nil
}
