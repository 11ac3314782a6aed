// Package transport makes the HTTP clients with which backends ask authorities and metadata services. It is
// the one place that does: whatever a server does, one attempt ends in time, costs little memory, and goes to
// no other server.
//
//   - An answer's body has at most 128 KiB, and its head 64 KiB, as has that of a proxy's answer to CONNECT. A
//     token has a few; to decode 1 MiB of what is made for it can take 60 MiB of memory.
//     Package http bounds the rest: lines of chunks, their overhead, trailers.
//   - An answer that is cut is an error, also one without a length that ends within an object of JSON.
//   - An answer is never decompressed: a compressed one, which nobody asked for, is refused.
//   - A redirect is an error, for all: none of the APIs redirects, and what a request carries is for the server
//     that it was made for.
//   - Plain http is for this machine and the metadata services of its cloud, by the address that is dialed, so
//     that no name can lead elsewhere. It uses no proxy.
//   - HTTP/1.1 only. A backend makes a few requests one after the other, for which HTTP/2 is of no use, and it
//     would have to be bounded as well.
//   - Errors never quote what the server sent.
package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/internal/authorities"
)

const (
	maxBody = 128 << 10 // bytes
	maxHead = 64 << 10  // bytes
)

// Options are what differs between clients. All but Proxy and Roots must be set.
type Options struct {
	// Proxy returns the proxy for a request by https, nil for none. A nil function means none for all. The
	// text of its error is shown.
	Proxy func(*http.Request) (*url.URL, error)
	// Roots are the authorities to trust, nil for the system's.
	Roots *x509.CertPool
	// Getenv is the environment, which can name files as the system's authorities. They are checked before
	// the first request by https: see authorities.CheckSystem.
	Getenv func(string) string
	// Connect bounds the time to connect, and once more the time of the TLS handshake. Attempt bounds the
	// time of a request with its whole answer.
	Connect, Attempt time.Duration
	// Hide takes the secrets of each request before it is sent, see provider.Node.
	Hide func(secrets ...string)
}

// New returns a client. Its Transport can be wrapped, and does all that is said above by itself. The body of
// an answer has been read already: reading it cannot fail. The error of a request is a *url.Error with one of
// these inside: an *AnswerError for an answer that cannot be used, a net.Error for one that is late,
// ErrPlainHTTP, an error of net or crypto/tls, or io.EOF.
func New(o Options) *http.Client {
	return &http.Client{Transport: &bounded{
		attempt: o.Attempt,
		trust:   sync.OnceValue(o.checkAuthorities),
		hide:    o.Hide,
		plain:   newTransport(o.Connect, onlyNodeLocal),
		secure:  o.secure(),
	}}
}

// checkAuthorities returns why the system's authorities must not be used.
func (o Options) checkAuthorities() error {
	if o.Roots != nil {
		return nil
	}
	if err := authorities.CheckSystem(o.Getenv); err != nil {
		return &untrusted{err}
	}
	return nil
}

// secure returns the transport for https.
func (o Options) secure() *http.Transport {
	t := newTransport(o.Connect, nil)
	if o.Proxy != nil {
		t.Proxy = func(request *http.Request) (*url.URL, error) {
			proxy, err := o.Proxy(request)
			if err != nil {
				return nil, final(err.Error())
			}
			return proxy, nil
		}
	}
	t.TLSHandshakeTimeout = o.Connect
	t.TLSClientConfig = &tls.Config{RootCAs: o.Roots}
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode == http.StatusOK {
			return nil
		}
		return &proxyError{answer.StatusCode}
	}
	return t
}

func newTransport(connect time.Duration, control func(string, string, syscall.RawConn) error) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: connect, Control: control}).DialContext,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHead,
		IdleConnTimeout:        time.Minute,
	}
}

// onlyNodeLocal is asked with each address that plain http is about to connect to.
func onlyNodeLocal(_, address string, _ syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err != nil || !provider.IsNodeLocal(to.Addr()) {
		return ErrPlainHTTP
	}
	return nil
}

// bounded makes one attempt, and returns its answer with the body in memory.
type bounded struct {
	attempt       time.Duration
	trust         func() error // in the authorities, for https
	hide          func(...string)
	plain, secure *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (b *bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), b.attempt)
	defer cancel()
	next, err := b.secure, error(nil)
	switch request.URL.Scheme {
	case "https":
		err = b.trust()
	case "http":
		next = b.plain
	default:
		err = errScheme
	}
	if err != nil {
		if request.Body != nil {
			request.Body.Close()
		}
		return nil, err
	}
	own, sent, err := takeBody(request)
	if err != nil {
		return nil, err
	}
	b.hide(secrets(own, sent)...)
	answer, err := next.RoundTrip(own.WithContext(ctx))
	late := func(err error) error {
		if err != nil && ctx.Err() != nil && request.Context().Err() == nil {
			return &timeoutError{b.attempt}
		}
		return err
	}
	if err != nil {
		return nil, late(unquoted(err))
	}
	body, err := take(answer)
	if err != nil {
		return nil, &AnswerError{late(err)}
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	return answer, nil
}

// take returns the body of an answer, which it closes. An error means that the answer cannot be used.
func take(answer *http.Response) ([]byte, error) {
	defer answer.Body.Close()
	switch encoding := answer.Header.Get("Content-Encoding"); {
	case answer.StatusCode < 200, answer.StatusCode >= 300 && answer.StatusCode < 400:
		return nil, statusOf(answer)
	case encoding != "" && encoding != "identity":
		return nil, errEncoded
	case answer.ContentLength > maxBody:
		return nil, errTooLong
	}
	var body bytes.Buffer
	if answer.ContentLength > 0 {
		body.Grow(int(answer.ContentLength) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(io.LimitReader(answer.Body, maxBody+1)); err != nil {
		return nil, unquoted(err)
	}
	switch {
	case body.Len() > maxBody:
		return nil, errTooLong
	case answer.StatusCode < 300 && bytes.HasPrefix(body.Bytes(), []byte("{")) && !json.Valid(body.Bytes()):
		return nil, io.ErrUnexpectedEOF // JSON that was cut where HTTP cannot tell it from the end
	}
	return body.Bytes(), nil
}
