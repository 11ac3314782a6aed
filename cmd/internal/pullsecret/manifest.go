// Package pullsecret writes, reads and checks Kubernetes manifests of pull secrets, and attaches
// them to service accounts.
package pullsecret

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/provider"
)

// Types of Secrets that the kubelet takes for pull secrets, and the key that each must have:
// https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
const (
	typeDockerConfigJSON = "kubernetes.io/dockerconfigjson"
	keyDockerConfigJSON  = ".dockerconfigjson"
	typeDockercfg        = "kubernetes.io/dockercfg"
	keyDockercfg         = ".dockercfg"
)

// Limits of the API server, pkg/apis/core/validation.
const (
	maxAnnotations = 256 << 10 // bytes, keys and values together
	maxSecret      = 1 << 20   // bytes, all values of data together
)

// Annotations of a Secret that pullpass wrote. Both are times of RFC 3339: when the first of its
// credentials expires, and when the Secret should be replaced.
const (
	ExpiresAt    = "pullpass/expires-at"
	RefreshAfter = "pullpass/refresh-after"
)

// A Manifest is a Secret of type kubernetes.io/dockerconfigjson.
type Manifest struct {
	Name        string
	Namespace   string // "" leaves it out
	Labels      map[string]string
	Annotations map[string]string
	Config      provider.Secret // the content of .dockerconfigjson
}

// Object returns the Secret as an object. It has data, never stringData: that would win over data, and the
// password would stay in the last applied configuration. The error says what the API server would refuse:
// a name, a namespace, labels, annotations, the size or the form of the content.
func (m Manifest) Object() (Object, error) {
	if err := m.check(); err != nil {
		return Object{}, err
	}
	data := base64.StdEncoding.EncodeToString([]byte(m.Config.Reveal()))
	return Object{mapping(
		"apiVersion", text("v1"),
		"kind", text("Secret"),
		"metadata", m.metadata(),
		"type", text(typeDockerConfigJSON),
		"data", mapping(keyDockerConfigJSON, text(data)),
	)}, nil
}

func (m Manifest) metadata() *yaml.Node {
	metadata := mapping("name", text(m.Name))
	if m.Namespace != "" {
		metadata = with(metadata, "namespace", text(m.Namespace))
	}
	if len(m.Labels) > 0 {
		metadata = with(metadata, "labels", sorted(m.Labels))
	}
	if len(m.Annotations) > 0 {
		metadata = with(metadata, "annotations", sorted(m.Annotations))
	}
	return metadata
}

func (m Manifest) check() error {
	if err := kubename.CheckName(m.Name); err != nil {
		return err
	}
	if m.Namespace != "" {
		if err := kubename.CheckNamespace(m.Namespace); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		if err := kubename.CheckLabel(key, m.Labels[key]); err != nil {
			return err
		}
	}
	if err := checkAnnotations(m.Annotations); err != nil {
		return err
	}
	return checkContent(m.Config)
}

func checkAnnotations(annotations map[string]string) error {
	size := 0
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if err := kubename.CheckAnnotationKey(key); err != nil {
			return err
		}
		if !utf8.ValidString(annotations[key]) {
			return fmt.Errorf("annotation %s: the value must be UTF-8", key)
		}
		size += len(key) + len(annotations[key])
	}
	if size > maxAnnotations {
		return fmt.Errorf("annotations: %d bytes are more than the %d that a Secret may have", size, maxAnnotations)
	}
	return nil
}

// checkContent returns an error unless content is a JSON object that fits into a Secret.
func checkContent(content provider.Secret) error {
	if size := len(content.Reveal()); size > maxSecret {
		return fmt.Errorf("data: %d bytes are more than the %d that a Secret may have", size, maxSecret)
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(content.Reveal()), &object) != nil {
		return errors.New("data: the content of .dockerconfigjson must be a JSON object")
	}
	return nil
}
