package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// A final error is the same at the next attempt.
type final string

func (e final) Error() string { return string(e) }

// RetryableError tells the AWS SDK not to try again.
func (e final) RetryableError() bool { return false }

// ErrPlainHTTP is the error for a request by http that would leave the machine.
const ErrPlainHTTP = final("plain http is for this machine and its cloud's metadata service alone, use https")

const (
	errTooLong = final("the answer is longer than 128 KiB")
	errEncoded = final("the answer is compressed, which was not asked for")
	errScheme  = final("the URL is neither https nor http")
	errRequest = final("the request is longer than 4 MiB")
)

// errNotHTTP may be an answer that broke off in its head, so that it is worth another attempt.
const errNotHTTP = malformed("the answer is not HTTP/1.1, or its head is longer than 64 KiB")

// A malformed error is a net.Error.
type malformed string

func (e malformed) Error() string   { return string(e) }
func (e malformed) Timeout() bool   { return false }
func (e malformed) Temporary() bool { return true }

// An untrusted error is about the files of the authorities. It is the same at the next attempt.
type untrusted struct{ error }

func (e *untrusted) Unwrap() error { return e.error }

// RetryableError tells the AWS SDK not to try again.
func (e *untrusted) RetryableError() bool { return false }

// An AnswerError is an answer that began and cannot be used: it is a redirect, too long, compressed, or broke
// off. It wraps the reason.
type AnswerError struct{ reason error }

func (e *AnswerError) Error() string {
	var late *timeoutError
	switch {
	case e.Final(), errors.Is(e.reason, errNotHTTP):
		return e.reason.Error()
	case errors.As(e.reason, &late):
		return fmt.Sprintf("no whole answer within %v", late.limit)
	}
	return "the answer broke off: " + e.reason.Error()
}

// Unwrap returns the reason.
func (e *AnswerError) Unwrap() error { return e.reason }

// Final reports whether another attempt would end in the same way.
func (e *AnswerError) Final() bool { return errors.As(e.reason, new(final)) }

// Timeout implements net.Error.
func (e *AnswerError) Timeout() bool { return errors.As(e.reason, new(*timeoutError)) }

// Temporary implements net.Error.
func (e *AnswerError) Temporary() bool { return !e.Final() }

// RetryableError tells the AWS SDK whether to try again.
func (e *AnswerError) RetryableError() bool { return !e.Final() }

// A timeoutError is an attempt without a whole answer in time. It is a net.Error.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("no answer within %v", e.limit) }

// Timeout implements net.Error.
func (e *timeoutError) Timeout() bool { return true }

// Temporary implements net.Error.
func (e *timeoutError) Temporary() bool { return true }

// A proxyError is a proxy's refusal to connect. Package http would quote the proxy's words.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return "the proxy answers " + Status(e.status)
}

// Status returns a status code with its standard name: 404 Not Found.
func Status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// statusOf is the error for an answer that neither gives anything nor refuses: a redirect, or one that changes
// the protocol.
func statusOf(answer *http.Response) error {
	text := "status " + Status(answer.StatusCode)
	if answer.StatusCode < 300 {
		return final(text)
	}
	if to, err := answer.Location(); err == nil && isHostName(to.Hostname()) {
		text += " to " + to.Host
	}
	return final(text + ": redirects are not followed")
}

// isHostName reports whether a host is an ordinary name or address in lower case. Only such a one is shown: the
// server could put into its redirect what it was sent.
func isHostName(host string) bool {
	const most = 253
	return host != "" && len(host) <= most && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-.:") == ""
}

// unquoted returns an error of package http, or another one in its place if it may quote what the server sent.
func unquoted(err error) error {
	var network net.Error
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var proxy *proxyError
	var ours final
	switch {
	case errors.As(err, &ours):
		return err
	case errors.As(err, &proxy):
		return proxy
	case errors.As(err, &certificate), strings.HasPrefix(err.Error(), "tls: "):
		return &shortened{err}
	case errors.As(err, &network), errors.As(err, &record),
		errors.Is(err, http.ErrSchemeMismatch),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "unexpected EOF"): // also in a trailer
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF), strings.HasSuffix(err.Error(), "server closed idle connection"):
		return io.EOF
	}
	return errNotHTTP
}

// A shortened error has a text of some lines at most. That about a certificate has the names in it.
type shortened struct{ error }

func (e *shortened) Error() string {
	const long = 300
	text := e.error.Error()
	if len(text) > long {
		text = strings.ToValidUTF8(text[:long], "") + "…"
	}
	return text
}

func (e *shortened) Unwrap() error { return e.error }
