package ecr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/provider"
)

const (
	goodToken    = "QVdTOnBhc3N3b3Jk" // AWS:password
	goodAnswer   = `{"authorizationData":[{"authorizationToken":"` + goodToken + `","expiresAt":4102444800.5,"proxyEndpoint":"https://x"}]}`
	publicAnswer = `{"authorizationData":{"authorizationToken":"` + goodToken + `","expiresAt":4102444800}}`
)

// picture is what can be seen of a call's end.
type picture struct {
	attempts               int32
	user                   string
	expires                time.Time
	text, hint             string
	service, operation     string
	code, message          string
	status                 int
	requestID              string
	transport, sending     bool
	deserialization        bool
	exhausted              int
	canceled, sdkCanceled  bool
	deadline, requestEnded bool
}

func look(credential provider.Credential, err error, host provider.Host) picture {
	p := picture{user: credential.Username, expires: credential.Expires.UTC()}
	if err == nil {
		return p
	}
	explained := explain(err, host)
	p.text, p.hint = explained.Error(), provider.Hint(explained)
	if operation := (*smithy.OperationError)(nil); errors.As(err, &operation) {
		p.service, p.operation = operation.ServiceID, operation.OperationName
	}
	if refused := (smithy.APIError)(nil); errors.As(err, &refused) {
		p.code, p.message = refused.ErrorCode(), refused.ErrorMessage()
	}
	if answer := (*smithyhttp.ResponseError)(nil); errors.As(err, &answer) {
		p.status = answer.HTTPStatusCode()
	}
	if answer := (*awshttp.ResponseError)(nil); errors.As(err, &answer) {
		p.requestID = answer.RequestID
	}
	if exhausted := (*retry.MaxAttemptsError)(nil); errors.As(err, &exhausted) {
		p.exhausted = exhausted.Attempt
	}
	p.transport = errors.As(err, new(*url.Error))
	p.sending = errors.As(err, new(*smithyhttp.RequestSendError))
	p.deserialization = errors.As(err, new(*smithy.DeserializationError))
	p.sdkCanceled = errors.As(err, new(*smithy.CanceledError))
	p.requestEnded = errors.As(err, new(*aws.RequestCanceledError))
	p.canceled = errors.Is(err, context.Canceled)
	p.deadline = errors.Is(err, context.DeadlineExceeded)
	return p
}

func respond(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// skewed has a clock that goes before ours, and refuses what is signed by ours.
func skewed(ahead time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(ahead)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil || now.Sub(signed).Abs() > 5*time.Minute {
			respond(http.StatusBadRequest, nil, `{"__type":"InvalidSignatureException","message":"Signature expired"}`)(w, r)
			return
		}
		respond(http.StatusOK, nil, goodAnswer)(w, r)
	}
}

// A serverFunc makes a server's handler for one call, which stop ends.
type serverFunc func(stop func()) http.HandlerFunc

func always(handler http.HandlerFunc) serverFunc {
	return func(func()) http.HandlerFunc { return handler }
}

// after lets the first requests go to one handler and later ones to another.
func after(count int32, first, then http.HandlerFunc) serverFunc {
	return func(func()) http.HandlerFunc {
		var served atomic.Int32
		return func(w http.ResponseWriter, r *http.Request) {
			if served.Add(1) <= count {
				first(w, r)
				return
			}
			then(w, r)
		}
	}
}

