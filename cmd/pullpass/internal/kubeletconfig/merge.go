package kubeletconfig

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// Merge returns data with the entry in it. The entry replaces the one of the same name, or comes after all
// others. All other bytes stay, such as comments and indentation, in JSON and in both styles of YAML. The
// entry gets the protocol version of the config. An existing entry that means the same stays as it is.
//
// The error says that data cannot be read, what cannot be in an entry, or that the file has a form that
// cannot be changed safely. In the last case the hint is to do it by hand. name is the file's, for errors.
func Merge(name string, data []byte, entry Entry) ([]byte, error) {
	if err := entry.check(); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return New(entry, YAML)
	}
	before, err := decode(name, data)
	if err != nil {
		return nil, err
	}
	byHand := notUnderstood(name, "edit it by hand; pullpass config kubelet prints the entry")
	merged, ok := before.put(entry)
	if !ok || verify(name, before, merged, before.others([]string{entry.Name}), &entry) != nil {
		return nil, byHand
	}
	return merged, nil
}

// Remove returns data without the provider of that name, or data itself if there is none. The error is or
// wraps ErrLast if it is the only provider; other errors are those of Merge.
func Remove(name string, data []byte, providerName string) ([]byte, error) {
	before, err := decode(name, data)
	if err != nil {
		return nil, err
	}
	list, items, ok := before.providers()
	byHand := notUnderstood(name, "remove "+providerName+" by hand")
	switch {
	case !ok:
		return nil, byHand
	case indexOf(items, providerName) < 0:
		return data, nil
	case len(list.Content) == 1:
		return nil, fmt.Errorf("remove %s from %s: %w", providerName, name, ErrLast)
	}
	removed, ok := before.cut(providerName)
	if !ok || verify(name, before, removed, before.others([]string{providerName}), nil) != nil {
		return nil, byHand
	}
	return removed, nil
}

// others returns the canonical texts of the providers, except those with one of the names.
func (d *document) others(names []string) []string {
	var texts []string
	list, _ := d.value.field("providers")
	for _, item := range list.items {
		if !slices.Contains(names, item.fieldText("name")) {
			texts = append(texts, item.canonical())
		}
	}
	return texts
}

var errDiffers = errors.New("something else has changed")

// verify reads data, the changed file, and compares it with the document before. It returns an error unless
// the other providers are want, in that order, everything else is the same, the entry, if it is not nil, is
// in the file, and there is no new fault.
func verify(name string, before *document, data []byte, want []string, entry *Entry) error {
	after, err := decode(name, data)
	if err != nil {
		return err
	}
	var skip []string
	if entry != nil {
		skip = []string{entry.Name}
		var found []string
		list, _ := after.value.field("providers")
		for _, item := range list.items {
			if item.fieldText("name") == entry.Name {
				found = append(found, item.canonical())
			}
		}
		if !slices.Equal(found, []string{entry.canonical(before.version())}) {
			return errDiffers
		}
	}
	if !slices.Equal(after.others(skip), want) || after.frame() != before.frame() || after.more > 0 != (before.more > 0) {
		return errDiffers
	}
	known := before.faultTexts(name)
	for text := range after.faultTexts(name) {
		if !known[text] {
			return errDiffers
		}
	}
	return nil
}

// frame returns the canonical text of the config without its providers.
func (d *document) frame() string {
	rest := value{kind: d.value.kind}
	for _, f := range d.value.fields {
		if f.key != "providers" {
			rest.fields = append(rest.fields, f)
		}
	}
	return rest.canonical()
}

// faultTexts returns the texts of all faults.
func (d *document) faultTexts(name string) map[string]bool {
	texts := map[string]bool{}
	for _, fault := range Refused([]File{{Name: name, Data: d.Bytes()}}, nil) {
		texts[fault.Text] = true
	}
	return texts
}

// version returns the version of the config. An entry gets the same version of the protocol.
func (d *document) version() string {
	text := d.value.fieldText("apiVersion")
	for _, version := range versions() {
		if text == configGroup+"/"+version {
			return version
		}
	}
	return versions()[0]
}

// providers returns the node of the list and the values of its items, as many as the node has. The node of an
// empty list can be a scalar. It returns false for what the nodes and the values can disagree about, such as
// a second key of this name.
func (d *document) providers() (list *yaml.Node, items []value, ok bool) {
	if d.root.Kind != yaml.MappingNode || d.value.kind != strictyaml.Map {
		return nil, nil, false
	}
	for i := 0; i+1 < len(d.root.Content); i += 2 {
		if d.root.Content[i].Value != "providers" {
			continue
		}
		if list != nil {
			return nil, nil, false
		}
		list = d.root.Content[i+1]
	}
	v, found := d.value.field("providers")
	if !found || list == nil || len(list.Content) != len(v.items) {
		return nil, nil, false
	}
	return list, v.items, list.Kind == yaml.SequenceNode || v.kind == strictyaml.Null && list.Kind == yaml.ScalarNode
}

func indexOf(items []value, name string) int {
	return slices.IndexFunc(items, func(v value) bool { return v.fieldText("name") == name })
}

// put returns the data with the entry in it.
func (d *document) put(entry Entry) ([]byte, bool) {
	list, items, ok := d.providers()
	if !ok {
		return nil, false
	}
	at := indexOf(items, entry.Name)
	if at >= 0 && items[at].canonical() == entry.canonical(d.version()) {
		return d.Bytes(), true
	}
	flow := d.json || list.Style&yaml.FlowStyle != 0
	switch {
	case len(items) == 0 && d.json:
		return d.fillFlow(list, entry)
	case len(items) == 0:
		return d.fillBlock(list, entry)
	case flow && at >= 0:
		return d.replaceInFlow(list, at, entry)
	case flow:
		return d.addToFlow(list, entry)
	case at >= 0:
		return d.replaceInBlock(list, at, entry)
	}
	return d.addToBlock(list, entry)
}

// cut returns the data without a provider, as it is if there is none of that name. It must not be
// the only one.
func (d *document) cut(name string) ([]byte, bool) {
	list, items, ok := d.providers()
	if !ok {
		return nil, false
	}
	at := indexOf(items, name)
	switch {
	case at < 0:
		return d.Bytes(), true
	case len(items) == 1:
		return nil, false
	case d.json || list.Style&yaml.FlowStyle != 0:
		return d.cutFromFlow(list, at)
	}
	return d.cutFromBlock(list, at)
}

// replace returns the data with text in the place of a span.
func (d *document) replace(s span, text string) ([]byte, bool) {
	return strictyaml.Splice(d.Bytes(), s, text)
}

// eol returns the line break of the file.
func (d *document) eol() string {
	if at := bytes.IndexByte(d.Bytes(), '\n'); d.At(at-1) == '\r' {
		return "\r\n"
	}
	return "\n"
}

// notUnderstood is the error of a file that cannot be changed, with what to do instead.
func notUnderstood(name, hint string) error {
	return provider.WithHint(fmt.Errorf("%s: the file has a form that cannot be changed safely", name), hint)
}
