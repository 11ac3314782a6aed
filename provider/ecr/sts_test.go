package ecr

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/ecr/internal/sharedconfig"
)

// TestSTSEndpoint compares the endpoints with the SDK's rules.
func TestSTSEndpoint(t *testing.T) {
	for _, image := range images() {
		region := lookup(t, image).Region
		for variant := range 4 {
			fips, dual := variant&1 > 0, variant&2 > 0
			want, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), sts.EndpointParameters{Region: &region, UseFIPS: &fips, UseDualStack: &dual})
			if err != nil {
				t.Fatal(err)
			}
			got, err := stsEndpoint("", settings{fips: fips, dualStack: dual}, provider.Host{Region: region})
			if err != nil || got.Host != want.URI.Host || got.Scheme != want.URI.Scheme {
				t.Errorf("%s, FIPS %v, dual stack %v: %s, %v; want %s", region, fips, dual, got, err, want.URI.Host)
			}
		}
	}
}

// TestSTSRequest compares the whole request with the one of the SDK's generated client.
func TestSTSRequest(t *testing.T) {
	host := lookup(t, base)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("web+identity/token==\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		role role
		env  map[string]string
	}{
		"role":                 {role: role{arn: "arn:aws:iam::1:role/a", session: "s"}},
		"all of a role":        {role: role{arn: "a b", session: "s+=,.@-", externalID: "x y&z=%/ü*~", duration: time.Hour}},
		"endpoint":             {role: role{arn: "a", session: "s"}, env: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1/x/y%2Fz?q"}},
		"endpoint of STS":      {role: role{arn: "a", session: "s"}, env: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": "https://127.0.0.1:2"}},
		"FIPS":                 {role: role{arn: "a", session: "s"}, env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}},
		"web identity":         {env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "a b", "AWS_ROLE_SESSION_NAME": "s"}},
		"web identity, by all": {env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "a", "AWS_ROLE_SESSION_NAME": "s", "AWS_USE_DUALSTACK_ENDPOINT": "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			t.Setenv("AWS_CONFIG_FILE", os.DevNull)
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			source := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session"}
			p := &Provider{Getenv: os.Getenv, Now: time.Now, Hide: func(...string) {}}
			chain, err := p.newChain(host)
			if err != nil {
				t.Fatal(err)
			}
			got, want := &recorder{}, &recorder{}
			chain.config.HTTPClient = got
			cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(host.Region), config.WithHTTPClient(want),
				config.WithRetryer(chain.config.Retryer))
			if err != nil {
				t.Fatal(err)
			}
			if c.role.arn == "" {
				_, err = chain.identity(t.Context())
				cfg.Credentials.Retrieve(t.Context())
			} else {
				c.role.endpoint = p.namedEndpoint(chain.settings, stsAPI())
				_, err = chain.assumeRole(t.Context(), source, c.role)
				cfg.Credentials = credentials.StaticCredentialsProvider{Value: source}
				stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), c.role.arn, func(o *stscreds.AssumeRoleOptions) {
					o.RoleSessionName, o.Duration = c.role.session, c.role.duration
					if c.role.externalID != "" {
						o.ExternalID = &c.role.externalID
					}
				}).Retrieve(t.Context())
			}
			if err == nil {
				t.Error("no error for an answer without credentials")
			}
			got.body, want.body = plainForm(got.body), plainForm(want.body)
			if c.role.arn == "" { // which is not signed, not even by the time
				got.request.Header.Set("X-Amz-Date", "none")
				want.request.Header.Set("X-Amz-Date", "none")
			}
			if g, w := got.text(t), want.text(t); g != w || w == "none" {
				t.Errorf("%s\nbut the SDK sends\n%s", g, w)
			}
		})
	}
}

