package transport

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// harmlessHeaders are those of our requests whose values are no secrets. Messages name some of them.
var harmlessHeaders = [...]string{
	"Accept", "Accept-Encoding", "Content-Length", "Content-Type", "User-Agent",
	"Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Target", "X-Amz-User-Agent",
	"X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "Metadata-Flavor", "X-Goog-Api-Client", "X-Goog-User-Project",
}

// harmlessFields are those of forms and of JSON objects in our requests.
var harmlessFields = [...]string{
	// STS, https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
	"Action", "Version", "RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId",
	// RFC 6749, RFC 7523 and RFC 8693
	"grant_type", "client_id", "scope", "audience", "requested_token_type", "subject_token_type", "actor_token_type", "resource",
	// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
	"lifetime", "delegates",
}

// maxRequest bounds the body of a request, in bytes. The longest part of one is a token, from a file of 1 MiB at
// most, which escapes can make three times as long.
const maxRequest = 4 << 20

// takeBody returns the body of a request, which it closes, and the request with a body of its own.
func takeBody(request *http.Request) (*http.Request, []byte, error) {
	if request.Body == nil || request.Body == http.NoBody {
		return request, nil, nil
	}
	defer request.Body.Close()
	body, err := io.ReadAll(io.LimitReader(request.Body, maxRequest+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(body) > maxRequest:
		return nil, nil, errRequest
	}
	own := request.WithContext(request.Context())
	own.Body = io.NopCloser(bytes.NewReader(body))
	return own, body, nil
}

// secrets returns what a server could repeat of a request and nobody else may see: the values of all headers
// and fields that are not known to be harmless, and what stands for a user in the URL.
func secrets(request *http.Request, body []byte) []string {
	var found []string
	for name, values := range request.Header {
		if name = http.CanonicalHeaderKey(name); slices.Contains(harmlessHeaders[:], name) {
			continue
		}
		for _, value := range values {
			found = append(found, inHeader(name, value)...)
		}
	}
	if request.URL.User != nil {
		password, _ := request.URL.User.Password()
		found = append(found, password)
	}
	return append(found, inBody(body)...)
}

// inHeader returns the secret of a header, and that of Authorization without the scheme. Of AWS's signatures
// it is only the last part: the others name the region and the key.
func inHeader(name, value string) []string {
	if name != "Authorization" {
		return []string{value}
	}
	scheme, rest, found := strings.Cut(value, " ")
	switch {
	case !found:
	case strings.EqualFold(scheme, "Bearer"):
		return []string{rest}
	case strings.HasPrefix(scheme, "AWS4-"):
		_, signature, _ := strings.Cut(rest, "Signature=")
		return []string{signature}
	case strings.EqualFold(scheme, "Basic"):
		if plain, err := base64.StdEncoding.DecodeString(rest); err == nil {
			_, password, _ := strings.Cut(string(plain), ":")
			return []string{rest, password}
		}
	}
	return []string{value}
}

// inBody returns the secrets in a form or a JSON object.
func inBody(body []byte) []string {
	var found []string
	var object map[string]any
	if json.Unmarshal(body, &object) == nil {
		for name, value := range object {
			if text, ok := value.(string); ok && !slices.Contains(harmlessFields[:], name) {
				found = append(found, text)
			}
		}
		return found
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return []string{string(body)}
	}
	for name, values := range form {
		if !slices.Contains(harmlessFields[:], name) {
			found = append(found, values...)
		}
	}
	return found
}
