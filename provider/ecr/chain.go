package ecr

import (
	"context"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/ecr/internal/sharedconfig"
)

// A chain finds the node's identity where the default chain of the AWS SDK finds it. It is not
// the SDK's own, which has clients for all ways to log in, and they are set up at every start.
// It asks at once, each source once and under the context of the caller, whose end the SDK's
// cache of credentials would hide from them.
type chain struct {
	*Provider
	host     provider.Host // of the image
	settings settings
	config   aws.Config // of the calls, without credentials
	metadata *metadataClient
	local    aws.HTTPClient // for the container endpoint, which no caBundle is for
}

// newChain reads the environment and the shared files. Nobody is asked yet.
func (p *Provider) newChain(host provider.Host) (*chain, error) {
	settings, err := p.loadSettings()
	if err != nil {
		return nil, err
	}
	config, err := p.newConfig(settings, host)
	return &chain{p, host, settings, config, newMetadataClient(settings.metadata, p.Getenv, p.Hide), p.newHTTPClient(nil)}, err
}

var errEmptyCredentials = errors.New("an answer of a source of credentials holds none")

// identity returns the credentials of the first source there is. It is not followed by others
// if it fails.
func (c *chain) identity(ctx context.Context) (aws.Credentials, error) {
	keys, found := c.environmentKeys()
	token := c.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE")
	switch {
	case c.Profile != "":
	case found:
		return keys, nil
	case token != "":
		role := c.Getenv("AWS_ROLE_ARN")
		if role == "" {
			return aws.Credentials{}, errors.New("AWS_WEB_IDENTITY_TOKEN_FILE needs AWS_ROLE_ARN")
		}
		return c.assumeWebIdentity(ctx, token, role, c.Getenv("AWS_ROLE_SESSION_NAME"))
	}
	return c.ofProfile(ctx, c.settings.profile)
}

func (p *Provider) environmentKeys() (keys aws.Credentials, found bool) {
	keys.AccessKeyID = first(p.Getenv("AWS_ACCESS_KEY_ID"), p.Getenv("AWS_ACCESS_KEY"))
	keys.SecretAccessKey = first(p.Getenv("AWS_SECRET_ACCESS_KEY"), p.Getenv("AWS_SECRET_KEY"))
	keys.SessionToken = p.Getenv("AWS_SESSION_TOKEN")
	return keys, keys.HasKeys()
}

// ofProfile returns the credentials of a profile: those of its source, or of the role that it
// assumes with them.
func (c *chain) ofProfile(ctx context.Context, p *sharedconfig.Profile) (aws.Credentials, error) {
	if p.Source == nil && !p.HasKeys() && p.WebIdentityTokenFile != "" {
		return c.assumeWebIdentity(ctx, p.WebIdentityTokenFile, p.RoleARN, p.RoleSessionName)
	}
	if p.RoleARN == "" {
		return c.sourceOf(ctx, p)
	}
	if p.MFASerial != "" {
		return aws.Credentials{}, p.Errorf("mfa_serial: there is nobody to type a code")
	}
	source, err := c.sourceOf(ctx, p)
	if err != nil {
		return aws.Credentials{}, err
	}
	role := role{
		arn: p.RoleARN, session: p.RoleSessionName, externalID: p.ExternalID, duration: p.RoleDuration,
		// Like the SDK's chain, ours does not ask the endpoint that is named for all APIs.
		endpoint: c.ownEndpoint(c.settings, stsAPI()),
	}
	if role.session == "" {
		role.session = "aws-go-sdk-" + strconv.FormatInt(c.Now().UnixNano(), 10)
	}
	return c.assumeRole(ctx, source, role)
}

// sourceOf returns the credentials that a profile has without its role. A profile that says
// nothing of them has those of the container or the instance.
func (c *chain) sourceOf(ctx context.Context, p *sharedconfig.Profile) (aws.Credentials, error) {
	switch {
	case p.Source != nil:
		return c.ofProfile(ctx, p.Source)
	case p.HasKeys():
		return aws.Credentials{AccessKeyID: p.AccessKeyID, SecretAccessKey: p.SecretAccessKey.Reveal(), SessionToken: p.SessionToken.Reveal()}, nil
	case p.CredentialSource != "":
		return c.ofCredentialSource(ctx, p)
	case p.SSO || p.Login:
		return aws.Credentials{}, errLogin(p)
	case p.CredentialProcess != "":
		return runProcess(ctx, p.CredentialProcess, c.Getenv("PATH"))
	}
	if address := c.containerEndpoint(); address != "" {
		return c.ofContainer(ctx, address)
	}
	return c.ofInstance(ctx)
}

// ofCredentialSource returns the credentials that the profile's credential_source names.
func (c *chain) ofCredentialSource(ctx context.Context, p *sharedconfig.Profile) (aws.Credentials, error) {
	switch p.CredentialSource {
	case "Environment":
		keys, found := c.environmentKeys()
		if !found {
			return keys, p.Errorf("credential_source: the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
		}
		return keys, nil
	case "Ec2InstanceMetadata":
		return c.ofInstance(ctx)
	case "EcsContainer":
		if address := c.containerEndpoint(); address != "" {
			return c.ofContainer(ctx, address)
		}
		return aws.Credentials{}, p.Errorf("credential_source: the environment names no container endpoint")
	}
	return aws.Credentials{}, p.Errorf("credential_source is not Environment, Ec2InstanceMetadata or EcsContainer")
}

// errLogin is the error for a profile that somebody has to log in for.
func errLogin(p *sharedconfig.Profile) error {
	return provider.WithHint(
		p.Errorf("it needs a login of a user (sso_* or login_session), which a node has not"),
		"give it credential_process = aws configure export-credentials --profile NAME --format process, with the name of the profile that has the login")
}

// hide hides what is secret in an identity. It is called before the identity is used.
func (c *chain) hide(identity aws.Credentials) {
	c.Hide(identity.SecretAccessKey, identity.SessionToken)
}

func checked(credentials aws.Credentials) (aws.Credentials, error) {
	if !credentials.HasKeys() {
		return aws.Credentials{}, errEmptyCredentials
	}
	return credentials, nil
}
