package gcr

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	connectTimeout = 5 * time.Second
	attemptTimeout = 10 * time.Second // an attempt, with the whole answer
	tries          = 3
	maxAnswer      = 1 << 20 // bytes

	// Off Google Cloud nothing answers at the metadata address, and this is what a node waits.
	metadataConnectTimeout = time.Second
	metadataAttemptTimeout = 4 * time.Second
)

// transport returns the transport for Google's APIs.
func (p *Provider) transport() *retrier {
	return &retrier{
		timeout:   attemptTimeout,
		transient: transient,
		next: &http.Transport{
			Proxy:               p.Proxy,
			DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSHandshakeTimeout: connectTimeout,
			ForceAttemptHTTP2:   true,
		},
	}
}

// A retrier tries a request again after transient failures. An attempt includes the whole
// answer, so that one that trickles or breaks off is tried again as well. It gives refusals as
// errors, so that the libraries above it, which quote whole answers, do not see them.
type retrier struct {
	next      http.RoundTripper
	timeout   time.Duration
	transient func(error) bool // whether the same request may succeed a moment later
	failure   error            // of the last request; the libraries above make a text of it
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
	r.failure = err
	return answer, err
}

// attempt sends request once, within r.timeout, and returns the answer with its body read.
func (r *retrier) attempt(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), r.timeout)
	defer cancel()
	answer, err := r.send(ctx, request)
	if err != nil && ctx.Err() != nil && request.Context().Err() == nil {
		return nil, timeoutError(r.timeout)
	}
	return answer, err
}

func (r *retrier) send(ctx context.Context, request *http.Request) (*http.Response, error) {
	sent := request.Clone(ctx)
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		sent.Body = body
	}
	answer, err := r.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, refused(answer.StatusCode, body)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// transient is for Google's APIs: no connection, no answer in time, 429 and 5xx.
func transient(err error) bool {
	var status *statusError
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &status):
		return status.transient()
	case errors.As(err, &name) && name.IsNotFound:
		return false
	}
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// A timeoutError is an attempt that took longer than this. It is a net.Error.
type timeoutError time.Duration

func (e timeoutError) Error() string { return fmt.Sprintf("no answer within %v", time.Duration(e)) }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// A statusError is an answer that refused a request.
type statusError struct {
	code   int
	reason string // what the server says of it, one short line; may be empty
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("%d %s", e.code, http.StatusText(e.code))
	if e.reason != "" {
		text += ": " + e.reason
	}
	return text
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
		reason = strings.TrimSuffix(oauth.Error+": "+oauth.Description, ": ")
	} else if json.Unmarshal(body, &rpc) == nil {
		reason = rpc.Error.Message
	}
	const long = 300
	if len(reason) > long {
		reason = strings.ToValidUTF8(reason[:long], "") + "…"
	}
	return &statusError{code: code, reason: reason}
}