// hang stops the call in the middle of a request.
func hang(stop func()) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then the server sees that the client went
		stop()
		<-r.Context().Done()
	}
}

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// TestAnswers compares the end of a call with the one of the SDK's generated client.
func TestAnswers(t *testing.T) {
	const start = "get an ECR token for eu-central-1: "
	const malformed = start + "ECR GetAuthorizationToken: the answer is malformed"
	refused := func(status int, code, message string) http.HandlerFunc {
		return respond(status, http.Header{"X-Amzn-Requestid": {"id"}}, fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message))
	}
	good := respond(http.StatusOK, nil, goodAnswer)
	for name, c := range map[string]struct {
		image    string // base if it is ""
		server   serverFunc
		settings func(cfg *aws.Config, stop func())
		attempts int32
		code     string
		ok       bool
		text     string // of our error, where the SDK's says it in another way
	}{
		"good":                   {server: always(good), attempts: 1, ok: true},
		"good, of ECR Public":    {image: "public.ecr.aws/app", server: always(respond(200, nil, publicAnswer)), attempts: 1, ok: true},
		"refused":                {server: always(refused(400, "AccessDeniedException", "User: x is not authorized")), attempts: 1, code: "AccessDeniedException"},
		"refused, of ECR Public": {image: "public.ecr.aws/app", server: always(refused(400, "AccessDeniedException", "not authorized")), attempts: 1, code: "AccessDeniedException"},
		"namespace in the code":  {server: always(refused(400, "com.amazonaws.ecr#AccessDeniedException:http://x/", "no")), attempts: 1, code: "AccessDeniedException"},
		"code in the header":     {server: always(respond(403, http.Header{"X-Amzn-Errortype": {"UnrecognizedClientException:http://x/"}}, `{"message":"invalid token"}`)), attempts: 1, code: "UnrecognizedClientException"},
		"code as such":           {server: always(respond(400, nil, `{"code":"ExpiredTokenException","Message":"expired"}`)), attempts: 1, code: "ExpiredTokenException"},
		"code that is a number":  {server: always(respond(400, nil, `{"code":42,"message":"what"}`)), attempts: 1, code: "UnknownError"},
		"modeled":                {server: always(refused(500, "ServerException", "out of order")), attempts: 3, code: "ServerException"},
		"modeled, of the caller": {server: always(refused(400, "InvalidParameterException", "what")), attempts: 1, code: "InvalidParameterException"},
		"modeled, no message":    {server: always(respond(400, nil, `{"__type":"ServerException"}`)), attempts: 1, code: "ServerException", text: start + "ECR GetAuthorizationToken: ServerException"},
		"throttled":              {server: always(refused(400, "ThrottlingException", "Rate exceeded")), attempts: 3, code: "ThrottlingException"},
		"throttled once":         {server: after(1, refused(400, "ThrottlingException", "Rate exceeded"), good), attempts: 2, ok: true},
		"429":                    {server: always(refused(429, "TooManyRequestsException", "slow down")), attempts: 3, code: "TooManyRequestsException"},
		"429 without a code":     {server: always(respond(429, nil, "")), attempts: 1, code: "UnknownError"},
		"500 without a body":     {server: always(respond(500, nil, "")), attempts: 3, code: "UnknownError"},
		"500 twice":              {server: after(2, respond(500, nil, "{}"), good), attempts: 3, ok: true},
		"501":                    {server: always(respond(501, nil, "{}")), attempts: 1, code: "UnknownError"},
		"503 of a proxy":         {server: always(respond(503, nil, "<html>no</html>")), attempts: 3},
		"403 without a body":     {server: always(respond(403, nil, "")), attempts: 1, code: "UnknownError"},
		"403, not JSON":          {server: always(respond(403, nil, "no")), attempts: 1},
		"request timeout":        {server: always(refused(400, "RequestTimeoutException", "too slow")), attempts: 3, code: "RequestTimeoutException"},
		"302":                    {server: always(respond(302, http.Header{"Location": {"/other"}}, "")), attempts: 1, code: "UnknownError"},
		"broken JSON":            {server: always(respond(200, nil, `{"authorizationData":[`)), attempts: 1, text: start + "ECR GetAuthorizationToken: the answer ends in its middle"},
		"HTML":                   {server: always(respond(200, nil, "<html>")), attempts: 1, text: malformed},
		"another type":           {server: always(respond(200, nil, `{"authorizationData":[{"authorizationToken":5}]}`)), attempts: 1, text: malformed},
		"cut body":               {server: always(respond(200, http.Header{"Content-Length": {"1000"}}, goodAnswer[:20])), attempts: 1},
		"null":                   {server: always(respond(200, nil, "null")), attempts: 1, text: start + "the answer holds no token"},
		"no body":                {server: always(respond(200, nil, "")), attempts: 1},
		"null for the data":      {server: always(respond(200, nil, `{"authorizationData":null}`)), attempts: 1},
		"no data":                {server: always(respond(200, nil, `{"authorizationData":[]}`)), attempts: 1},
		"null in the list":       {server: always(respond(200, nil, `{"authorizationData":[null]}`)), attempts: 1},
		"no data, of ECR Public": {image: "public.ecr.aws/app", server: always(respond(200, nil, `{"authorizationData":null}`)), attempts: 1},
		"no expiry":              {server: always(respond(200, nil, `{"authorizationData":[{"authorizationToken":"`+goodToken+`"}]}`)), attempts: 1},
		"cut connection":         {server: always(cut), attempts: 3},
		"cut connection once":    {server: after(1, cut, good), attempts: 2, ok: true},
		"clock ahead":            {server: always(skewed(time.Hour)), attempts: 2, ok: true},
		"clock behind":           {server: always(skewed(-time.Hour)), attempts: 2, ok: true},
		"clock nearly right":     {server: always(skewed(time.Minute)), attempts: 1, ok: true},
		"clock not to be set":    {server: always(skewed(time.Hour)), settings: func(c *aws.Config, _ func()) { c.DisableClockSkewCorrection = true }, attempts: 1, code: "InvalidSignatureException"},
		"clock ahead, and refused": {server: always(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			refused(403, "RequestTimeTooSkewed", "too skewed")(w, r)
		}), attempts: 2, code: "RequestTimeTooSkewed"},
		"stopped": {server: hang, attempts: 1},
		"stopped while it waits": {server: always(respond(500, nil, "{}")), settings: func(c *aws.Config, stop func()) {
			c.Retryer = func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) {
					o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) {
						stop()
						return time.Minute, nil
					})
				})
			}
		}, attempts: 1},
		"no identity": {server: always(good), settings: func(c *aws.Config, _ func()) {
			c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}}
			})
		}, code: "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image := base
			if c.image != "" {
				image = c.image
			}
			host := lookup(t, image)
			run := func(call func(context.Context, *Provider, aws.Config, provider.Host) (provider.Credential, error)) picture {
				var attempts atomic.Int32
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				handler := c.server(stop)
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					attempts.Add(1)
					handler(w, r)
				}))
				defer server.Close()
				cfg := testConfig(host)
				if c.settings != nil {
					c.settings(&cfg, stop)
				}
				credential, err := call(ctx, &Provider{Endpoint: server.URL, Now: time.Now, Hide: func(...string) {}}, cfg, host)
				seen := look(credential, err, host)
				seen.attempts, seen.text = attempts.Load(), strings.ReplaceAll(seen.text, server.URL, "SERVER")
				return seen
			}
			got, want := run(func(ctx context.Context, p *Provider, cfg aws.Config, host provider.Host) (provider.Credential, error) {
				return p.getToken(ctx, settings{}, cfg, host)
			}), run(generated)
			switch {
			case c.text != "":
				if got.text != c.text || got.attempts != want.attempts {
					t.Errorf("the call ends as\n%+v\nbut the SDK's as\n%+v", got, want)
				}
			case got != want:
				t.Errorf("the call ends as\n%+v\nbut the SDK's as\n%+v", got, want)
			}
			if got.attempts != c.attempts || got.code != c.code || (got.text == "") != c.ok {
				t.Errorf("unexpected: %+v", got)
			}
		})
	}
}

// testConfig has hardly any waits.
func testConfig(host provider.Host) aws.Config {
	return aws.Config{
		Region:      host.Region,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "session"),
		HTTPClient:  awshttp.NewBuildableClient(),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		},
	}
}

// TestNobodyAnswers: nobody listens, or the call is over before it begins.
func TestNobodyAnswers(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	host := lookup(t, base)
	p := &Provider{Endpoint: server.URL, Now: time.Now, Hide: func(...string) {}}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	for name, ctx := range map[string]context.Context{"connection refused": t.Context(), "stopped": stopped, "late": late} {
		credential, err := p.getToken(ctx, settings{}, testConfig(host), host)
		got := look(credential, err, host)
		credential, err = generated(ctx, p, testConfig(host), host)
		if want := look(credential, err, host); got != want || got.text == "" {
			t.Errorf("%s: the call ends as\n%+v\nbut the SDK's as\n%+v", name, got, want)
		}
	}
}
