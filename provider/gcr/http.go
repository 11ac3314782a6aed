package gcr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pullpass/pullpass/provider/internal/transport"
	"github.com/pullpass/pullpass/provider/scrub"
)

const (
	connectTimeout = 5 * time.Second
	attemptTimeout = 10 * time.Second // an attempt, with the whole answer
	tries          = 3

	// Off Google Cloud nothing answers at the metadata address, and this is what a node waits.
	metadataConnectTimeout = time.Second
	metadataAttemptTimeout = 4 * time.Second
)

// client returns a client for Google's APIs, whose transport is the retrier.
func (p *Provider) client() (*http.Client, *retrier) {
	client := transport.New(transport.Options{Proxy: p.Proxy, Getenv: p.Getenv, Connect: connectTimeout, Attempt: attemptTimeout, Hide: p.Hide})
	retrier := &retrier{transient: transient, next: client.Transport}
	client.Transport = retrier
	return client, retrier
}

// A retrier tries a request again after transient failures. An attempt includes the whole
// answer, so that one that trickles or breaks off is tried again as well. It gives refusals as
// errors, so that the libraries above it, which quote whole answers, do not see them.
type retrier struct {
	next      http.RoundTripper
	transient func(error) bool // whether the same request may succeed a moment later

	// Of the last request. The libraries above make texts of errors, and have parts of answers in them.
	host    string
	failure error
}

// RoundTrip implements http.RoundTripper. Its error is a *statusError for an answer that is
// none of the 2xx.
func (r *retrier) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		defer request.Body.Close() // attempts read the copies of GetBody, which all callers here set
	}
	wait := backoff.NewExponentialBackOff() // 0.5 s, growing by half, give or take half
	answer, err := backoff.Retry(request.Context(), func() (*http.Response, error) {
		answer, err := r.attempt(request)
		if err != nil && !r.transient(err) {
			return nil, backoff.Permanent(err)
		}
		return answer, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(tries))
	r.host, r.failure = request.URL.Host, err
	return answer, err
}

// explain returns an error of a library above as what came of the last request, if there was one.
func (r *retrier) explain(err error) error {
	switch {
	case r.failure != nil && r.host == "":
		return r.failure
	case r.failure != nil:
		return fmt.Errorf("ask %s: %w", r.host, r.failure)
	case r.host != "":
		return fmt.Errorf("ask %s: the answer is not what was asked for", r.host)
	}
	return err
}

// attempt sends request once.
func (r *retrier) attempt(request *http.Request) (*http.Response, error) {
	sent := request.Clone(request.Context())
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		sent.Body = body
	}
	answer, err := r.next.RoundTrip(sent)
	if err != nil || answer.StatusCode < 300 {
		return answer, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	return nil, refused(answer.StatusCode, body)
}

// transient is for Google's APIs: no connection, no whole answer in time, 429 and 5xx.
func transient(err error) bool {
	var status *statusError
	var answer *transport.AnswerError
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &status):
		return status.transient()
	case errors.As(err, &answer):
		return !answer.Final()
	case errors.As(err, &name) && name.IsNotFound, errors.Is(err, transport.ErrPlainHTTP):
		return false
	}
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// A statusError is an answer that refused a request.
type statusError struct {
	code   int
	reason string // what the server says of it, one short line; may be empty
}

func (e *statusError) Error() string {
	return joined(transport.Status(e.code), e.reason)
}

func (e *statusError) transient() bool {
	return e.code == http.StatusTooManyRequests || e.code >= 500
}

// isRefusal reports whether err is the final no of a server.
func isRefusal(err error) bool {
	var status *statusError
	return errors.As(err, &status) && !status.transient()
}

// refused makes an error of an answer. Of the body it keeps what the two forms of Google's
// errors say in words (RFC 6749 section 5.2, google.rpc.Status), nothing else.
func refused(code int, body []byte) error {
	var oauth struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	var rpc struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	reason := ""
	if json.Unmarshal(body, &oauth) == nil {
		reason = joined(oauth.Error, oauth.Description)
	} else if json.Unmarshal(body, &rpc) == nil {
		reason = strings.TrimSpace(rpc.Error.Message)
	}
	const long = 300
	return &statusError{code: code, reason: scrub.Cut(reason, long)}
}

// joined returns those of the texts that say something.
func joined(texts ...string) string {
	var all []string
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, ": ")
}
