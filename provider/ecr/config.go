package ecr

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

const (
	connectTimeout = 5 * time.Second
	// attemptTimeout bounds one attempt, so that the SDK's three fit into the time of a pull.
	attemptTimeout = 10 * time.Second

	sessionName = "pullpass"
)

// loadConfig returns the SDK's configuration for the registry's region with the node's
// identity. Configuration files are read, and a credential_process is run; no server is asked
// before the first call.
func (p *Provider) loadConfig(ctx context.Context, host provider.Host, metadata *metadataClient) (aws.Config, error) {
	if err := p.checkSharedFiles(); err != nil {
		return aws.Config{}, err
	}
	client := awshttp.NewBuildableClient().
		WithTimeout(attemptTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
		WithTransportOptions(func(t *http.Transport) { t.Proxy = p.Proxy })
	attempts := 0 // known after the load, in which the chain makes its clients
	options := []func(*config.LoadOptions) error{
		config.WithRegion(host.Region),
		config.WithRetryer(func() aws.Retryer { return newRetryer(&attempts) }),
		config.WithHTTPClient(client),
		config.WithLogger(logging.Nop{}),
		config.WithEC2RoleCredentialOptions(func(o *ec2rolecreds.Options) { o.Client = metadata }),
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = client }),
	}
	if p.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(p.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, err
	}
	attempts = setting(cfg, func(s source) (int, bool, error) { return s.GetRetryMaxAttempts(ctx) })
	metadata.Client = imds.NewFromConfig(cfg, metadata.options)
	if command := credentialProcess(cfg); command != "" {
		// At once, under ctx: aws.CredentialsCache hides its end from what it retrieves.
		found, err := runProcess(ctx, command)
		if err != nil {
			return aws.Config{}, err
		}
		cfg.Credentials = credentials.StaticCredentialsProvider{Value: found}
	}
	return cfg, nil
}

// assumeRole returns cfg with the identity of the rule's role, assumed with cfg's own.
func (p *Provider) assumeRole(cfg aws.Config) aws.Config {
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), p.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName
		if p.ExternalID != "" {
			o.ExternalID = aws.String(p.ExternalID)
		}
	})
	assumed := cfg.Copy()
	assumed.Credentials = aws.NewCredentialsCache(role)
	return assumed
}

// checkSharedFiles checks the files of profiles that the SDK reads. Both can hold secrets, and
// credential_process, a program to run; a config file that all can read is nothing unusual.
func (p *Provider) checkSharedFiles() error {
	if path := p.sharedFile("AWS_CONFIG_FILE", "config"); path != "" {
		if err := safefile.Check(path); err != nil {
			return err
		}
	}
	if path := p.sharedFile("AWS_SHARED_CREDENTIALS_FILE", "credentials"); path != "" {
		return safefile.CheckSecret(path, p.Warn)
	}
	return nil
}

func (p *Provider) sharedFile(variable, name string) string {
	if path := p.Getenv(variable); path != "" || p.Home == "" {
		return path
	}
	return filepath.Join(p.Home, ".aws", name)
}
