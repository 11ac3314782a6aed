// Package protocol speaks the kubelet's credential provider protocol: one
// CredentialProviderRequest in, one CredentialProviderResponse out, both JSON.
package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/pullpass/pullpass/provider"
)

const (
	group        = "credentialprovider.kubelet.k8s.io"
	requestKind  = "CredentialProviderRequest"
	responseKind = "CredentialProviderResponse"
	maxRequest   = 1 << 20 // bytes
)

// A Request is what the kubelet wants to know.
type Request struct {
	APIVersion string // the version to answer in, with its group
	Image      provider.Image
}

// parse decodes a request. It ignores unknown fields: newer kubelets send more. Errors quote nothing of the
// request but its kind and version.
func parse(data []byte) (Request, error) {
	switch {
	case len(data) > maxRequest:
		return Request{}, fmt.Errorf("it is larger than %d MiB", maxRequest>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return Request{}, errors.New("it is empty")
	case bytes.HasPrefix(data, []byte("\ufeff")):
		return Request{}, errors.New("it begins with a byte order mark; JSON is plain UTF-8")
	case !utf8.Valid(data):
		return Request{}, errors.New("it is not UTF-8")
	}
	request, err := decodeRequest(data)
	if err != nil {
		return Request{}, err
	}
	if request.kind != requestKind {
		return Request{}, fmt.Errorf("its kind is %.80q, not %s", request.kind, requestKind)
	}
	switch request.apiVersion {
	case group + "/v1", group + "/v1beta1", group + "/v1alpha1":
	default:
		return Request{}, fmt.Errorf("its apiVersion is %.80q, not %s/v1, v1beta1 or v1alpha1", request.apiVersion, group)
	}
	if request.serviceAccountToken != "" {
		return Request{}, provider.WithHint(errors.New("it carries a service account token, which this version of pullpass does not use"),
			"remove tokenAttributes from pullpass's entry in the kubelet's CredentialProviderConfig")
	}
	image, err := provider.ParseImage(request.image)
	if err != nil {
		return Request{}, err
	}
	return Request{APIVersion: request.apiVersion, Image: image}, nil
}
