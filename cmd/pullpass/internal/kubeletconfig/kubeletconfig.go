// Package kubeletconfig reads, checks and changes the kubelet's CredentialProviderConfig, which names the
// plugins that the kubelet asks for credentials. A kubelet does not start with a mistake in it. So this
// package reads again what it writes, and keeps everything that is not pullpass's byte for byte.
//
// The format is that of k8s.io/kubelet/config/v1, v1beta1 and v1alpha1, as a kubelet of version
// 1.37 reads it.
package kubeletconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

const (
	configGroup   = "kubelet.config.k8s.io"
	ownGroup      = "pullpass/" // of the config that pullpass reads itself
	protocolGroup = "credentialprovider.kubelet.k8s.io"
	configKind    = "CredentialProviderConfig"
	// cacheDuration is the entry's defaultCacheDuration. The kubelet uses it for answers without a
	// duration. Those of pullpass always have one.
	cacheDuration = "5m"
)

// versions returns the versions of the config, the newest first. Those of the protocol between the kubelet
// and its plugins have the same names.
func versions() []string { return []string{"v1", "v1beta1", "v1alpha1"} }

// An Env is a variable that the plugin gets on top of the kubelet's environment. Its value can be a
// secret.
type Env struct{ Name, Value string }

// An Entry is pullpass's entry in the kubelet's config.
type Entry struct {
	Name        string // "pullpass"; the name of the binary
	MatchImages []string
	Args        []string
	Env         []Env
}

// A Provider is an entry that is in a config.
type Provider struct {
	Name        string
	MatchImages []string
	Tokens      bool // it has tokenAttributes: the kubelet gives it the pods' tokens
	// Text is all that the entry says, in a canonical form: it is the same for two entries that mean
	// the same. It can hold secrets.
	Text string
}

// ErrLast is the cause of Remove's error if there is no other provider.
var ErrLast = errors.New("it is the only provider, and the kubelet refuses a config without one")

// Providers returns the entries of a config, in the order in which the kubelet reads them. It is an error
// if data cannot be read, or has no list of providers. name is the file's, for errors.
func Providers(name string, data []byte) ([]Provider, error) {
	config, err := decode(name, data)
	if err != nil {
		return nil, err
	}
	list, ok := config.value.field("providers")
	if !ok || list.kind != strictyaml.List && list.kind != strictyaml.Null {
		return nil, fmt.Errorf("%s: there is no list of providers in it", name)
	}
	var providers []Provider
	for _, item := range list.items {
		providers = append(providers, item.provider())
	}
	return providers, nil
}

func (v value) provider() Provider {
	p := Provider{Name: v.fieldText("name"), Text: v.canonical()}
	if patterns, ok := v.field("matchImages"); ok {
		for _, item := range patterns.items {
			p.MatchImages = append(p.MatchImages, item.text)
		}
	}
	tokens, ok := v.field("tokenAttributes")
	p.Tokens = ok && tokens.kind != strictyaml.Null
	return p
}

// check returns an error for what cannot be in an entry.
func (e Entry) check() error {
	if e.Name == "" || len(e.MatchImages) == 0 {
		return errors.New("the entry has no name or no patterns")
	}
	texts := slices.Concat([]string{e.Name}, e.MatchImages, e.Args)
	for _, variable := range e.Env {
		if reason := badVariable(variable.Name); reason != "" {
			return fmt.Errorf("the name of an environment variable %s", reason)
		}
		texts = append(texts, variable.Value)
	}
	for _, text := range texts {
		if hasControl(text) {
			return errors.New("arguments and variables must be UTF-8 without control characters")
		}
	}
	return nil
}

// canonical returns the Text that the Provider has if the entry is in a config of that version.
func (e Entry) canonical(version string) string {
	v := value{kind: strictyaml.Map}
	add := func(key string, of value) { v.fields = append(v.fields, field{key: key, value: of}) }
	texts := func(from []string) value {
		list := value{kind: strictyaml.List}
		for _, text := range from {
			list.items = append(list.items, value{kind: strictyaml.Text, text: text})
		}
		return list
	}
	add("name", value{kind: strictyaml.Text, text: e.Name})
	add("apiVersion", value{kind: strictyaml.Text, text: protocolGroup + "/" + version})
	add("defaultCacheDuration", value{kind: strictyaml.Text, text: cacheDuration})
	add("matchImages", texts(e.MatchImages))
	if len(e.Args) > 0 {
		add("args", texts(e.Args))
	}
	if len(e.Env) > 0 {
		list := value{kind: strictyaml.List}
		for _, variable := range e.Env {
			list.items = append(list.items, value{kind: strictyaml.Map, fields: []field{
				{key: "name", value: value{kind: strictyaml.Text, text: variable.Name}},
				{key: "value", value: value{kind: strictyaml.Text, text: variable.Value}},
			}})
		}
		add("env", list)
	}
	return v.canonical()
}

// canonical returns JSON with sorted keys.
func (v value) canonical() string {
	text, err := json.Marshal(v.any())
	if err != nil {
		return "" // never: v.any has nothing that JSON does not know
	}
	return string(text)
}

func (v value) any() any {
	switch v.kind {
	case strictyaml.Map:
		m := map[string]any{}
		for _, f := range v.fields {
			m[f.key] = f.value.any()
		}
		return m
	case strictyaml.List:
		list := []any{}
		for _, item := range v.items {
			list = append(list, item.any())
		}
		return list
	case strictyaml.Null:
		return nil
	case strictyaml.Bool:
		return v.yes
	case strictyaml.Number:
		return []string{"number", v.text}
	}
	return v.text
}
