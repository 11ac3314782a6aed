package ecr

import (
	"errors"
	"net/url"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/scrub"
)

var (
	errEndpoint   = errors.New("the endpoint that is configured for the API is not an http or https URL")
	errPlainHTTP  = errors.New("the endpoint that is configured for the API is an http URL of another machine: use https")
	errSTSVariant = errors.New("an endpoint is configured for STS, and so is its FIPS or dual-stack variant")
)

// endpoint returns the URL to ask for a token of the host: the one that is named for the API,
// otherwise AWS's own. As with the SDK, FIPS and dual stack are variants of AWS's own alone.
func (p *Provider) endpoint(s settings, host provider.Host) (*url.URL, error) {
	api := apiOf(host)
	named := p.Endpoint
	if named == "" {
		named = p.namedEndpoint(s, api)
	}
	if named != "" {
		return parseEndpoint(named)
	}
	name := api.name
	// ECR Public has no FIPS endpoint, whatever the settings want of the other services.
	if !host.Public && (isFIPS(host) || s.fips) {
		name += "-fips"
	}
	if isDualStack(host) || s.dualStack {
		return awsEndpoint(name, host.Region, true), nil
	}
	return awsEndpoint("api."+name, host.Region, false), nil
}

// stsEndpoint returns the URL of STS in the host's region: named, or AWS's own if that is "". It is of the kind
// that the settings or the image's host want: who pulls by FIPS or by IPv6 alone cannot use another.
func stsEndpoint(named string, s settings, host provider.Host) (*url.URL, error) {
	if named != "" {
		if s.fips || s.dualStack {
			return nil, errSTSVariant
		}
		return parseEndpoint(named)
	}
	name := stsAPI().name
	dualStack := s.dualStack || isDualStack(host)
	// In the US government's regions the plain endpoint is the FIPS one, unless it is dual stack.
	if (s.fips || isFIPS(host)) && (dualStack || !strings.HasPrefix(host.Region, "us-gov-")) {
		name += "-fips"
	}
	return awsEndpoint(name, host.Region, dualStack), nil
}

// namedEndpoint returns the URL that the environment or the profile names for the API, or else
// for all of them, and "" if none does.
func (p *Provider) namedEndpoint(s settings, api api) string {
	if own := p.ownEndpoint(s, api); own != "" || s.ignoreEndpoints {
		return own
	}
	return first(p.Getenv("AWS_ENDPOINT_URL"), s.profile.Endpoint)
}

// ownEndpoint returns the URL that is named for the API alone. If the environment names one
// for all of them, the profile's for one does not count.
func (p *Provider) ownEndpoint(s settings, api api) string {
	name := strings.ReplaceAll(api.id, " ", "_")
	own := p.Getenv("AWS_ENDPOINT_URL_" + name)
	switch {
	case s.ignoreEndpoints:
		return ""
	case own != "" || p.Getenv("AWS_ENDPOINT_URL") != "":
		return own
	}
	return s.profile.Endpoints[strings.ToLower(name)]
}

var errNoURL = errors.New("it is not an http or https URL")

// parseURL parses an http or https URL, with a host that can be shown: it is not the beginning of a password. The
// error shows nothing of the text, where a secret may be.
func parseURL(text string) (*url.URL, error) {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" || scrub.IsSplit(address) {
		return nil, errNoURL
	}
	return address, nil
}

// parseEndpoint returns the URL that is named for an API, as the SDK uses it: without the user
// and the query. As in the config, http is for this machine alone: the request and the answer hold secrets.
func parseEndpoint(named string) (*url.URL, error) {
	address, err := parseURL(named)
	if err != nil {
		return nil, errEndpoint
	}
	if address.Scheme == "http" && !isLoopback(address.Hostname()) {
		return nil, errPlainHTTP
	}
	plain := &url.URL{Scheme: address.Scheme, Host: address.Host, Path: smithyhttp.JoinPath(address.Path, "/")}
	if address.RawPath != "" {
		plain.RawPath = smithyhttp.JoinPath(address.RawPath, "/")
	}
	return plain, nil
}

// awsEndpoint returns AWS's own endpoint of that name in the region.
func awsEndpoint(name, region string, dualStack bool) *url.URL {
	domain := partitionOf(region).domain
	if dualStack {
		domain = partitionOf(region).dualStackAPI
	}
	return &url.URL{Scheme: "https", Host: name + "." + region + "." + domain, Path: "/"}
}
