package ecr

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

const (
	metadataService = "ec2imds" // as the SDK names it in its errors

	// Off EC2 nothing answers at the metadata address, and these two are what a node waits
	// for it. A busy metadata service takes longer than the SDK's default of 0.5 s.
	metadataConnectTimeout = time.Second
	metadataAnswerTimeout  = 4 * time.Second
)

// metadataClient is the client of the EC2 metadata service. It remembers the last exchange,
// since the SDK's errors do not tell whether anybody was there.
type metadataClient struct {
	*imds.Client

	http   *http.Client
	method string // of the last request, PUT for a session token; "" if there was none
	status int    // of its answer; 0 if there was none
	err    error  // why there was none
}

// newMetadataClient returns a client with what the node's settings want of it.
func newMetadataClient(settings imds.Options) *metadataClient {
	m := &metadataClient{http: &http.Client{
		Transport: &http.Transport{
			// No proxy: what a proxy takes for the metadata address is another machine's.
			Proxy:                 nil,
			DialContext:           (&net.Dialer{Timeout: metadataConnectTimeout}).DialContext,
			ResponseHeaderTimeout: metadataAnswerTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
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
	o.Retryer = retry.NewStandard(shortWaits, func(o *retry.StandardOptions) {
		// Nobody there is not worth three tries.
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(worthAnotherTry)}, o.Retryables...)
	})
}

// absence says why err means that there is no service with a role: it was not asked, nobody
// answered, what answered is not EC2's, or the instance has no role. It is "" for other errors,
// and if the service is there and failed.
func (m *metadataClient) absence(err error) string {
	operation := innermost(err)
	if operation == nil || operation.ServiceID != metadataService {
		return ""
	}
	refused := m.status >= 400 && m.status < 500 && m.status != http.StatusTooManyRequests
	switch {
	case m.method == "":
		return operation.Err.Error()
	case m.err != nil:
		return plainURL(m.err)
	case refused && m.method == http.MethodPut:
		return fmt.Sprintf("what is there answers %d %s and is not EC2's, or is switched off", m.status, http.StatusText(m.status))
	case m.status == http.StatusNotFound:
		return "the instance has no role"
	}
	return ""
}

// worthAnotherTry denies it to requests that nobody took, and leaves others to the SDK.
func worthAnotherTry(err error) aws.Ternary {
	var network net.Error
	var connection *net.OpError
	if errors.As(err, &network) && network.Timeout() || errors.As(err, &connection) && connection.Op == "dial" {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
