package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A credential is what a user logs in with: one of the two.
type credential struct {
	certificate pair
	token       string
}

// connect returns an HTTP client that trusts the API server, and logs in by the certificate if there
// is one.
func (c *Cluster) connect(t testing.TB, login credential) (*http.Client, error) {
	t.Helper()
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(c.CA)
	if login.token == "" {
		certificate, err := tls.X509KeyPair(login.certificate.certificate, login.certificate.key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	t.Cleanup(client.CloseIdleConnections)
	return client, nil
}

// The types of a request's body. That of a patch says what is done with it.
const (
	JSON       = "application/json"
	MergePatch = "application/merge-patch+json"
	Apply      = "application/apply-patch+yaml" // server-side
)

// Ask sends a request to the API server as the user, as kubectl does, which takes a quarter of a second
// of CPU time for that. The path begins with /. It returns the code of HTTP and the body: the object, or
// the Status that says why there is none. The error is that there is no answer.
func (c *Client) Ask(ctx context.Context, method, path, contentType, body string) (code int, answer []byte, err error) {
	response, err := c.open(ctx, method, path, contentType, body)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func (c *Client) open(ctx context.Context, method, path, contentType, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.cluster.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.http.Do(request)
}

// Do is Ask for what must succeed; else, it is the test's failure.
func (c *Client) Do(t testing.TB, method, path, contentType, body string) []byte {
	t.Helper()
	code, answer, err := c.Ask(t.Context(), method, path, contentType, body)
	if err != nil || code >= http.StatusBadRequest {
		t.Fatalf("%s %s: %d, %v\n%s", method, path, code, err, answer)
	}
	return answer
}

// Path returns where the API server has the objects of a kind, those of a namespace if they have one.
func (c *Client) Path(t testing.TB, apiVersion, kind, namespace string) string {
	t.Helper()
	version := "/apis/" + apiVersion
	if !strings.Contains(apiVersion, "/") {
		version = "/api/" + apiVersion
	}
	for _, resource := range c.resources(t, version) {
		switch {
		case resource.Kind != kind || strings.Contains(resource.Name, "/"):
		case resource.Namespaced:
			return version + "/namespaces/" + namespace + "/" + resource.Name
		default:
			return version + "/" + resource.Name
		}
	}
	t.Fatalf("the API server has no %s of %s", kind, apiVersion)
	return ""
}

// A resource is one of an API's version.
type resource struct {
	Name, Kind string
	Namespaced bool
}

// resources asks the API server once for each version.
func (c *Client) resources(t testing.TB, version string) []resource {
	t.Helper()
	if known, ok := c.cluster.resources.Load(version); ok {
		return known.([]resource)
	}
	var list struct{ Resources []resource }
	if err := json.Unmarshal(c.Do(t, http.MethodGet, version, JSON, ""), &list); err != nil {
		t.Fatal(err)
	}
	c.cluster.resources.Store(version, list.Resources)
	return list.Resources
}

// Token returns a token of a service account for an audience; "" is the API server's.
func (c *Client) Token(t testing.TB, namespace, name, audience string) string {
	t.Helper()
	audiences := []string{}
	if audience != "" {
		audiences = append(audiences, audience)
	}
	type object map[string]any
	request, err := json.Marshal(object{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": object{"audiences": audiences},
	})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Status struct{ Token string } }
	path := fmt.Sprintf("/api/v1/namespaces/%s/serviceaccounts/%s/token", namespace, name)
	if err := json.Unmarshal(c.Do(t, http.MethodPost, path, JSON, string(request)), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Status.Token
}

// Watch returns the changes of the objects at a path with the field metadata.name, until ctx ends: the
// object as it is, and as it is after each change.
func (c *Client) Watch(ctx context.Context, t testing.TB, path, name string) *Changes {
	t.Helper()
	response, err := c.open(ctx, http.MethodGet, path+"?watch=true&fieldSelector=metadata.name="+name, JSON, "")
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s", response.Status)
	}
	if err != nil {
		t.Fatalf("watch %s: %v", path, err)
	}
	context.AfterFunc(ctx, func() { response.Body.Close() })
	return &Changes{json.NewDecoder(response.Body)}
}

// Changes are those of an object.
type Changes struct{ decoder *json.Decoder }

// Next waits for the object's next state, and reads it.
func (c *Changes) Next(object any) error {
	var event struct {
		Type   string
		Object json.RawMessage
	}
	if err := c.decoder.Decode(&event); err != nil {
		return err
	}
	if event.Type == "ERROR" {
		return fmt.Errorf("the watch has ended: %s", event.Object)
	}
	return json.Unmarshal(event.Object, object)
}
