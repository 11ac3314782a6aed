package gcr

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/internal/transport"
)

// The metadata server, https://cloud.google.com/compute/docs/metadata/overview. Its address,
// not its name, so that no resolver has a say.
const (
	metadataAddress = "169.254.169.254"
	metadataPath    = "/computeMetadata/v1/instance/service-accounts/default/token"
	flavorHeader    = "Metadata-Flavor"
	flavor          = "Google"
	// metadataVariable names another host in all of Google's libraries.
	metadataVariable = "GCE_METADATA_HOST"
)

// metadataHost is the metadata server's host.
func (p *Provider) metadataHost() string {
	if host := p.Getenv(metadataVariable); host != "" {
		return host
	}
	return metadataAddress
}

// shownMetadataHost is the host for the scope, which people get to see. What is no host may be a secret.
func (p *Provider) shownMetadataHost() string {
	host := p.metadataHost()
	if address, err := url.Parse("http://" + host); err != nil || address.Host != host {
		return "malformed"
	}
	return host
}

// metadataToken asks the metadata server for the token of the node's service account.
func (p *Provider) metadataToken(ctx context.Context) (*oauth2.Token, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.metadataHost()+metadataPath, nil)
	if err != nil || p.shownMetadataHost() != request.URL.Host {
		return nil, errMetadataHost
	}
	request.Header.Set(flavorHeader, flavor)
	client, retrier := p.metadataClient()
	answer, err := client.Do(request)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("metadata server: %w", ctx.Err())
	case err != nil:
		return nil, metadataError(cmp.Or(retrier.failure, err))
	}
	defer answer.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"` // seconds
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil {
		return nil, errors.New("metadata server: the answer is not a token")
	}
	result := &oauth2.Token{AccessToken: token.AccessToken}
	if token.ExpiresIn != 0 {
		const most = int64(tokenLife / time.Second)
		result.Expiry = p.Now().Add(time.Duration(min(token.ExpiresIn, most)) * time.Second)
	}
	return result, nil
}

// metadataClient returns a client for the metadata server, whose transport is the retrier. It has no proxy:
// what a proxy takes for the metadata address is another machine's.
func (p *Provider) metadataClient() (*http.Client, *retrier) {
	client := transport.New(transport.Options{Getenv: p.Getenv, Connect: metadataConnectTimeout, Attempt: metadataAttemptTimeout, Hide: p.Hide})
	retrier := &retrier{transient: metadataTransient, next: flavored{client.Transport}}
	client.Transport = retrier
	return client, retrier
}

// metadataTransient reports whether to retry. An error which shows that there is no server is not worth
// three tries.
func metadataTransient(err error) bool {
	if errors.As(err, new(*transport.AnswerError)) {
		return transient(err)
	}
	var network net.Error
	var connection *net.OpError
	nobody := errors.As(err, &network) && network.Timeout() || errors.As(err, &connection) && connection.Op == "dial"
	return transient(err) && !nobody
}

var errMetadataHost = errors.New(metadataVariable + " is not a host or host:port")

var errNotGoogle = errors.New("what answers at the metadata address is not Google's")

// flavored refuses answers of others, whatever they say: other clouds have a metadata service
// of their own at that address.
type flavored struct{ next http.RoundTripper }

func (f flavored) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := f.next.RoundTrip(request)
	if err == nil && answer.Header.Get(flavorHeader) != flavor {
		answer.Body.Close()
		return nil, errNotGoogle
	}
	return answer, err
}

func metadataError(err error) error {
	var status *statusError
	switch {
	case errors.As(err, &status) && status.code == http.StatusNotFound:
		return provider.WithHint(errors.New("the node has no service account"),
			"give the node a service account with roles/artifactregistry.reader, or name a credentialsFile")
	case errors.As(err, &status), errors.As(err, new(*transport.AnswerError)), metadataTransient(err), provider.IsLocal(err):
		return fmt.Errorf("metadata server: %w", err)
	}
	return provider.WithHint(fmt.Errorf("no Google identity: no credentials file, and no metadata server: %w", err),
		"off Google Cloud, set GOOGLE_APPLICATION_CREDENTIALS or gcr.credentialsFile in pullpass's config, for example to a federation file")
}
