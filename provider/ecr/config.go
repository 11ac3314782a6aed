package ecr

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/internal/transport"
)

const (
	connectTimeout = 5 * time.Second
	// attemptTimeout bounds one attempt, so that the SDK's three fit into the time of a pull.
	attemptTimeout = 10 * time.Second
)

// newConfig returns how AWS's APIs are called in the registry's region, yet by nobody.
func (p *Provider) newConfig(s settings, host provider.Host) (aws.Config, error) {
	var authorities *x509.CertPool
	if s.caBundle != "" {
		var err error
		if authorities, err = readAuthorities(s.caBundle); err != nil {
			return aws.Config{}, err
		}
	}
	return aws.Config{
		Region:                     host.Region,
		HTTPClient:                 p.newHTTPClient(authorities),
		Retryer:                    func() aws.Retryer { return newRetryer(s.attempts) },
		AppID:                      s.appID,
		DisableClockSkewCorrection: s.noSkewCorrection,
	}, nil
}

// newHTTPClient returns a client that trusts the authorities, nil for the system's.
func (p *Provider) newHTTPClient(authorities *x509.CertPool) *http.Client {
	return transport.New(transport.Options{Proxy: p.Proxy, Roots: authorities, Connect: connectTimeout, Attempt: attemptTimeout})
}

func readAuthorities(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read CA bundle: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("read CA bundle: no certificate in " + path)
	}
	return pool, nil
}
