// Package fakes_test shows the fakes at work together: real SDKs ask for the real hosts of
// the clouds through the proxy, and what they get pulls an image.
package fakes_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/registry"
	"github.com/pullpass/pullpass/integration/fakes/tlsproxy"
)

type clouds struct {
	aws      *awsfake.Server
	google   *googlefake.Server
	registry *registry.Server
	proxy    *tlsproxy.Proxy
	client   *http.Client // asks through the proxy
	digest   string       // of the private image app
}

func start(t *testing.T) (clouds, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	var c clouds
	c.aws = must(awsfake.Start())(t)
	t.Cleanup(func() { c.aws.Close() })
	c.google = must(googlefake.Start())(t)
	t.Cleanup(func() { c.google.Close() })
	c.registry = must(registry.Start(func(user, password string) bool {
		return c.aws.Login(user, password) || c.google.Login(user, password)
	}))(t)
	t.Cleanup(func() { c.registry.Close() })
	c.proxy = must(tlsproxy.Start(map[string]http.Handler{
		".amazonaws.com": c.aws.Handler, ".api.aws": c.aws.Handler, ".googleapis.com": c.google.Handler,
	}))(t)
	t.Cleanup(func() { c.proxy.Close() })
	c.digest = must(c.registry.Push(ctx, "app", "latest"))(t)

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(c.proxy.CAFile))(t))
	transport := &http.Transport{
		Proxy:           http.ProxyURL(must(url.Parse(c.proxy.URL))(t)),
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}
	t.Cleanup(transport.CloseIdleConnections)
	c.client = &http.Client{Transport: transport}
	return c, ctx
}

// must returns a function that gives value, or ends the test if there is an error.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestECREndpoints(t *testing.T) {
	c, ctx := start(t)
	user := c.aws.NewUser("node")
	options := ecr.Options{
		Region:     "us-east-1",
		HTTPClient: c.client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: user.AccessKeyID, SecretAccessKey: user.SecretAccessKey}, nil
		}),
	}
	for _, test := range []struct {
		host      string
		fips      aws.FIPSEndpointState
		dualStack aws.DualStackEndpointState
	}{
		{"api.ecr.us-east-1.amazonaws.com", aws.FIPSEndpointStateDisabled, aws.DualStackEndpointStateDisabled},
		{"api.ecr-fips.us-east-1.amazonaws.com", aws.FIPSEndpointStateEnabled, aws.DualStackEndpointStateDisabled},
		{"ecr.us-east-1.api.aws", aws.FIPSEndpointStateDisabled, aws.DualStackEndpointStateEnabled},
		{"ecr-fips.us-east-1.api.aws", aws.FIPSEndpointStateEnabled, aws.DualStackEndpointStateEnabled},
	} {
		options.EndpointOptions.UseFIPSEndpoint = test.fips
		options.EndpointOptions.UseDualStackEndpoint = test.dualStack
		output, err := ecr.New(options).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
		if err != nil {
			t.Fatal(err)
		}
		if hosts := c.proxy.Hosts(); hosts[len(hosts)-1] != test.host {
			t.Errorf("asked %q, want %s", hosts, test.host)
		}
		requests := c.aws.Requests()
		if last := requests[len(requests)-1]; last.Host != test.host || last.Principal != user.Principal {
			t.Errorf("the fake recorded %+v", last)
		}
		token := must(base64.StdEncoding.DecodeString(*output.AuthorizationData[0].AuthorizationToken))(t)
		login, password, _ := strings.Cut(string(token), ":")
		digest, err := c.registry.Pull(ctx, "123456789012.dkr.ecr.us-east-1.amazonaws.com/app", login, password)
		if err != nil || digest != c.digest {
			t.Errorf("pulled %q, error %v", digest, err)
		}
	}
}

func TestGoogleKeyFile(t *testing.T) {
	c, ctx := start(t)
	const account = "puller@project.iam.gserviceaccount.com"
	path := filepath.Join(t.TempDir(), "key.json")
	if err := c.google.WriteKeyFile(path, account, "https://oauth2.googleapis.com/token"); err != nil {
		t.Fatal(err)
	}
	credentials := must(google.CredentialsFromJSONWithType(context.WithValue(ctx, oauth2.HTTPClient, c.client),
		must(os.ReadFile(path))(t), google.ServiceAccount, "https://www.googleapis.com/auth/cloud-platform"))(t)
	token := must(credentials.TokenSource.Token())(t)
	if hosts := c.proxy.Hosts(); !slices.Equal(hosts, []string{"oauth2.googleapis.com"}) {
		t.Errorf("asked %q", hosts)
	}
	digest, err := c.registry.Pull(ctx, "europe-docker.pkg.dev/app", "oauth2accesstoken", token.AccessToken)
	if err != nil || digest != c.digest {
		t.Errorf("pulled %q, error %v", digest, err)
	}
}
