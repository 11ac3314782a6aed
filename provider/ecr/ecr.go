// Package ecr gets credentials for Amazon ECR and ECR Public from AWS.
package ecr

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/pullpass/pullpass/provider"
)

// A Provider serves the registries of Amazon ECR. The identity is what the AWS SDK's default
// chain finds: environment, web identity, shared config files, container endpoint, IMDSv2.
// The exported fields are its configuration; Getenv, Now, Proxy, Warn and Hide must be set. Backend().New
// makes one.
type Provider struct {
	RoleARN    string // role to assume with that identity; "" for none
	ExternalID string // external ID for the role; "" for none
	Profile    string // profile of the shared config files to take in place of the chain
	Endpoint   string // URL of the ECR API, such as a VPC endpoint's; "" for the host's own

	Home   string                                // the user's home directory; "" for none
	Getenv func(string) string                   // the environment that the SDK reads
	Now    func() time.Time                      // the clock
	Proxy  func(*http.Request) (*url.URL, error) // the proxy for a request, nil for none
	Warn   func(string)                          // takes a line on a file that others can read
	Hide   func(...string)                       // takes secrets, see provider.Node

	hosts provider.Hosts // those of Backend
}

// identityVariables are the environment variables that decide who we are to AWS and whom we
// ask: names, paths and switches.
var identityVariables = [...]string{
	"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY",
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "AWS_EC2_METADATA_DISABLED",
	"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
}

// secretVariables do so as well, and can hold a secret: the path of a container's credentials
// is enough to get them.
var secretVariables = [...]string{
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT",
	"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_ECR_PUBLIC", "AWS_ENDPOINT_URL_STS",
}

// Scope implements provider.Provider. A token belongs to a principal and a region; the account
// in the host's name is no part of the scope.
func (p *Provider) Scope(request provider.Request) (provider.Scope, bool) {
	host, known := p.hosts.Lookup(request.Image)
	if !known {
		return "", false
	}
	pairs := []string{
		"provider", Name,
		"service", apiOf(host).name,
		"region", host.Region,
		"variant", host.Variant,
		"endpoint", p.Endpoint,
		"profile", p.Profile,
		"role", p.RoleARN,
		"external-id", p.ExternalID,
		"home", p.Home, // of the shared config files
	}
	if _, found := p.environmentKeys(); found {
		pairs = append(pairs, "keys", "of the environment") // not by half, which is nobody's
	}
	for _, name := range identityVariables {
		pairs = append(pairs, name, p.Getenv(name))
	}
	for _, name := range secretVariables {
		pairs = append(pairs, name, printable(p.Getenv(name)))
	}
	return provider.NewScope(pairs...), true
}

// printable returns a value for the scope, which people get to see: of a URL the host, and the
// hash of whatever has more.
func printable(value string) string {
	if value == "" {
		return ""
	}
	hash := fmt.Sprintf("sha256:%.8x", sha256.Sum256([]byte(value)))
	address, err := parseURL(value)
	if err != nil {
		return hash
	}
	host := address.Scheme + "://" + address.Host
	if host == value {
		return host
	}
	return host + " " + hash
}

// Fetch implements provider.Provider.
func (p *Provider) Fetch(ctx context.Context, request provider.Request) (provider.Credential, error) {
	host, _ := p.hosts.Lookup(request.Image)
	chain, err := p.newChain(host)
	if err != nil {
		return provider.Credential{}, explain(err, host)
	}
	credential, err := p.fetch(ctx, chain, host)
	if err == nil {
		return credential, nil
	}
	absence := chain.metadata.absence(err)
	switch {
	case absence == "":
		// The metadata client's errors keep only the text of what failed.
		return provider.Credential{}, explain(provider.KeepLocal(err, chain.metadata.err), host)
	case host.Public && p.RoleARN == "" && p.Profile == "":
		return provider.Credential{}, &provider.NoCredentialError{Reason: "there is no AWS identity"}
	}
	return provider.Credential{}, noIdentity(absence, host)
}

// fetch gets a token with the identity of the chain, or with the rule's role assumed by it.
func (p *Provider) fetch(ctx context.Context, c *chain, host provider.Host) (provider.Credential, error) {
	identity, err := c.identity(ctx)
	if err == nil && p.RoleARN != "" {
		identity, err = c.assumeRole(ctx, identity, role{
			arn: p.RoleARN, session: sessionName, externalID: p.ExternalID, endpoint: p.namedEndpoint(c.settings, stsAPI()),
		})
	}
	if err != nil {
		return provider.Credential{}, err
	}
	c.hide(identity)
	config := c.config.Copy()
	config.Credentials = credentials.StaticCredentialsProvider{Value: identity}
	return p.getToken(ctx, c.settings, config, host)
}
