package ecr

import (
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/internal/transport"
)

func TestWaits(t *testing.T) {
	for range 1000 {
		total, throttled := time.Duration(0), time.Duration(0)
		for attempt := range 2 {
			w, _ := wait(attempt+1, &smithy.GenericAPIError{Code: "ServerException"})
			total += w
			w, _ = wait(attempt+1, &smithy.GenericAPIError{Code: "ThrottlingException"})
			throttled += w
		}
		if total < 200*time.Millisecond || total > 500*time.Millisecond || throttled < time.Second || throttled > 2*time.Second {
			t.Fatalf("three attempts wait %v, and %v if throttled", total, throttled)
		}
	}
}

// TestRetried: what the SDK does not try again by itself, and what nobody should.
func TestRetried(t *testing.T) {
	status := func(code int, err error) error {
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: code}}, Err: err}
	}
	unknown := &smithy.GenericAPIError{Code: unknownError}
	sent := func(err error) error {
		return &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "https://x", Err: err}}
	}
	for name, c := range map[string]struct {
		err   error
		again bool
	}{
		"429":            {status(429, unknown), true},
		"429, no error":  {status(429, &smithy.DeserializationError{Err: io.EOF}), true},
		"428":            {status(428, unknown), false},
		"400":            {status(400, unknown), false},
		"503":            {status(503, unknown), true},
		"JSON cut":       {status(200, &smithy.DeserializationError{Err: io.ErrUnexpectedEOF}), true},
		"JSON malformed": {status(200, &smithy.DeserializationError{Err: errors.New("x")}), false},
		"XML cut":        {status(200, &smithy.DeserializationError{Err: &xml.SyntaxError{Msg: "unexpected EOF"}}), true},
		"XML malformed":  {status(200, &smithy.DeserializationError{Err: &xml.SyntaxError{Msg: "x"}}), false},
		"no answer":      {sent(io.EOF), true},
		"plain http":     {sent(&net.OpError{Op: "dial", Err: transport.ErrPlainHTTP}), false},
		"stopped":        {&smithy.CanceledError{Err: io.ErrUnexpectedEOF}, false},
	} {
		if got := newRetryer(0).IsErrorRetryable(c.err); got != c.again {
			t.Errorf("%s: %v", name, got)
		}
	}
	if w, _ := wait(1, status(429, unknown)); w < 500*time.Millisecond {
		t.Errorf("after a 429 it waits %v", w)
	}
}

// TestAttempts: the settings for the number of attempts hold for the API and for what the
// chain asks for an identity.
func TestAttempts(t *testing.T) {
	dir := t.TempDir()
	token, config := filepath.Join(dir, "token"), filepath.Join(dir, "config")
	if err := os.WriteFile(token, []byte("token"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
	web := map[string]string{"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pull", "AWS_WEB_IDENTITY_TOKEN_FILE": token}
	for name, c := range map[string]struct {
		identity map[string]string
		attempts string // AWS_MAX_ATTEMPTS
		profile  string
		want     int32
	}{
		"API":                       {keys, "", "", 3},
		"API, by the environment":   {keys, "2", "max_attempts = 4\n", 2},
		"API, by the profile":       {keys, "", "max_attempts = 2\n", 2},
		"chain, by the environment": {web, "1", "", 1},
		"chain, by the profile":     {web, "", "max_attempts = 2\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			var attempts atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				attempts.Add(1)
				w.WriteHeader(http.StatusInternalServerError)
			}))
			defer server.Close()
			clean(t)
			for name, value := range c.identity {
				t.Setenv(name, value)
			}
			t.Setenv("AWS_MAX_ATTEMPTS", c.attempts)
			t.Setenv("AWS_CONFIG_FILE", config)
			t.Setenv("AWS_ENDPOINT_URL_ECR", server.URL)
			t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
			if err := os.WriteFile(config, []byte("[default]\n"+c.profile), 0o600); err != nil {
				t.Fatal(err)
			}
			parsed, err := provider.ParseImage(base)
			if err != nil {
				t.Fatal(err)
			}
			p := &Provider{Getenv: os.Getenv, Now: time.Now, Hide: func(...string) {}, Proxy: loopbackOnly, hosts: hosts()}
			if _, err := p.Fetch(t.Context(), provider.Request{Image: parsed}); err == nil {
				t.Error("no error")
			}
			if attempts.Load() != c.want {
				t.Errorf("%d attempts, want %d", attempts.Load(), c.want)
			}
		})
	}
}

// loopbackOnly keeps a mistake in a test on this machine.
func loopbackOnly(r *http.Request) (*url.URL, error) {
	if r.URL.Hostname() != "127.0.0.1" {
		return nil, errors.New("a request that leaves the machine")
	}
	return nil, nil
}
