package pullsecret

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// A Secret is a Kubernetes Secret that was read: as the API server gives it, or as a manifest
// describes it.
type Secret struct {
	Namespace string // "" if it names none
	Name      string

	kind        string // its type
	data        map[string]provider.Secret
	stringData  map[string]provider.Secret
	annotations map[string]string
	immutable   bool
}

// String returns NAMESPACE/NAME, or NAME, for people. A text that cannot be a name may be anything, and is not
// shown.
func (s Secret) String() string {
	if full := strictyaml.Word("", fullName(s.Namespace, s.Name)); full != "" {
		return full
	}
	return "a Secret without a proper name"
}

// ReadSecrets returns the Secrets of any type in data, YAML or JSON: documents and items of Lists. Other
// kinds are ignored. It is an error if there is no Secret. The error names file, line and field, and shows
// no values.
func ReadSecrets(file string, data []byte) ([]Secret, error) {
	objects, err := read(file, data, "Secret")
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 {
		return nil, provider.WithHint(fmt.Errorf("%s: there is no Secret in it", file), "give what this prints: kubectl get secret NAME -o yaml")
	}
	var secrets []Secret
	for _, object := range objects {
		secret, err := parseSecret(object)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

func parseSecret(object strictyaml.Value) (s Secret, err error) {
	if s.Namespace, s.Name, err = identity(object); err != nil {
		return Secret{}, err
	}
	if s.annotations, err = object.Get("metadata").Get("annotations").Texts(); err != nil {
		return Secret{}, err
	}
	if s.kind, err = object.Get("type").Text(); err != nil {
		return Secret{}, err
	}
	if s.data, err = secretTexts(object.Get("data")); err != nil {
		return Secret{}, err
	}
	if s.stringData, err = secretTexts(object.Get("stringData")); err != nil {
		return Secret{}, err
	}
	if s.immutable, err = object.Get("immutable").Bool(); err != nil {
		return Secret{}, err
	}
	return s, nil
}

func secretTexts(v strictyaml.Value) (map[string]provider.Secret, error) {
	texts, err := v.Texts()
	if err != nil {
		return nil, err
	}
	secrets := map[string]provider.Secret{}
	for key, text := range texts {
		secrets[key] = provider.NewSecret(text)
	}
	return secrets, nil
}

// Secrets returns the secrets in all of its data: of a Docker configuration those of dockerconfig.Secrets, of
// other content the whole.
func (s Secret) Secrets() []string {
	var found []string
	for _, key := range s.keys() {
		content, err := s.content(key)
		switch {
		case err != nil:
			found = append(found, s.data[key].Reveal())
		case key == s.key():
			found = append(found, dockerconfig.Secrets(content)...)
		default:
			found = append(found, string(content))
		}
	}
	return found
}

// IsPullSecret reports whether the Secret is meant to be a pull secret: by its type, or by a
// Docker configuration in it.
func (s Secret) IsPullSecret() bool {
	return s.ofPullType() || s.key() != ""
}

func (s Secret) ofPullType() bool {
	return s.kind == typeDockerConfigJSON || s.kind == typeDockercfg
}

// key returns the key of the Docker configuration: the one that the type demands, or one that has such a
// configuration; "" if there is none.
func (s Secret) key() string {
	switch s.kind {
	case typeDockerConfigJSON:
		return keyDockerConfigJSON
	case typeDockercfg:
		return keyDockercfg
	}
	for _, key := range append([]string{keyDockerConfigJSON, keyDockercfg}, s.keys()...) {
		if s.has(key) && (key == keyDockerConfigJSON || key == keyDockercfg || s.holdsAuths(key)) {
			return key
		}
	}
	return ""
}

// keys returns the keys of data and stringData, sorted.
func (s Secret) keys() []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(s.data)), maps.Keys(s.stringData))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// dataKeys lists keys of data, the same text only once.
func dataKeys(keys []string) string {
	var texts []string
	for _, key := range keys {
		texts = append(texts, strictyaml.DataKey(key))
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ", ")
}

// quoted lists the first of some keys of auths.
func quoted(keys []string) string {
	const most = 10
	var texts []string
	for _, key := range keys[:min(len(keys), most)] {
		texts = append(texts, strictyaml.Quoted(key))
	}
	text := strings.Join(texts, ", ")
	if more := len(keys) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (s Secret) has(key string) bool {
	_, inData := s.data[key]
	_, inStringData := s.stringData[key]
	return inData || inStringData
}

// holdsAuths reports whether there is a Docker configuration under a key.
func (s Secret) holdsAuths(key string) bool {
	content, err := s.content(key)
	var config struct {
		Auths map[string]json.RawMessage `json:"auths"`
	}
	return err == nil && json.Unmarshal(content, &config) == nil && len(config.Auths) > 0
}

// content returns the content of a key as the API server reads it, empty if there is none. The error says
// why it refuses the Secret.
func (s Secret) content(key string) ([]byte, error) {
	if text, ok := s.stringData[key]; ok {
		return []byte(text.Reveal()), nil
	}
	return decodeData(s.data[key].Reveal())
}

// Entries returns the entries that the kubelet tries for an image, in its order, if the Secret is one of
// the pod's pull secrets. The result is empty if the kubelet ignores the Secret or never gets it. The
// error says why the kubelet cannot read the Secret. Then all pull secrets of the pod fail.
func (s Secret) Entries(image provider.Image) ([]dockerconfig.KubeletEntry, error) {
	content, err := s.content(s.key())
	if err != nil || len(content) == 0 || !s.ofPullType() {
		return nil, nil
	}
	return dockerconfig.KubeletEntries(content, s.kind == typeDockercfg, image)
}
