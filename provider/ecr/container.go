package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

// containerHosts are where ECS and EKS serve the credentials of a container.
var containerHosts = [...]string{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"}

var (
	errContainerEndpoint = errors.New("AWS_CONTAINER_CREDENTIALS_FULL_URI is not an http or https URL")
	errContainerPath     = errors.New("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with /")
	errContainerToken    = errors.New("the container's authorization token has a line break in it")
)

// containerEndpoint returns the URL of the container's credentials, "" if there is none.
func (c *chain) containerEndpoint() string {
	if path := c.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); path != "" {
		return "http://" + containerHosts[0] + path
	}
	return c.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
}

// containerToken returns the token for the container endpoint, "" for none.
func (c *chain) containerToken() (string, error) {
	token := c.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	if path := c.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); path != "" {
		text, err := safefile.Read(path)
		if err != nil {
			return "", err
		}
		token = string(text)
		c.Hide(token)
	}
	if strings.ContainsAny(token, "\r\n") {
		return "", errContainerToken
	}
	return token, nil
}

// ofContainer returns the credentials that the endpoint at address serves:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html. The SDK's own client has
// whatever the endpoint answers in its errors.
func (c *chain) ofContainer(ctx context.Context, address string) (aws.Credentials, error) {
	if path := c.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); path != "" && path[0] != '/' {
		return aws.Credentials{}, errContainerPath // it would be part of a host, which is looked up
	}
	endpoint, err := checkContainerEndpoint(ctx, address)
	if err != nil {
		return aws.Credentials{}, err
	}
	token, err := c.containerToken()
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("container endpoint: %w", err)
	}
	config := c.config.Copy()
	config.HTTPClient, config.Credentials = c.local, nil
	client := client{api: api{id: "container endpoint", name: "container"}, endpoint: endpoint, config: config, now: c.Now}
	var keys keysDocument
	err = client.do(ctx, "GetCredentials", func(_ context.Context, request *smithyhttp.Request) error {
		request.Method = http.MethodGet
		request.Header.Set("Accept", "application/json")
		if token != "" {
			request.Header.Set("Authorization", token)
		}
		return nil
	}, func(_ context.Context, response *smithyhttp.Response) error {
		if response.StatusCode >= 300 {
			return &smithy.GenericAPIError{Code: unknownError, Message: unknownError}
		}
		if err := json.NewDecoder(response.Body).Decode(&keys); err != nil {
			return &smithy.DeserializationError{Err: err}
		}
		return nil
	})
	if err != nil {
		return aws.Credentials{}, err
	}
	return keys.credentials()
}

// A keysDocument is the JSON in which the container endpoint and the metadata service give credentials.
type keysDocument struct {
	Code            string // of the metadata service: Success, or what is wrong
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey provider.Secret
	Token           provider.Secret
}

func (d keysDocument) credentials() (aws.Credentials, error) {
	return checked(aws.Credentials{AccessKeyID: d.AccessKeyID, SecretAccessKey: d.SecretAccessKey.Reveal(), SessionToken: d.Token.Reveal()})
}

// checkContainerEndpoint allows plain HTTP to this machine, ECS and EKS alone: the request has
// the authorization token in it. Errors have no part of the URL but its host.
func checkContainerEndpoint(ctx context.Context, address string) (*url.URL, error) {
	endpoint, err := parseURL(address)
	if err != nil {
		return nil, errContainerEndpoint
	}
	if endpoint.Scheme != "http" {
		return endpoint, nil
	}
	host := endpoint.Hostname()
	addresses := []string{host}
	if net.ParseIP(host) == nil {
		if addresses, err = net.DefaultResolver.LookupHost(ctx, host); err != nil {
			return nil, fmt.Errorf("container endpoint: %w", err)
		}
	}
	for _, a := range addresses {
		if !isContainerHost(net.ParseIP(a)) {
			return nil, fmt.Errorf("container endpoint: http is for this machine, ECS and EKS alone, not for %q", host)
		}
	}
	return endpoint, nil
}

func isContainerHost(ip net.IP) bool {
	for _, host := range containerHosts {
		if ip.Equal(net.ParseIP(host)) {
			return true
		}
	}
	return ip.IsLoopback()
}
