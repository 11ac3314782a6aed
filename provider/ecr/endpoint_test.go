package ecr

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// images has a registry of each form of ECR's hosts, with regions of today and of some
// day, in the form that the SDK takes for the partition's.
func images() []string {
	var all []string
	for pattern, regions := range map[string][]string{
		"123456789012.dkr.ecr.REGION.amazonaws.com":               {"us-east-1", "eu-central-1", "mx-central-1", "us-gov-west-1", "us-gov-north-7", "xx-somewhere-12"},
		"123456789012.dkr.ecr-fips.REGION.amazonaws.com":          {"us-east-1", "us-gov-west-1"},
		"123456789012.dkr-ecr.REGION.on.aws":                      {"us-east-1", "us-gov-west-1", "xx-somewhere-12"},
		"123456789012.dkr-ecr-fips.REGION.on.aws":                 {"us-east-1", "us-gov-west-1"},
		"123456789012.dkr.ecr.REGION.amazonaws.com.cn":            {"cn-north-1", "cn-somewhere-12"},
		"123456789012.dkr-ecr.REGION.on.amazonwebservices.com.cn": {"cn-north-1", "cn-somewhere-12"},
		"123456789012.dkr.ecr.REGION.amazonaws.eu":                {"eusc-de-east-1", "eusc-de-somewhere-12"},
		"123456789012.dkr-ecr.REGION.on.amazonwebservices.eu":     {"eusc-de-east-1", "eusc-de-somewhere-12"},
		"123456789012.dkr.ecr.REGION.c2s.ic.gov":                  {"us-iso-east-1", "us-iso-somewhere-12"},
		"123456789012.dkr.ecr.REGION.sc2s.sgov.gov":               {"us-isob-east-1", "us-isob-somewhere-12"},
		"123456789012.dkr.ecr.REGION.cloud.adc-e.uk":              {"eu-isoe-west-1", "eu-isoe-somewhere-12"},
		"123456789012.dkr.ecr.REGION.csp.hci.ic.gov":              {"us-isof-south-1", "us-isof-somewhere-12"},
		"public.ecr.aws": {""},
	} {
		for _, region := range regions {
			all = append(all, strings.ReplaceAll(pattern, "REGION", region)+"/app")
		}
	}
	return all
}

// recorder takes requests, and gives no token.
type recorder struct {
	request *http.Request
	body    string
}

// Do implements aws.HTTPClient.
func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	r.request, r.body = request, string(body)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, err
}

// random are the headers that are another in each request, and the one that names the client.
var random = []string{"Amz-Sdk-Invocation-Id", "X-Amz-Date", "User-Agent"}

// text is a request without what is random.
func (r *recorder) text(t *testing.T) string {
	t.Helper()
	if r.request == nil {
		return "none"
	}
	var text strings.Builder
	text.WriteString(r.request.Method + " " + r.request.URL.String() + " Host: " + r.request.Host + "\n")
	for _, name := range slices.Sorted(maps.Keys(r.request.Header)) {
		value := r.request.Header.Get(name)
		if slices.Contains(random, name) {
			if value == "" {
				t.Errorf("no %s", name)
			}
			value = "…"
		}
		value, _, _ = strings.Cut(value, "Signature=")
		text.WriteString(name + ": " + value + "\n")
	}
	return text.String() + r.body
}

