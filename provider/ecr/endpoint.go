package ecr

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/provider"
)

// partitions has the domains of the APIs, by the prefix of the region. The last row takes what
// no other does: the commercial partition and the US government's, which share their domains.
var partitions = [...]struct{ prefix, domain, dualStackDomain string }{
	{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
	{"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
	{"", "amazonaws.com", "api.aws"},
}

var errEndpoint = errors.New("the endpoint that is configured for the API is not an http or https URL")

// endpoint returns the URL to ask for a token of the host: the one that is named for the API,
// otherwise AWS's own.
func (p *Provider) endpoint(ctx context.Context, cfg aws.Config, host provider.Host) (*url.URL, error) {
	api := apiOf(host)
	named := p.namedEndpoint(ctx, cfg, api)
	if named == "" {
		return &url.URL{Scheme: "https", Host: awsHost(ctx, cfg, host, api), Path: "/"}, nil
	}
	address, err := url.Parse(named)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" {
		return nil, errEndpoint // without its text, where a secret may be
	}
	// As with the SDK, FIPS and dual stack are variants of AWS's own endpoints alone, and the
	// user and the query of the URL are not sent.
	plain := &url.URL{Scheme: address.Scheme, Host: address.Host, Path: smithyhttp.JoinPath(address.Path, "/")}
	if address.RawPath != "" {
		plain.RawPath = smithyhttp.JoinPath(address.RawPath, "/")
	}
	return plain, nil
}

// namedEndpoint returns the URL that the rule, the environment or the profile names for the
// API, in this order, and "" if none does.
func (p *Provider) namedEndpoint(ctx context.Context, cfg aws.Config, api api) string {
	if p.Endpoint != "" {
		return p.Endpoint
	}
	if ignore, _, err := config.GetIgnoreConfiguredEndpoints(ctx, cfg.ConfigSources); ignore && err == nil {
		return ""
	}
	// The environment's endpoint of all services goes before the profile's of this one.
	variable := "AWS_ENDPOINT_URL_" + strings.ReplaceAll(api.id, " ", "_")
	if p.Getenv("AWS_ENDPOINT_URL") == "" || p.Getenv(variable) != "" {
		named := setting(cfg, func(s source) (string, bool, error) { return s.GetServiceBaseEndpoint(ctx, api.id) })
		if named != "" {
			return named
		}
	}
	return aws.ToString(cfg.BaseEndpoint)
}

// awsHost returns the name of the API's host in the variant that the registry's name or the
// settings want.
func awsHost(ctx context.Context, cfg aws.Config, host provider.Host, api api) string {
	fips := setting(cfg, func(s source) (aws.FIPSEndpointState, bool, error) { return s.GetUseFIPSEndpoint(ctx) })
	dualStack := setting(cfg, func(s source) (aws.DualStackEndpointState, bool, error) { return s.GetUseDualStackEndpoint(ctx) })
	name := api.name
	// ECR Public has no FIPS endpoint, whatever the settings want of the other services.
	if !host.Public && (host.FIPS || fips == aws.FIPSEndpointStateEnabled) {
		name += "-fips"
	}
	for _, partition := range partitions {
		if !strings.HasPrefix(host.Region, partition.prefix) {
			continue
		}
		if host.DualStack || dualStack == aws.DualStackEndpointStateEnabled {
			return name + "." + host.Region + "." + partition.dualStackDomain
		}
		return "api." + name + "." + host.Region + "." + partition.domain
	}
	return ""
}
