package plugin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
)

// TestPlainHTTP: http to another machine is refused wherever it is configured, before anything is sent. The
// other machines are of the range for documentation.
func TestPlainHTTP(t *testing.T) {
	const secret, keys = "canary-token", "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = canary-key\n"
	profile := func(text string) []string { return []string{"AWS_CONFIG_FILE=" + write(t, "config", keys+text)} }
	user := []string{"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=canary-key"}
	const configured = "the endpoint that is configured for the API is an http URL of another machine: use https"
	const dialed = "plain http is for this machine and its cloud's metadata service alone, use https"
	for name, c := range map[string]struct {
		image string // "" for ECR's
		env   []string
		rule  string
		want  string
	}{
		"AWS_ENDPOINT_URL":            {env: join(user, []string{"AWS_ENDPOINT_URL=http://192.0.2.1/"}), want: configured},
		"AWS_ENDPOINT_URL_ECR":        {env: join(user, []string{"AWS_ENDPOINT_URL_ECR=http://canary-token@192.0.2.1"}), want: configured},
		"AWS_ENDPOINT_URL_ECR_PUBLIC": {image: "public.ecr.aws/a/b", env: join(user, []string{"AWS_ENDPOINT_URL_ECR_PUBLIC=http://ecr.example.com"}), want: configured},
		"AWS_ENDPOINT_URL_STS": {env: []string{"AWS_ENDPOINT_URL_STS=http://192.0.2.1", "AWS_ROLE_ARN=" + pullRole,
			"AWS_WEB_IDENTITY_TOKEN_FILE=" + write(t, "token", secret)}, want: configured},
		"endpoint_url":                     {env: profile("endpoint_url = http://192.0.2.1\n"), want: configured},
		"endpoint_url of a service":        {env: profile("services = s\n[services s]\necr =\n  endpoint_url = http://192.0.2.1\n"), want: configured},
		"endpoint_url of STS":              {env: profile("role_arn = " + pullRole + "\nservices = s\n[services s]\nsts =\n  endpoint_url = http://192.0.2.1\n"), want: configured},
		"endpoint of the metadata service": {env: []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://192.0.2.1"}, want: dialed},
		"endpoint of the metadata service in a profile": {env: []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=",
			"AWS_CONFIG_FILE=" + write(t, "config", "[default]\nec2_metadata_service_endpoint = http://192.0.2.1\n")}, want: dialed},
		"container endpoint": {env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN=" + secret},
			want: "http is for this machine, ECS and EKS alone"},
		"GCE_METADATA_HOST":              {image: googleImage, env: []string{"GCE_METADATA_HOST=192.0.2.1"}, want: dialed},
		"GCE_METADATA_HOST with a login": {image: googleImage, env: []string{"GCE_METADATA_HOST=user:canary-token@192.0.2.1"}, want: "GCE_METADATA_HOST is not a host or host:port"},
		"GCE_METADATA_HOST, no host":     {image: googleImage, env: []string{"GCE_METADATA_HOST=canary-token%zz"}, want: "GCE_METADATA_HOST is not a host or host:port"},
		"IMDS, no URL":                   {env: []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://user:canary-token@h%zz/"}, want: "the endpoint that is configured for the EC2 metadata service is not an http or https URL"},
		"token_url": {image: googleImage, rule: "credentialsFile: '" + write(t, "f.json", `{"type": "external_account", "audience": "`+googlefake.Audience+`",
			"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "http://192.0.2.1/v1/token",
			"credential_source": {"file": "`+write(t, "subject", secret)+`"}}`) + "'", want: dialed},
		"service_account_impersonation_url": {image: googleImage, rule: "credentialsFile: '" + write(t, "f.json", `{"type": "impersonated_service_account",
			"service_account_impersonation_url": "http://192.0.2.1/v1/x:generateAccessToken",
			"source_credentials": {"type": "authorized_user", "client_id": "id", "client_secret": "s", "refresh_token": "canary-token", "token_uri": "http://192.0.2.1/token"}}`) + "'", want: dialed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image := c.image
			if image == "" {
				image = ecrImage
			}
			var args []string
			if c.rule != "" {
				args = config(t, rule(c.rule))
			}
			proxy := startProxy(t, map[string]http.Handler{"192.0.2.1": http.NotFoundHandler(), "ecr.example.com": http.NotFoundHandler()})
			r := ask(t, join(c.env, []string{"HTTP_PROXY=" + proxy.URL, "HTTPS_PROXY=http://127.0.0.1:9"}), image, args...)
			r.failed(t, c.want)
			r.silent(t, secret, "canary-key")
			if asked := proxy.Hosts(); len(asked) > 0 {
				t.Errorf("the proxy was asked for %v", asked)
			}
		})
	}
}