// TestRequest compares the whole request with the one of the SDK's generated client, for each
// host in each kind of settings.
func TestRequest(t *testing.T) {
	const (
		general = "endpoint_url = https://profile.example.com\n"
		service = "services = s\n[services s]\necr =\n  endpoint_url = https://profile-ecr.example.com/path\necr_public =\n  endpoint_url = https://profile-public.example.com\n"
	)
	for name, c := range map[string]struct {
		env      map[string]string
		profile  string
		endpoint string
	}{
		"nothing set":                  {},
		"FIPS":                         {env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}},
		"dual stack":                   {env: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}},
		"FIPS, dual stack":             {env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}},
		"no FIPS, no dual stack":       {env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "false"}},
		"profile with both":            {profile: "use_fips_endpoint = true\nuse_dualstack_endpoint = true\n"},
		"environment against profile":  {env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "false"}, profile: "use_fips_endpoint = true\n"},
		"endpoint of the rule":         {endpoint: "https://rule.example.com:8443", env: map[string]string{"AWS_ENDPOINT_URL": "https://all.example.com", "AWS_USE_FIPS_ENDPOINT": "true"}},
		"with all that a URL can have": {endpoint: "https://user:password@rule.example.com/a/b%2Fc?query=x#fragment"},
		"rule, environment ignored":    {endpoint: "https://rule.example.com/", env: map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}},
		"of the environment":           {env: map[string]string{"AWS_ENDPOINT_URL": "https://all.example.com/path/", "AWS_USE_DUALSTACK_ENDPOINT": "true"}},
		"of the service":               {env: map[string]string{"AWS_ENDPOINT_URL": "https://all.example.com", "AWS_ENDPOINT_URL_ECR": "https://ecr.example.com", "AWS_ENDPOINT_URL_ECR_PUBLIC": "https://public.example.com", "AWS_USE_FIPS_ENDPOINT": "true"}},
		"of the environment, ignored":  {env: map[string]string{"AWS_ENDPOINT_URL": "https://all.example.com", "AWS_ENDPOINT_URL_ECR": "https://ecr.example.com", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}},
		"of the profile":               {profile: general},
		"of the profile's services":    {profile: general + service},
		"of the profile, ignored":      {profile: "ignore_configured_endpoint_urls = true\n" + general + service},
		"of environment and profile":   {env: map[string]string{"AWS_ENDPOINT_URL": "https://all.example.com"}, profile: general + service},
		"service of one, all of other": {env: map[string]string{"AWS_ENDPOINT_URL_ECR": "https://ecr.example.com"}, profile: general},
		"application":                  {env: map[string]string{"AWS_SDK_UA_APP_ID": "app", "AWS_SESSION_TOKEN": "session"}},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
			t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
			if err := os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte("[default]\n"+c.profile), 0o600); err != nil {
				t.Fatal(err)
			}
			p := &Provider{Endpoint: c.endpoint, Getenv: os.Getenv, Now: time.Now, Hide: func(...string) {}}
			for _, image := range images() {
				host := lookup(t, image)
				got, want := &recorder{}, &recorder{}
				c, err := p.newChain(host)
				if err != nil {
					t.Fatal(err)
				}
				c.config.HTTPClient = got
				_, err = p.fetch(t.Context(), c, host)
				cfg, wantErr := config.LoadDefaultConfig(t.Context(), config.WithRegion(host.Region), config.WithHTTPClient(want),
					config.WithRetryer(c.config.Retryer))
				if wantErr == nil {
					_, wantErr = generated(t.Context(), p, cfg, host)
				}
				if !errors.Is(err, errNoToken) || !errors.Is(wantErr, errNoToken) {
					t.Fatalf("%s: errors %v and %v", image, err, wantErr)
				}
				if got.text(t) != want.text(t) {
					t.Errorf("%s:\n%s\nbut the SDK sends\n%s", image, got.text(t), want.text(t))
				}
			}
		})
	}
}

// TestEndpointPlainHTTP: a named endpoint of another machine is https, as in the config.
func TestEndpointPlainHTTP(t *testing.T) {
	for endpoint, want := range map[string]error{
		"http://127.0.0.1:8080": nil, "http://localhost": nil, "http://LOCALHOST:1/x": nil, "http://[::1]:80/": nil, "https://10.0.0.1": nil,
		"http://10.0.0.1": errPlainHTTP, "http://ecr.example.com": errPlainHTTP, "http://169.254.169.254": errPlainHTTP,
		"http://localhost.example.com": errPlainHTTP, "http://127.0.0.1.example.com": errPlainHTTP, "http://0.0.0.0": errPlainHTTP,
		"http://127.0.0.1@example.com": errPlainHTTP, "HTTP://example.com": errPlainHTTP,
	} {
		if _, err := parseEndpoint(endpoint); err != want {
			t.Errorf("%s: %v, want %v", endpoint, err, want)
		}
		if err := checkEndpoint(endpoint); (err == nil) != (want == nil) {
			t.Errorf("%s in the config: %v", endpoint, err)
		}
	}
}

// TestEndpointUnusable: what cannot be one is not quoted, a secret may be in it.
func TestEndpointUnusable(t *testing.T) {
	for _, endpoint := range []string{"ecr.example.com", "https://", "ftp://user:canary@ecr.example.com", "https://user:can/ary@ecr.example.com", "https://user:12/34@ecr.example.com", "https://ecr.example.com/%zz", "://"} {
		p := &Provider{Endpoint: endpoint, Now: time.Now, Hide: func(...string) {}}
		if _, err := p.getToken(t.Context(), settings{}, aws.Config{}, lookup(t, base)); err != errEndpoint {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}
