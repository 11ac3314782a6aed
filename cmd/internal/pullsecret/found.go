package pullsecret

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// A Found is a Secret as the API server gives it, or as a manifest describes it.
type Found struct {
	Namespace string // "" if it names none
	Name      string

	kind        string // its type
	data        map[string]provider.Secret
	stringData  map[string]provider.Secret
	annotations map[string]string
	immutable   bool
}

// String returns NAMESPACE/NAME, or NAME, for people.
func (f Found) String() string { return strictyaml.Shown(fullName(f.Namespace, f.Name)) }

// ReadSecrets finds the Secrets in data, YAML or JSON, of any type: documents and items of
// Lists. Other kinds are passed over. The error names file, line and field, and shows no
// values; there must be a Secret.
func ReadSecrets(file string, data []byte) ([]Found, error) {
	objects, err := read(file, data, "Secret")
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 {
		return nil, provider.WithHint(fmt.Errorf("%s: there is no Secret in it", file), "give what this prints: kubectl get secret NAME -o yaml")
	}
	var secrets []Found
	for _, object := range objects {
		secret, err := parseSecret(object)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

func parseSecret(object value) (f Found, err error) {
	if f.Namespace, f.Name, err = object.identity(); err != nil {
		return Found{}, err
	}
	if f.annotations, err = object.get("metadata").get("annotations").texts(); err != nil {
		return Found{}, err
	}
	if f.kind, err = object.get("type").text(); err != nil {
		return Found{}, err
	}
	if f.data, err = object.get("data").secrets(); err != nil {
		return Found{}, err
	}
	if f.stringData, err = object.get("stringData").secrets(); err != nil {
		return Found{}, err
	}
	if immutable := object.get("immutable"); immutable.node != nil {
		if immutable.node.ShortTag() != "!!bool" {
			return Found{}, immutable.failf("must be true or false, is %s", describe(immutable.node))
		}
		f.immutable = immutable.node.Value == "true"
	}
	return f, nil
}

func (v value) secrets() (map[string]provider.Secret, error) {
	texts, err := v.texts()
	if err != nil {
		return nil, err
	}
	secrets := map[string]provider.Secret{}
	for key, text := range texts {
		secrets[key] = provider.NewSecret(text)
	}
	return secrets, nil
}

// IsPullSecret reports whether the Secret is meant to be a pull secret: by its type, or by a
// Docker configuration in it.
func (f Found) IsPullSecret() bool {
	return f.ofPullType() || f.key() != ""
}

func (f Found) ofPullType() bool {
	return f.kind == typeDockerConfigJSON || f.kind == typeDockercfg
}

// key returns the key under which the Docker configuration is, or must be if the type says
// so; "" if there is none.
func (f Found) key() string {
	switch f.kind {
	case typeDockerConfigJSON:
		return keyDockerConfigJSON
	case typeDockercfg:
		return keyDockercfg
	}
	for _, key := range append([]string{keyDockerConfigJSON, keyDockercfg}, f.keys()...) {
		if f.has(key) && (key == keyDockerConfigJSON || key == keyDockercfg || f.holdsAuths(key)) {
			return key
		}
	}
	return ""
}

// keys returns the keys of data and stringData, sorted.
func (f Found) keys() []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(f.data)), maps.Keys(f.stringData))
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (f Found) has(key string) bool {
	_, inData := f.data[key]
	_, inStringData := f.stringData[key]
	return inData || inStringData
}

// holdsAuths reports whether there is a Docker configuration under a key.
func (f Found) holdsAuths(key string) bool {
	content, err := f.content(key)
	var config struct {
		Auths map[string]json.RawMessage `json:"auths"`
	}
	return err == nil && json.Unmarshal(content, &config) == nil && len(config.Auths) > 0
}

// content returns what the API server takes for the content of a key, empty if there is none.
// The error says why it refuses the Secret.
func (f Found) content(key string) ([]byte, error) {
	if text, ok := f.stringData[key]; ok {
		return []byte(text.Reveal()), nil
	}
	return decodeData(f.data[key].Reveal())
}

// Entries returns the entries that the kubelet tries for an image if the Secret is one of the
// pod's pull secrets, in its order; none if it ignores the Secret or never gets it. The error
// says why it cannot read the Secret, which makes it fail all pull secrets of the pod.
func (f Found) Entries(image provider.Image) ([]dockerconfig.KubeletEntry, error) {
	content, err := f.content(f.key())
	if err != nil || len(content) == 0 || !f.ofPullType() {
		return nil, nil
	}
	return dockerconfig.KubeletEntries(content, f.kind == typeDockercfg, image)
}
