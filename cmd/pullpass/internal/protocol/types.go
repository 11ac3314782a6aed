package protocol

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/provider/plainjson"
)

// The JSON forms of the protocol, https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/.
// The kubelet's own types would bring the machinery of the Kubernetes API along, which costs half of a
// plugin's start. types_test.go compares these forms with them.

// requestForm is a CredentialProviderRequest. The older versions have the same fields or fewer.
type requestForm struct {
	kind, apiVersion, image, serviceAccountToken string
}

// field returns where the field that JSON calls name is kept, and its documented name. The case of name
// does not matter, as with encoding/json. field returns nil for fields that are not needed.
func (f *requestForm) field(name string) (place *string, documented string) {
	switch {
	case strings.EqualFold(name, "kind"):
		return &f.kind, "kind"
	case strings.EqualFold(name, "apiVersion"):
		return &f.apiVersion, "apiVersion"
	case strings.EqualFold(name, "image"):
		return &f.image, "image"
	case strings.EqualFold(name, "serviceAccountToken"):
		return &f.serviceAccountToken, "serviceAccountToken"
	}
	return nil, ""
}

// decodeRequest reads the form in data. Errors quote nothing of it.
func decodeRequest(data []byte) (requestForm, error) {
	value, rest, err := plainjson.Parse(data)
	var syntax *plainjson.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return requestForm{}, fmt.Errorf("it is not JSON (byte %d)", syntax.Offset)
	case err != nil:
		return requestForm{}, errors.New("its JSON is cut off")
	case value.Kind != plainjson.Object && value.Kind != plainjson.Null:
		return requestForm{}, fmt.Errorf("it is a JSON %s, not an object", value.Kind)
	}
	var form requestForm
	for name, member := range value.Members {
		place, documented := form.field(name)
		switch {
		case place == nil || member.Kind == plainjson.Null:
		case member.Kind != plainjson.String:
			return requestForm{}, fmt.Errorf("its field %s is a JSON %s", documented, member.Kind)
		default:
			*place = member.Text()
		}
	}
	if !plainjson.IsBlank(rest) {
		return requestForm{}, errors.New("it goes on after its JSON object")
	}
	return form, nil
}

// responseForm is a CredentialProviderResponse of any version.
type responseForm struct {
	apiVersion    string
	cacheKeyType  string
	cacheDuration string // of time.ParseDuration
	auth          []authForm
}

// What the kubelet keeps an answer for: the image, or its whole registry.
const (
	imageKey    = "Image"
	registryKey = "Registry"
)

// authForm is an AuthConfig with the pattern of the images that it is for.
type authForm struct{ pattern, username, password string }

// encode returns the response as one JSON object.
func (r responseForm) encode() []byte {
	const usual = 4 << 10 // bytes; a token has some 2 KiB
	out := append(make([]byte, 0, usual), `{"kind":`...)
	out = plainjson.AppendString(out, responseKind)
	out = append(out, `,"apiVersion":`...)
	out = plainjson.AppendString(out, r.apiVersion)
	out = append(out, `,"cacheKeyType":`...)
	out = plainjson.AppendString(out, r.cacheKeyType)
	out = append(out, `,"cacheDuration":`...)
	out = plainjson.AppendString(out, r.cacheDuration)
	for i, auth := range r.auth {
		if i == 0 {
			out = append(out, `,"auth":{`...)
		} else {
			out = append(out, ',')
		}
		out = plainjson.AppendString(out, auth.pattern)
		out = append(out, `:{"username":`...)
		out = plainjson.AppendString(out, auth.username)
		out = append(out, `,"password":`...)
		out = plainjson.AppendString(out, auth.password)
		out = append(out, '}')
	}
	if len(r.auth) > 0 {
		out = append(out, '}')
	}
	return append(out, '}')
}
