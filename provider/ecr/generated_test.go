package ecr

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"

	"github.com/pullpass/pullpass/provider"
)

// generated asks for a token with the SDK's generated clients, with which ours is compared.
func generated(ctx context.Context, p *Provider, cfg aws.Config, host provider.Host) (provider.Credential, error) {
	if host.Public {
		client := ecrpublic.NewFromConfig(cfg, func(o *ecrpublic.Options) {
			if p.Endpoint != "" {
				o.BaseEndpoint = aws.String(p.Endpoint)
			}
			if o.BaseEndpoint != nil {
				o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateDisabled
			}
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateDisabled
		})
		answer, err := client.GetAuthorizationToken(ctx, nil)
		if err != nil {
			return provider.Credential{}, err
		}
		if answer.AuthorizationData == nil {
			return provider.Credential{}, errNoToken
		}
		return p.decode(flat(answer.AuthorizationData.AuthorizationToken, answer.AuthorizationData.ExpiresAt))
	}
	client := ecr.NewFromConfig(cfg, func(o *ecr.Options) {
		if p.Endpoint != "" {
			o.BaseEndpoint = aws.String(p.Endpoint)
		}
		if o.BaseEndpoint != nil {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateDisabled
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateDisabled
			return
		}
		if isFIPS(host) {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if isDualStack(host) {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	})
	answer, err := client.GetAuthorizationToken(ctx, nil)
	if err != nil {
		return provider.Credential{}, err
	}
	if len(answer.AuthorizationData) == 0 {
		return provider.Credential{}, errNoToken
	}
	return p.decode(flat(answer.AuthorizationData[0].AuthorizationToken, answer.AuthorizationData[0].ExpiresAt))
}

func flat(token *string, expires *time.Time) authorization {
	data := authorization{Token: aws.ToString(token)}
	if expires != nil {
		data.Expires = float64(expires.UnixMilli()) / 1000
	}
	return data
}

func lookup(t *testing.T, image string) provider.Host {
	t.Helper()
	parsed, err := provider.ParseImage(image)
	if err != nil {
		t.Fatal(err)
	}
	host, known := hosts().Lookup(parsed)
	if !known {
		t.Fatalf("%s is not ECR's", image)
	}
	return host
}

// clean leaves no variable of the SDK in the environment, and no file in the home directory.
func clean(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value) // restores it after the test
			os.Unsetenv(name)
		}
	}
}
