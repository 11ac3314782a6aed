package ecr

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/internal/authorities"
	"github.com/pullpass/pullpass/provider/internal/transport"
)

const (
	connectTimeout = 5 * time.Second
	// attemptTimeout bounds one attempt, so that the SDK's three fit into the time of a pull.
	attemptTimeout = 10 * time.Second
)

// newConfig returns how AWS's APIs are called in the registry's region, yet by nobody.
func (p *Provider) newConfig(s settings, host provider.Host) (aws.Config, error) {
	var roots *x509.CertPool
	if s.caBundle != "" {
		var err error
		if roots, err = authorities.Load(s.caBundle); err != nil {
			return aws.Config{}, fmt.Errorf("read CA bundle: %w", err)
		}
	}
	return aws.Config{
		Region:                     host.Region,
		HTTPClient:                 p.newHTTPClient(roots),
		Retryer:                    func() aws.Retryer { return newRetryer(s.attempts) },
		AppID:                      s.appID,
		DisableClockSkewCorrection: s.noSkewCorrection,
	}, nil
}

// newHTTPClient returns a client that trusts the authorities of roots, nil for the system's.
func (p *Provider) newHTTPClient(roots *x509.CertPool) *http.Client {
	return transport.New(transport.Options{Proxy: p.Proxy, Roots: roots, Getenv: p.Getenv, Connect: connectTimeout, Attempt: attemptTimeout, Hide: p.Hide})
}