// TestMalformedProxy: what was meant as a proxy is not passed by, and not shown.
func TestMalformedProxy(t *testing.T) {
	aws := startAWS(t)
	user := aws.NewUser("node").Env()
	for _, variable := range []string{"HTTPS_PROXY", "https_proxy"} {
		for _, value := range []string{"http://user:canary@proxy example.com:3128", "http://user:can%zzary@proxy.example.com", "http://proxy.example.com:canary",
			"http://:3128", "canary://proxy.example.com", "http://[canary", "://canary", "ftp://canary@proxy.example.com", "http://user:canary@"} {
			r := ask(t, join(user, []string{variable + "=" + value}), ecrImage)
			r.failed(t, "get an ECR token for eu-central-1: ECR GetAuthorizationToken: ", variable+" is not the URL of a proxy")
			r.silent(t, "canary")
		}
	}
	// What asks nobody through a proxy does not mind, nor does what net/http takes.
	ask(t, join(aws.EndpointEnv(), aws.MetadataEnv(), []string{"HTTPS_PROXY=http://["}), ecrImage).answered(t, ecrHost)
	proxy := startProxy(t, map[string]http.Handler{".amazonaws.com": aws.Handler})
	for _, value := range []string{proxy.URL, strings.TrimPrefix(proxy.URL, "http://"), proxy.URL + "/"} {
		ask(t, join(user, proxy.Env(), []string{"HTTPS_PROXY=" + value}), ecrImage).answered(t, ecrHost)
	}
}

// TestSTSEndpoints: a role is assumed at the kind of endpoint that the image's host is of.
func TestSTSEndpoints(t *testing.T) {
	aws := startAWS(t)
	aws.Configure(func(c *awsfake.Config) {
		c.Roles = map[string]awsfake.Role{pullRole: {WebIdentity: "web-identity-token"}}
	})
	user := aws.NewUser("node").Env()
	web := []string{"AWS_ROLE_ARN=" + pullRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + write(t, "token", "web-identity-token")}
	for host, want := range map[string][2]string{
		"123456789012.dkr.ecr.us-east-1.amazonaws.com":                {"sts.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com"},
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com":           {"sts-fips.us-east-1.amazonaws.com", "api.ecr-fips.us-east-1.amazonaws.com"},
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com":       {"sts.us-gov-west-1.amazonaws.com", "api.ecr-fips.us-gov-west-1.amazonaws.com"},
		"123456789012.dkr-ecr.us-west-2.on.aws":                       {"sts.us-west-2.api.aws", "ecr.us-west-2.api.aws"},
		"123456789012.dkr-ecr-fips.us-west-2.on.aws":                  {"sts-fips.us-west-2.api.aws", "ecr-fips.us-west-2.api.aws"},
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn": {"sts.cn-north-1.api.amazonwebservices.com.cn", "ecr.cn-north-1.api.amazonwebservices.com.cn"},
		"public.ecr.aws":     {"sts.us-east-1.amazonaws.com", "api.ecr-public.us-east-1.amazonaws.com"},
		"ecr-public.aws.com": {"sts.us-east-1.api.aws", "ecr-public.us-east-1.api.aws"},
	} {
		for identity, c := range map[string]struct {
			env  []string
			rule string
		}{
			"role of the rule": {user, fmt.Sprintf("- match: %s\n  provider: ecr\n  ecr: {roleARN: '%s'}\n", host, pullRole)},
			"web identity":     {web, ""},
		} {
			t.Run(identity+", "+host, func(t *testing.T) {
				t.Parallel()
				proxy := startProxy(t, map[string]http.Handler{want[0]: aws.Handler, want[1]: aws.Handler})
				var args []string
				if c.rule != "" {
					args = config(t, c.rule)
				}
				ask(t, join(c.env, proxy.Env()), host+"/app", args...).answered(t, host)
				if asked := slices.Compact(proxy.Hosts()); !slices.Equal(asked, want[:]) {
					t.Errorf("asked %v, want %v", asked, want)
				}
			})
		}
	}
}
