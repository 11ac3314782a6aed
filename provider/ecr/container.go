package ecr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
)

// containerHosts are where ECS and EKS serve the credentials of a container.
var containerHosts = [...]string{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"}

var errContainerEndpoint = errors.New("AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL")

// containerEndpoint returns the URL of the container's credentials, "" if there is none.
func (c *chain) containerEndpoint() string {
	if path := c.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); path != "" {
		return "http://" + containerHosts[0] + path
	}
	return c.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
}

// ofContainer returns the credentials that the endpoint at address serves.
func (c *chain) ofContainer(ctx context.Context, address string) (aws.Credentials, error) {
	if err := checkContainerEndpoint(ctx, address); err != nil {
		return aws.Credentials{}, err
	}
	return checked(endpointcreds.New(address, func(o *endpointcreds.Options) {
		o.HTTPClient = c.local
		o.Retryer = c.config.Retryer()
		o.AuthorizationToken = c.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if path := c.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); path != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(path)
				return string(token), err
			})
		}
	}).Retrieve(ctx))
}

// checkContainerEndpoint allows plain HTTP to this machine, ECS and EKS alone: the request has
// the authorization token in it. Errors have no part of the URL but its host.
func checkContainerEndpoint(ctx context.Context, address string) error {
	endpoint, err := url.Parse(address)
	if err != nil || endpoint.Hostname() == "" {
		return errContainerEndpoint
	}
	if endpoint.Scheme != "http" {
		return nil
	}
	host := endpoint.Hostname()
	addresses := []string{host}
	if net.ParseIP(host) == nil {
		if addresses, err = net.DefaultResolver.LookupHost(ctx, host); err != nil {
			return fmt.Errorf("container endpoint: %w", err)
		}
	}
	for _, a := range addresses {
		if !isContainerHost(net.ParseIP(a)) {
			return fmt.Errorf("container endpoint: http is for this machine, ECS and EKS alone, not for %q", host)
		}
	}
	return nil
}

func isContainerHost(ip net.IP) bool {
	for _, host := range containerHosts {
		if ip.Equal(net.ParseIP(host)) {
			return true
		}
	}
	return ip.IsLoopback()
}