// TestSTSAnswers compares the end of a call with the one of the SDK's generated client.
func TestSTSAnswers(t *testing.T) {
	host := lookup(t, base)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func(status int, code string) http.HandlerFunc {
		return respond(status, nil, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>`+code+
			`</Code><Message>the message</Message></Error><RequestId>id</RequestId></ErrorResponse>`)
	}
	for name, c := range map[string]struct {
		server   serverFunc
		attempts int32 // of AssumeRole, and of AssumeRoleWithWebIdentity if it is another number
		web      int32
		code     string
		text     string // of our error, where the SDK's says it in another way
	}{
		"refused":          {server: always(refused(403, "AccessDenied")), attempts: 1, code: "AccessDenied"},
		"expired":          {server: always(refused(400, "ExpiredTokenException")), attempts: 1, code: "ExpiredTokenException"},
		"invalid token":    {server: always(refused(400, "InvalidIdentityToken")), attempts: 1, web: 3, code: "InvalidIdentityToken"},
		"issuer is away":   {server: always(refused(400, "IDPCommunicationError")), attempts: 3, code: "IDPCommunicationError"},
		"token quoted":     {server: always(refused(400, "ValidationError")), attempts: 1, code: "ValidationError"},
		"throttled":        {server: always(refused(400, "Throttling")), attempts: 3, code: "Throttling"},
		"internal":         {server: always(refused(500, "InternalFailure")), attempts: 3, code: "InternalFailure"},
		"region disabled":  {server: always(refused(403, "RegionDisabledException")), attempts: 1, code: "RegionDisabledException"},
		"503 of a proxy":   {server: always(respond(503, nil, "<html><p>no</html>")), attempts: 3},
		"403, not XML":     {server: always(respond(403, nil, "no")), attempts: 1, code: "UnknownError"},
		"500 without body": {server: always(respond(500, nil, "")), attempts: 3, code: "UnknownError"},
		"302":              {server: always(respond(302, http.Header{"Location": {"/other"}}, "")), attempts: 1, code: "UnknownError"},
		"cut":              {server: always(cut), attempts: 3},
		"stopped":          {server: hang, attempts: 1},
		"nothing":          {server: always(respond(200, nil, "")), attempts: 1, text: "an answer of a source of credentials holds none"},
		"empty":            {server: always(respond(200, nil, "<X><AssumeRoleResult/><AssumeRoleWithWebIdentityResult/></X>")), attempts: 1, text: "an answer of a source of credentials holds none"},
		"broken":           {server: always(respond(200, nil, "<X><AssumeRoleResult>")), attempts: 1, text: "the answer ends in its middle"},
		"HTML":             {server: always(respond(200, nil, "<html></html>")), attempts: 1, text: "an answer of a source of credentials holds none"},
	} {
		for _, operation := range []string{"AssumeRole", "AssumeRoleWithWebIdentity"} {
			t.Run(name+" "+operation, func(t *testing.T) {
				t.Parallel()
				run := func(call func(context.Context, *chain, string) error) (picture, int32) {
					var attempts atomic.Int32
					ctx, stop := context.WithCancel(t.Context())
					defer stop()
					handler := c.server(stop)
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						attempts.Add(1)
						handler(w, r)
					}))
					defer server.Close()
					p := &Provider{Getenv: func(name string) string {
						return map[string]string{"AWS_ENDPOINT_URL_STS": server.URL}[name]
					}, Now: time.Now, Hide: func(...string) {}}
					err := call(ctx, &chain{Provider: p, settings: settings{profile: &sharedconfig.Profile{}}, config: testConfig(host)}, server.URL)
					seen := look(provider.Credential{}, err, host)
					seen.requestID = "" // which the SDK also takes out of the body
					seen.text = strings.ReplaceAll(seen.text, server.URL, "SERVER")
					return seen, attempts.Load()
				}
				got, attempts := run(func(ctx context.Context, c *chain, url string) error {
					if operation == "AssumeRole" {
						_, err := c.assumeRole(ctx, aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}, role{arn: "a", session: "s", endpoint: url})
						return err
					}
					_, err := c.assumeWebIdentity(ctx, token, "a", "s")
					return err
				})
				want, wantAttempts := run(func(ctx context.Context, c *chain, url string) error {
					client := sts.NewFromConfig(c.config, func(o *sts.Options) { o.BaseEndpoint = &url })
					var source aws.CredentialsProvider = stscreds.NewAssumeRoleProvider(client, "a")
					if operation != "AssumeRole" {
						source = stscreds.NewWebIdentityRoleProvider(client, "a", stscreds.IdentityTokenFile(token))
					}
					_, err := source.Retrieve(ctx)
					return err
				})
				if c.text != "" {
					text := "get an ECR token for eu-central-1: "
					if got.operation != "" {
						text += "STS " + operation + ": "
					}
					if got.text != text+c.text {
						t.Errorf("the error is %q", got.text)
					}
				} else if got != want {
					t.Errorf("the call ends as\n%+v\nbut the SDK's as\n%+v", got, want)
				}
				expected := c.attempts
				if c.web != 0 && operation != "AssumeRole" {
					expected = c.web
				}
				if attempts != expected || wantAttempts != expected || got.code != c.code || got.text == "" || strings.Contains(got.text, "canary") {
					t.Errorf("%d attempts, %d of the SDK: %+v", attempts, wantAttempts, got)
				}
			})
		}
	}
}

// TestSTSEndpointOfHost: the kind of endpoint is that of the image's host, or of the settings.
func TestSTSEndpointOfHost(t *testing.T) {
	for image, want := range map[string]string{
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/app":                "sts.us-east-1.amazonaws.com",
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app":           "sts-fips.us-east-1.amazonaws.com",
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/app":       "sts.us-gov-west-1.amazonaws.com",
		"123456789012.dkr-ecr.us-east-1.on.aws/app":                       "sts.us-east-1.api.aws",
		"123456789012.dkr-ecr-fips.us-east-1.on.aws/app":                  "sts-fips.us-east-1.api.aws",
		"123456789012.dkr-ecr-fips.us-gov-west-1.on.aws/app":              "sts-fips.us-gov-west-1.api.aws",
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/app": "sts.cn-north-1.api.amazonwebservices.com.cn",
		"public.ecr.aws/app":     "sts.us-east-1.amazonaws.com",
		"ecr-public.aws.com/app": "sts.us-east-1.api.aws",
	} {
		host := lookup(t, image)
		if got, err := stsEndpoint("", settings{}, host); err != nil || got.Host != want {
			t.Errorf("%s: %v, %v; want %s", image, got, err, want)
		}
		all, err := stsEndpoint("", settings{fips: true, dualStack: true}, host)
		if err != nil || !strings.HasPrefix(all.Host, "sts-fips.") || strings.Contains(all.Host, "amazonaws") {
			t.Errorf("%s, with FIPS and dual stack set: %v, %v", image, all, err)
		}
		if named, err := stsEndpoint("https://sts.example.com", settings{}, host); err != nil || named.Host != "sts.example.com" {
			t.Errorf("%s, with an endpoint named: %v, %v", image, named, err)
		}
	}
}
