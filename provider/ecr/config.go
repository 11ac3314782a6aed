package ecr

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/pullpass/pullpass/provider"
)

const (
	connectTimeout = 5 * time.Second
	// attemptTimeout bounds one attempt, so that the SDK's three fit into the time of a pull.
	attemptTimeout = 10 * time.Second
)

// newConfig returns how AWS's APIs are called in the registry's region, yet by nobody.
func (p *Provider) newConfig(s settings, host provider.Host) (aws.Config, error) {
	client := p.newHTTPClient()
	if s.caBundle != "" {
		authorities, err := readAuthorities(s.caBundle)
		if err != nil {
			return aws.Config{}, err
		}
		client = client.WithTransportOptions(func(t *http.Transport) {
			if t.TLSClientConfig == nil {
				t.TLSClientConfig = &tls.Config{}
			}
			t.TLSClientConfig.RootCAs = authorities
		})
	}
	return aws.Config{
		Region:                     host.Region,
		HTTPClient:                 client,
		Retryer:                    func() aws.Retryer { return newRetryer(s.attempts) },
		AppID:                      s.appID,
		DisableClockSkewCorrection: s.noSkewCorrection,
	}, nil
}

func (p *Provider) newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTimeout(attemptTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
		WithTransportOptions(func(t *http.Transport) { t.Proxy = p.Proxy })
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
