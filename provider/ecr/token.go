package ecr

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"

	"github.com/pullpass/pullpass/provider"
)

// getToken calls GetAuthorizationToken of ECR or ECR Public.
func (p *Provider) getToken(ctx context.Context, cfg aws.Config, host provider.Host) (provider.Credential, error) {
	if host.Public {
		return p.getPublicToken(ctx, cfg)
	}
	client := ecr.NewFromConfig(cfg, func(o *ecr.Options) {
		if p.Endpoint != "" {
			o.BaseEndpoint = aws.String(p.Endpoint)
		}
		if o.BaseEndpoint != nil {
			// The SDK refuses a named endpoint together with a variant of its own ones.
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateDisabled
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateDisabled
			return
		}
		if host.FIPS {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if host.DualStack {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	})
	answer, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return provider.Credential{}, err
	}
	if len(answer.AuthorizationData) == 0 {
		return provider.Credential{}, errNoToken
	}
	data := answer.AuthorizationData[0]
	return p.decode(data.AuthorizationToken, data.ExpiresAt)
}

func (p *Provider) getPublicToken(ctx context.Context, cfg aws.Config) (provider.Credential, error) {
	client := ecrpublic.NewFromConfig(cfg, func(o *ecrpublic.Options) {
		if p.Endpoint != "" {
			o.BaseEndpoint = aws.String(p.Endpoint)
		}
		if o.BaseEndpoint != nil {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateDisabled
		}
		// There is none, whatever AWS_USE_FIPS_ENDPOINT wants of the other services.
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateDisabled
	})
	answer, err := client.GetAuthorizationToken(ctx, &ecrpublic.GetAuthorizationTokenInput{})
	if err != nil {
		return provider.Credential{}, err
	}
	if answer.AuthorizationData == nil {
		return provider.Credential{}, errNoToken
	}
	return p.decode(answer.AuthorizationData.AuthorizationToken, answer.AuthorizationData.ExpiresAt)
}

// What can be wrong with an answer that says it is a good one.
var (
	errNoToken   = errors.New("the answer holds no token")
	errBadToken  = errors.New("the answer's token is not base64 of user:password")
	errNoExpiry  = errors.New("the answer does not say when its token expires")
	errIsExpired = errors.New("the answer's token has expired already; is the node's clock right?")
)

// decode takes apart an ECR authorization token: base64 of AWS:password.
func (p *Provider) decode(token *string, expires *time.Time) (provider.Credential, error) {
	if aws.ToString(token) == "" {
		return provider.Credential{}, errNoToken
	}
	decoded, err := base64.StdEncoding.DecodeString(*token)
	if err != nil {
		return provider.Credential{}, errBadToken
	}
	user, password, found := strings.Cut(string(decoded), ":")
	if !found || user == "" || password == "" || !utf8.Valid(decoded) {
		return provider.Credential{}, errBadToken
	}
	if expires == nil {
		return provider.Credential{}, errNoExpiry
	}
	if !expires.After(p.Now()) {
		return provider.Credential{}, errIsExpired
	}
	return provider.Credential{Username: user, Password: provider.NewSecret(password), Expires: *expires}, nil
}
