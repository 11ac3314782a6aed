package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/internal/transport"
)

const (
	metadataService = "ec2imds" // as the SDK names it in its errors
	// rolesPath is where the metadata service has the name of the instance's role, and its credentials below:
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html.
	rolesPath = "/iam/security-credentials/"

	// Off EC2 nothing answers at the metadata address, and these two are what a node waits
	// for it. A busy metadata service takes longer than the SDK's default of 0.5 s.
	metadataConnectTimeout = time.Second
	metadataAttemptTimeout = 4 * time.Second
)

// metadataClient is the client of the EC2 metadata service. It remembers the last exchange,
// since the SDK's errors do not tell whether anybody was there.
type metadataClient struct {
	*imds.Client

	endpoint string // as it is named; "" for EC2's own
	http     *http.Client
	method   string // of the last request, PUT for a session token; "" if there was none
	status   int    // of its answer; 0 if there was none
	err      error  // why there was none
}

// newMetadataClient returns a client with what the node's settings want of it. It has no proxy: what a proxy
// takes for the metadata address is another machine's.
func newMetadataClient(settings imds.Options, getenv func(string) string, hide func(...string)) *metadataClient {
	m := &metadataClient{
		endpoint: settings.Endpoint,
		http:     transport.New(transport.Options{Getenv: getenv, Connect: metadataConnectTimeout, Attempt: metadataAttemptTimeout, Hide: hide}),
	}
	m.Client = imds.New(settings, m.options)
	return m
}

// Do implements imds.HTTPClient.
func (m *metadataClient) Do(request *http.Request) (*http.Response, error) {
	answer, err := m.http.Do(request)
	m.method, m.status, m.err = request.Method, 0, err
	if err == nil {
		m.status = answer.StatusCode
	}
	return answer, err
}

func (m *metadataClient) options(o *imds.Options) {
	o.HTTPClient = m
	// Version 1 hands out credentials to whoever can make the node send a GET.
	o.EnableFallback = aws.FalseTernary
	o.DisableDefaultMaxBackoff = true // it would replace the waits
	o.Retryer = retry.NewStandard(standard, func(o *retry.StandardOptions) {
		// Nobody there is not worth three tries.
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(worthAnotherTry)}, o.Retryables...)
	})
}

var (
	errMetadataEndpoint = errors.New("the endpoint that is configured for the EC2 metadata service is not an http or https URL")
	errMetadataAnswer   = errors.New("the answer is malformed")
)

// ofInstance returns the credentials of the instance's role.
func (c *chain) ofInstance(ctx context.Context) (aws.Credentials, error) {
	m := c.metadata
	if m.endpoint != "" {
		if _, err := parseURL(m.endpoint); err != nil {
			return aws.Credentials{}, errMetadataEndpoint
		}
	}
	roles, err := m.read(ctx, rolesPath)
	if err != nil {
		return aws.Credentials{}, err
	}
	role, _, _ := strings.Cut(string(roles), "\n")
	if strings.TrimSpace(role) == "" {
		return aws.Credentials{}, m.failed("GetMetadata", errEmptyCredentials)
	}
	text, err := m.read(ctx, path.Join(rolesPath, role))
	if err != nil {
		return aws.Credentials{}, err
	}
	var document keysDocument
	switch err := json.Unmarshal(text, &document); {
	case err != nil:
		return aws.Credentials{}, m.failed("GetMetadata", errMetadataAnswer)
	case !strings.EqualFold(document.Code, "Success"):
		return aws.Credentials{}, m.failed("GetMetadata", errEmptyCredentials)
	}
	return document.credentials()
}

// read returns what the service has at a path.
func (m *metadataClient) read(ctx context.Context, path string) ([]byte, error) {
	output, err := m.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	if err != nil {
		return nil, m.explain(err)
	}
	defer output.Content.Close()
	text, err := io.ReadAll(output.Content)
	if err != nil {
		return nil, m.failed("GetMetadata", err)
	}
	return text, nil
}

// explain returns an error of the SDK's client as what the last request shows: the SDK's has parts of answers
// in it, and wraps no more than a text.
func (m *metadataClient) explain(err error) error {
	operation := innermost(err)
	switch {
	case operation == nil || m.method == "": // nobody was asked
		return err
	case errors.Is(m.err, context.Canceled):
		return m.failed(operation.OperationName, context.Canceled)
	case errors.Is(m.err, context.DeadlineExceeded):
		return m.failed(operation.OperationName, context.DeadlineExceeded)
	case m.err != nil:
		return m.failed(operation.OperationName, m.err)
	case m.status < 200 || m.status >= 300:
		return m.failed(operation.OperationName, errors.New("status "+transport.Status(m.status)))
	}
	return m.failed(operation.OperationName, errMetadataAnswer)
}

func (m *metadataClient) failed(operation string, reason error) error {
	return &smithy.OperationError{ServiceID: metadataService, OperationName: operation, Err: reason}
}

// absence says why err means that there is no service with a role: it was not asked, nobody
// answered, what answered is not EC2's, or the instance has no role. It is "" for other errors,
// if the service is there and failed, and if this machine could not ask.
func (m *metadataClient) absence(err error) string {
	operation := innermost(err)
	if operation == nil || operation.ServiceID != metadataService || provider.IsLocal(err) || provider.IsLocal(m.err) {
		return ""
	}
	refused := m.status >= 400 && m.status < 500 && m.status != http.StatusTooManyRequests
	switch {
	case m.method == "":
		return operation.Err.Error()
	case errors.As(m.err, new(*transport.AnswerError)), errors.Is(m.err, transport.ErrPlainHTTP),
		errors.Is(m.err, context.Canceled), errors.Is(m.err, context.DeadlineExceeded):
		return ""
	case m.err != nil && m.method != http.MethodPut: // it gave a session token
		return ""
	case m.err != nil:
		return plainURL(m.err)
	case refused && m.method == http.MethodPut:
		return fmt.Sprintf("what is there answers %s and is not EC2's, or is switched off", transport.Status(m.status))
	case m.status == http.StatusNotFound:
		return "the instance has no role"
	}
	return ""
}

// worthAnotherTry denies it to requests that nobody took, and leaves others to the SDK.
func worthAnotherTry(err error) aws.Ternary {
	var network net.Error
	var connection *net.OpError
	if errors.As(err, new(*transport.AnswerError)) {
		return aws.UnknownTernary
	}
	if errors.As(err, &network) && network.Timeout() || errors.As(err, &connection) && connection.Op == "dial" {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
