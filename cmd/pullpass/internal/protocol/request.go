// Package protocol speaks the kubelet's credential provider protocol: one
// CredentialProviderRequest in, one CredentialProviderResponse out, both JSON.
package protocol

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/pullpass/pullpass/provider"
)

const (
	group         = "credentialprovider.kubelet.k8s.io"
	requestKind   = "CredentialProviderRequest"
	responseKind  = "CredentialProviderResponse"
	maxRequest    = 1 << 20 // bytes
	requestWithin = 10 * time.Second
)

// A Request is what the kubelet wants to know.
type Request struct {
	APIVersion string // the version to answer in, with its group
	Image      provider.Image
}

// Read reads the one request in in. It waits 10 s at the most for in to end, also if a read
// of in hangs. An error says what is wrong with the request, without quoting it.
func Read(ctx context.Context, in io.Reader) (Request, error) {
	timeout := time.NewTimer(requestWithin)
	defer timeout.Stop()
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
		done <- result{data, err}
	}()
	select {
	case <-timeout.C:
		return Request{}, fmt.Errorf("stdin was not closed within %v", requestWithin)
	case <-ctx.Done():
		return Request{}, ctx.Err()
	case r := <-done:
		if r.err != nil {
			return Request{}, r.err
		}
		return Parse(r.data)
	}
}

// Parse decodes a request. Unknown fields are left alone, since the kubelet's requests grow.
func Parse(data []byte) (Request, error) {
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
	var request requestForm
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&request); err != nil {
		return Request{}, jsonError(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Request{}, errors.New("it goes on after its JSON object")
	}
	if request.Kind != requestKind {
		return Request{}, fmt.Errorf("its kind is %.80q, not %s", request.Kind, requestKind)
	}
	switch request.APIVersion {
	case group + "/v1", group + "/v1beta1", group + "/v1alpha1":
	default:
		return Request{}, fmt.Errorf("its apiVersion is %.80q, not %s/v1, v1beta1 or v1alpha1", request.APIVersion, group)
	}
	if request.ServiceAccountToken != "" {
		return Request{}, provider.WithHint(errors.New("it carries a service account token, which this version of pullpass does not use"),
			"remove tokenAttributes from pullpass's entry in the kubelet's CredentialProviderConfig")
	}
	image, err := provider.ParseImage(request.Image)
	if err != nil {
		return Request{}, err
	}
	return Request{APIVersion: request.APIVersion, Image: image}, nil
}

// jsonError words a decoder's error without the input that it quotes.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON (byte %d)", syntax.Offset)
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("it is a JSON %s, not an object", kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("its field %s is a JSON %s", kind.Field, kind.Value)
	}
	return errors.New("its JSON is cut off")
}
