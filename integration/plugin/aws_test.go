package plugin

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/fakes/tlsproxy"
	"github.com/pullpass/pullpass/integration/pullpass"
)

const (
	ecrHost  = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	ecrImage = ecrHost + "/team/app"
	pullRole = "arn:aws:iam::123456789012:role/pull"
)

func startAWS(t *testing.T) *awsfake.Server {
	t.Helper()
	aws, err := awsfake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { aws.Close() })
	return aws
}

// TestAWSIdentities gets a token with each source of identity that the SDK's chain has, and
// checks whose it is.
func TestAWSIdentities(t *testing.T) {
	aws := startAWS(t)
	aws.Configure(func(c *awsfake.Config) {
		c.ContainerToken = "container-authorization"
		c.Roles = map[string]awsfake.Role{
			pullRole:                               {ExternalID: "external", WebIdentity: "web-identity-token"},
			"arn:aws:iam::123456789012:role/plain": {},
		}
	})
	user := aws.NewUser("node")
	static := "aws_access_key_id = " + user.AccessKeyID + "\naws_secret_access_key = " + user.SecretAccessKey + "\n"
	process := write(t, "process.sh", "#!/bin/sh\necho noise >&2\ncat <<'EOF'\n"+aws.NewUser("process").ProcessOutput()+"\nEOF\n")
	for name, c := range map[string]struct {
		env       []string
		args      []string
		principal string
	}{
		"IMDSv2":                     {aws.MetadataEnv(), nil, "arn:aws:sts::123456789012:assumed-role/node/i-0123456789abcdef0"},
		"environment":                {user.Env(), nil, user.Principal},
		"shared credentials file":    {[]string{"AWS_SHARED_CREDENTIALS_FILE=" + write(t, "credentials", "[default]\n"+static)}, nil, user.Principal},
		"profile of the environment": {[]string{"AWS_PROFILE=pull", "AWS_CONFIG_FILE=" + write(t, "config", "[profile pull]\n"+static)}, nil, user.Principal},
		"profile of the rule": {[]string{"AWS_CONFIG_FILE=" + write(t, "config", "[profile pull]\n"+static)},
			config(t, "- match: '*.dkr.ecr.*.amazonaws.com'\n  provider: ecr\n  ecr: {profile: pull}\n"), user.Principal},
		"credential_process": {[]string{"AWS_CONFIG_FILE=" + write(t, "config", "[default]\ncredential_process = /bin/sh "+process+"\n")}, nil,
			"arn:aws:iam::123456789012:user/process"},
		"web identity": {[]string{"AWS_ROLE_ARN=" + pullRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + write(t, "token", "web-identity-token")}, nil,
			"arn:aws:sts::123456789012:assumed-role/pull/"},
		"container endpoint": {aws.ContainerEnv(), nil, "arn:aws:sts::123456789012:assumed-role/container/task"},
		"role of a profile with IMDS": {join(aws.MetadataEnv(), []string{"AWS_CONFIG_FILE=" + write(t, "config",
			"[default]\nrole_arn = arn:aws:iam::123456789012:role/plain\ncredential_source = Ec2InstanceMetadata\n")}), nil,
			"arn:aws:sts::123456789012:assumed-role/plain/"},
		"role of the rule with external ID": {aws.MetadataEnv(),
			config(t, "- match: '123456789012.dkr.ecr.*.amazonaws.com'\n  provider: ecr\n  ecr: {roleARN: '"+pullRole+"', externalID: external}\n"),
			"arn:aws:sts::123456789012:assumed-role/pull/pullpass"},
	} {
		t.Run(name, func(t *testing.T) {
			r := ask(t, join(aws.EndpointEnv(), c.env), ecrImage, c.args...)
			password := r.answered(t, ecrHost).Password
			r.silent(t, user.SecretAccessKey, "web-identity-token", "container-authorization")
			token, known := aws.Token(password)
			if !known || !strings.HasPrefix(token.Principal, c.principal) || token.Region != "eu-central-1" {
				t.Errorf("the token is %q's in %s, want %s", token.Principal, token.Region, c.principal)
			}
			if r.response.CacheDuration != "1h0m0s" || r.response.CacheKeyType != "Registry" || len(r.response.Auth) != 1 {
				t.Errorf("the answer is good for %s by %s, with %d keys", r.response.CacheDuration, r.response.CacheKeyType, len(r.response.Auth))
			}
		})
	}
}

// TestECREndpoints sees which API host is asked for a registry's host. The SDK believes that
// it talks to AWS, through a proxy and with an authority of the standard variables.
func TestECREndpoints(t *testing.T) {
	aws := startAWS(t)
	user := aws.NewUser("node")
	for image, want := range map[string]string{
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com/app":             "api.ecr.eu-central-1.amazonaws.com",
		"210987654321.dkr.ecr.us-gov-west-1.amazonaws.com/app":            "api.ecr.us-gov-west-1.amazonaws.com",
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app":           "api.ecr-fips.us-east-1.amazonaws.com",
		"123456789012.dkr-ecr.us-west-2.on.aws/app":                       "ecr.us-west-2.api.aws",
		"123456789012.dkr-ecr-fips.us-west-2.on.aws/app":                  "ecr-fips.us-west-2.api.aws",
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app":            "api.ecr.cn-north-1.amazonaws.com.cn",
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/app": "ecr.cn-north-1.api.amazonwebservices.com.cn",
		"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/app":            "api.ecr.eusc-de-east-1.amazonaws.eu",
		"123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu/app": "ecr.eusc-de-east-1.api.amazonwebservices.eu",
		"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov/app":               "api.ecr.us-iso-east-1.c2s.ic.gov",
		"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/app":           "api.ecr.us-isob-east-1.sc2s.sgov.gov",
		"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk/app":          "api.ecr.eu-isoe-west-1.cloud.adc-e.uk",
		"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov/app":         "api.ecr.us-isof-south-1.csp.hci.ic.gov",
		"public.ecr.aws/nginx/nginx":                                      "api.ecr-public.us-east-1.amazonaws.com",
		"ecr-public.aws.com/nginx/nginx":                                  "ecr-public.us-east-1.api.aws",
	} {
		t.Run(image, func(t *testing.T) {
			t.Parallel()
			proxy := startProxy(t, map[string]http.Handler{want: aws.Handler})
			r := ask(t, join(user.Env(), proxy.Env()), image)
			host, _, _ := strings.Cut(image, "/")
			token, _ := aws.Token(r.answered(t, host).Password)
			if token.Region != strings.Split(strings.TrimPrefix(want, "api."), ".")[1] {
				t.Errorf("the token is of %s", token.Region)
			}
			// On a busy machine the SDK may have tried again.
			if asked := slices.Compact(proxy.Hosts()); !slices.Equal(asked, []string{want}) {
				t.Errorf("asked %v, want %s", asked, want)
			}
		})
	}
}

func startProxy(t *testing.T, routes map[string]http.Handler) *tlsproxy.Proxy {
	t.Helper()
	proxy, err := tlsproxy.Start(routes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	return proxy
}

// TestAWSFilesThatOthersCanWrite: credential_process in one would be anybody's way to root.
func TestAWSFilesThatOthersCanWrite(t *testing.T) {
	home := t.TempDir()
	ran := filepath.Join(t.TempDir(), "ran")
	for variable, path := range map[string]string{"AWS_CONFIG_FILE": write(t, "config", ""), "HOME": filepath.Join(home, ".aws", "config")} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("[default]\ncredential_process = /bin/touch "+ran+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o622); err != nil {
			t.Fatal(err)
		}
		value := path
		if variable == "HOME" {
			value = home
		}
		ask(t, []string{variable + "=" + value}, ecrImage).failed(t, path+": mode 0622 lets group or others change where credentials go", "pullpass: hint: chmod go-w "+path)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the credential_process was run")
	}
}

// TestECREndpointOfRule uses the API endpoint that a rule names, also for a FIPS host.
func TestECREndpointOfRule(t *testing.T) {
	aws := startAWS(t)
	rule := config(t, "- match: '*.dkr.ecr-fips.*.amazonaws.com'\n  provider: ecr\n  ecr: {endpoint: '"+aws.URL+"'}\n")
	r := ask(t, aws.NewUser("node").Env(), "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app", rule...)
	r.answered(t, "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com")
}

// TestAWSCABundle trusts the authority of AWS_CA_BUNDLE alone.
func TestAWSCABundle(t *testing.T) {
	aws := startAWS(t)
	proxy := startProxy(t, map[string]http.Handler{".amazonaws.com": aws.Handler})
	env := join(aws.NewUser("node").Env(), []string{"HTTPS_PROXY=" + proxy.URL})
	ask(t, join(env, []string{"AWS_CA_BUNDLE=" + proxy.CAFile}), ecrImage).answered(t, ecrHost)
	ask(t, env, ecrImage).failed(t, "certificate signed by unknown authority")
}

// TestAWSMetadataNeverProxied has a proxy in the environment that would answer for the
// metadata address, with another machine's identity. The address is 0.0.0.0: it leads to
// loopback as well, but is not one that Go spares the proxy by itself.
func TestAWSMetadataNeverProxied(t *testing.T) {
	aws := startAWS(t)
	proxy := startProxy(t, map[string]http.Handler{".amazonaws.com": aws.Handler, "0.0.0.0": aws.Handler})
	_, port, _ := strings.Cut(aws.Address, ":")
	env := join(proxy.Env(), []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://0.0.0.0:" + port})
	ask(t, env, ecrImage).answered(t, ecrHost)
	if asked, want := proxy.Hosts(), []string{"api.ecr.eu-central-1.amazonaws.com"}; !slices.Equal(asked, want) {
		t.Errorf("the proxy was asked for %v, want %v", asked, want)
	}
	if aws.Calls(awsfake.IMDSToken) != 1 {
		t.Error("the metadata service was not asked")
	}
}

// TestAWSFailures has what AWS can answer instead of a good token.
func TestAWSFailures(t *testing.T) {
	const leak = "leaked-session-token"
	for name, c := range map[string]struct {
		order func(*awsfake.Server)
		env   []string
		args  []string
		calls map[string]int // after the run
		want  []string       // of the error; none for an answer

		container bool // the identity is the container's
	}{
		"500, then 200": {order: func(s *awsfake.Server) {
			s.Next(awsfake.GetAuthorizationToken, awsfake.ECRError(500, "ServerException", "try again"))
		}, calls: map[string]int{awsfake.GetAuthorizationToken: 2}},
		"429, then 200": {order: func(s *awsfake.Server) {
			s.Next(awsfake.GetAuthorizationToken, awsfake.ECRError(429, "ThrottlingException", "Rate exceeded"))
		}, calls: map[string]int{awsfake.GetAuthorizationToken: 2}},
		"connection cut, then 200": {order: func(s *awsfake.Server) {
			s.Next(awsfake.GetAuthorizationToken, script.Order{Cut: true})
		}, calls: map[string]int{awsfake.GetAuthorizationToken: 2}},
		"500 for ever": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, awsfake.ECRError(500, "ServerException", "out of order"))
		}, calls: map[string]int{awsfake.GetAuthorizationToken: 3},
			want: []string{"get an ECR token for eu-central-1: ECR GetAuthorizationToken: ServerException: out of order"}},
		"no permission": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, awsfake.ECRError(400, "AccessDeniedException", "User: x is not authorized to perform: ecr:GetAuthorizationToken on resource: *"))
		}, calls: map[string]int{awsfake.GetAuthorizationToken: 1},
			want: []string{"AccessDeniedException: User: x is not authorized", "pullpass: hint: allow ecr:GetAuthorizationToken"}},
		"403 without a body": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(403, ""))
		}, calls: map[string]int{awsfake.GetAuthorizationToken: 1}, want: []string{"get an ECR token for eu-central-1"}},
		"empty answer": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(200, "{}"))
		}, want: []string{"the answer holds no token"}},
		"no body": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Order{Status: 200})
		}, want: []string{"the answer holds no token"}},
		"not JSON": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(200, "<html>"+leak))
		}, want: []string{"get an ECR token for eu-central-1"}},
		"token not base64": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(200, `{"authorizationData":[{"authorizationToken":"`+leak+`","expiresAt":9999999999}]}`))
		}, want: []string{"the answer's token is not base64 of user:password"}},
		"token without colon": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(200, `{"authorizationData":[{"authorizationToken":"QVdT","expiresAt":9999999999}]}`))
		}, want: []string{"the answer's token is not base64 of user:password"}},
		"no expiry": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(200, `{"authorizationData":[{"authorizationToken":"QVdTOng="}]}`))
		}, want: []string{"the answer does not say when its token expires"}},
		"expired token": {order: func(s *awsfake.Server) {
			s.Configure(func(c *awsfake.Config) { c.TokenLifetime = -time.Minute })
		}, want: []string{"the answer's token has expired already"}},
		"expired instance credentials": {order: func(s *awsfake.Server) {
			s.Configure(func(c *awsfake.Config) { c.CredentialLifetime = -time.Minute })
		}, want: []string{"get an ECR token for eu-central-1", "ExpiredTokenException"}},
		"instance without a role": {order: func(s *awsfake.Server) {
			s.Configure(func(c *awsfake.Config) { c.InstanceRole = "" })
		}, want: []string{"no AWS identity", "the instance has no role", "pullpass: hint: give the node an instance profile"}},
		"IMDS switched off": {order: func(s *awsfake.Server) {
			s.Configure(func(c *awsfake.Config) { c.IMDSDisabled = true })
		}, want: []string{"no AWS identity", "answers 403 Forbidden and is not EC2's, or is switched off"}},
		"IMDS out of order": {order: func(s *awsfake.Server) {
			s.Always(awsfake.IMDSRole, script.Fail(500, "oops"))
		}, calls: map[string]int{awsfake.IMDSRole: 3}, want: []string{"get an ECR token for eu-central-1: ec2imds GetMetadata: status 500"}},
		"IMDS malformed": {order: func(s *awsfake.Server) {
			s.Always(awsfake.IMDSCredentials, script.Fail(200, "{"+leak))
		}, want: []string{"get an ECR token for eu-central-1"}},
		"IMDS hangs": {order: func(s *awsfake.Server) {
			s.Always(awsfake.IMDSToken, script.Hang())
		}, calls: map[string]int{awsfake.IMDSToken: 1, awsfake.IMDSRole: 0}, want: []string{"no AWS identity", "no answer within 4s"}},
		"slow": {order: func(s *awsfake.Server) {
			s.Always(awsfake.IMDSToken, script.Order{Delay: 2 * time.Second})
			s.Always(awsfake.GetAuthorizationToken, script.Order{Delay: 2 * time.Second})
		}, calls: map[string]int{awsfake.IMDSToken: 1, awsfake.GetAuthorizationToken: 1}},
		"role refused": {order: func(*awsfake.Server) {},
			args: config(t, "- match: '*.dkr.ecr.*.amazonaws.com'\n  provider: ecr\n  ecr: {roleARN: '"+pullRole+"'}\n"),
			want: []string{"STS AssumeRole: AccessDenied", "pullpass: hint: check that the role exists"}},
		"credential_process prints rubbish": {order: func(*awsfake.Server) {},
			env:  []string{"AWS_CONFIG_FILE=" + write(t, "config", "[default]\ncredential_process = /bin/echo "+leak+"\n")},
			want: []string{"the credential_process of the profile failed, or did not print credentials"}},
		"credential_process behind a role": {order: func(*awsfake.Server) {},
			env: []string{"AWS_CONFIG_FILE=" + write(t, "config", "[default]\nrole_arn = "+pullRole+"\nsource_profile = base\n[profile base]\ncredential_process = /bin/sh "+
				write(t, "process.sh", "echo "+leak+" >&2; echo '{\"Version\": 1, \"SecretAccessKey\": \""+leak+"\", \"Expiration\": 5}'")+"\n")},
			want: []string{"the credential_process of the profile failed, or did not print credentials"}},
		"role of a rule, IMDS out of order": {order: func(s *awsfake.Server) {
			s.Always(awsfake.IMDSRole, script.Fail(500, "oops"))
		}, args: config(t, "- match: '*.dkr.ecr.*.amazonaws.com'\n  provider: ecr\n  ecr: {roleARN: '"+pullRole+"'}\n"),
			calls: map[string]int{awsfake.IMDSRole: 3}, want: []string{"ec2imds GetMetadata: "}},
		"credential_process fails": {order: func(*awsfake.Server) {},
			env:  []string{"AWS_CONFIG_FILE=" + write(t, "config", "[default]\ncredential_process = /bin/sh "+write(t, "fail.sh", "echo "+leak+"; exit 3")+"\n")},
			want: []string{"the credential_process of the profile: exit status 3"}},
		"signature refused, with what was signed": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, awsfake.ECRError(400, "InvalidSignatureException", "The Canonical String should have been\n'POST\nx-amz-security-token:"+leak+"'"))
		}, want: []string{"ECR GetAuthorizationToken: InvalidSignatureException: The Canonical String should have been\n"}},
		"web identity refused, quoted": {order: func(s *awsfake.Server) {
			s.Always(awsfake.AssumeRoleWithWebIdentity, awsfake.STSError(400, "ValidationError", "Value '"+leak+"' at 'webIdentityToken' failed to satisfy constraint"))
		}, env: []string{"AWS_ROLE_ARN=" + pullRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + write(t, "token", leak)},
			want: []string{"STS AssumeRoleWithWebIdentity: ValidationError: Value 'REDACTED' at"}},
		"container endpoint refuses": {order: func(s *awsfake.Server) {
			s.Always(awsfake.ContainerCredentials, script.Fail(403, `{"code": "AccessDeniedException", "message": "no association"}`))
		}, env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9/v1/credentials?token=" + leak},
			want: []string{"get an ECR token for eu-central-1"}},
		"nobody at the metadata address": {order: func(*awsfake.Server) {}, env: []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9"},
			want: []string{"no AWS identity", "connection refused"}},
		"another cloud's metadata": {order: func(s *awsfake.Server) {
			s.Always(awsfake.IMDSToken, script.Fail(405, ""))
		}, calls: map[string]int{awsfake.IMDSToken: 1}, want: []string{"no AWS identity", "answers 405 Method Not Allowed and is not EC2's"}},
		"redirect": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(302, ""))
		}, calls: map[string]int{awsfake.GetAuthorizationToken: 1}, want: []string{"status 302 Found: redirects are not followed"}},
		"403 of the container endpoint, which repeats the token": {order: func(s *awsfake.Server) {
			s.Configure(func(c *awsfake.Config) { c.ContainerToken = leak })
			s.Always(awsfake.ContainerCredentials, script.Fail(403, "no: "+leak))
		}, container: true, want: []string{"get an ECR token for eu-central-1: container endpoint GetCredentials: status 403 Forbidden\n"}},
		"403 of the container endpoint, in JSON": {order: func(s *awsfake.Server) {
			s.Configure(func(c *awsfake.Config) { c.ContainerToken = leak })
			s.Always(awsfake.ContainerCredentials, script.Fail(403, `{"code":"`+leak+`","message":"no: `+leak+`"}`))
		}, container: true, want: []string{"container endpoint GetCredentials: status 403 Forbidden\n"}},
		"404 of the container endpoint, without a body": {order: func(s *awsfake.Server) {
			s.Always(awsfake.ContainerCredentials, script.Fail(404, ""))
		}, container: true, calls: map[string]int{awsfake.ContainerCredentials: 1}, want: []string{"container endpoint GetCredentials: status 404 Not Found\n"}},
		"container endpoint without credentials": {order: func(s *awsfake.Server) {
			s.Always(awsfake.ContainerCredentials, script.Fail(200, "{}"))
		}, container: true, want: []string{"get an ECR token for eu-central-1: an answer of a source of credentials holds none"}},
		"refusal with an empty code": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(400, `{"__type":"","message":""}`))
		}, want: []string{"ECR GetAuthorizationToken: status 400 Bad Request\n"}},
		"refusal with a space for a message": {order: func(s *awsfake.Server) {
			s.Always(awsfake.GetAuthorizationToken, script.Fail(400, `{"__type":"X","message":" "}`))
		}, want: []string{"ECR GetAuthorizationToken: X\n"}},
		"IMDS refuses with nothing": {order: func(s *awsfake.Server) {
			s.Always(awsfake.IMDSCredentials, script.Fail(200, `{"Code":"","Message":""}`))
		}, want: []string{"ec2imds GetMetadata: an answer of a source of credentials holds none"}},
		"IMDS refuses in a header": {order: func(s *awsfake.Server) {
			s.Always(awsfake.IMDSToken, script.Fail(200, leak))
		}, want: []string{"get an ECR token for eu-central-1: ec2imds GetMetadata: the answer is malformed"}},
		"FIPS wanted, and an endpoint named": {order: func(*awsfake.Server) {}, env: []string{"AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"}},
		"no such profile": {order: func(*awsfake.Server) {}, env: []string{"AWS_PROFILE=nobody"},
			want: []string{`profile "nobody": no such profile in `}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			aws := startAWS(t)
			c.order(aws)
			env := join(aws.EndpointEnv(), aws.MetadataEnv(), c.env)
			if c.container {
				env = append(env, aws.ContainerEnv()...)
			}
			r := ask(t, env, ecrImage, c.args...)
			r.silent(t, leak)
			r.ended(t, ecrHost, c.want)
			checkCalls(t, aws, c.calls)
		})
	}
}

// TestECRPublic gets a token where there is an identity, keeps the anonymous try, and needs
// no identity at all.
func TestECRPublic(t *testing.T) {
	aws := startAWS(t)
	const host = "public.ecr.aws"
	r := ask(t, join(aws.EndpointEnv(), aws.MetadataEnv()), host+"/nginx/nginx")
	token, _ := aws.Token(r.answered(t, host).Password)
	if anonymous, ok := r.response.Auth["*.ecr.aws"]; !ok || anonymous != (login{}) || !token.Public {
		t.Errorf("keys %v, token %+v", len(r.response.Auth), token.Principal)
	}
	off := config(t, "- match: "+host+"\n  provider: ecr\n  anonymousTry: false\n")
	if r := ask(t, join(aws.EndpointEnv(), aws.MetadataEnv()), host+"/nginx/nginx", off...); len(r.response.Auth) != 1 {
		t.Errorf("with anonymousTry off there are %d keys", len(r.response.Auth))
	}
	for name, env := range map[string][]string{
		"nobody at the metadata address": nil,
		"metadata service switched off":  {"AWS_EC2_METADATA_DISABLED=true"},
		"another cloud's metadata":       {"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + startGoogle(t).URL},
		"FIPS wanted":                    {"AWS_USE_FIPS_ENDPOINT=true"},
	} {
		r := ask(t, join(aws.EndpointEnv(), env), host+"/nginx/nginx")
		if r.code != 0 || len(r.response.Auth) != 0 || r.response.CacheDuration != "1m0s" {
			t.Errorf("%s: exit code %d, %s\n%s", name, r.code, r.stdout, r.stderr)
		}
	}
	named := config(t, "- match: "+host+"\n  provider: ecr\n  ecr: {roleARN: '"+pullRole+"'}\n")
	ask(t, aws.EndpointEnv(), host+"/nginx/nginx", named...).failed(t, "get an ECR Public token: no AWS identity")
	aws.Always(awsfake.GetPublicAuthorizationToken, awsfake.ECRError(400, "AccessDeniedException", "not authorized"))
	ask(t, join(aws.EndpointEnv(), aws.MetadataEnv()), host+"/nginx/nginx").
		failed(t, "get an ECR Public token: ECR PUBLIC GetAuthorizationToken: AccessDeniedException", "sts:GetServiceBearerToken")
}

// TestCredentialProcessLeavesNobody: what the process started ends with it, and holds nobody up.
func TestCredentialProcessLeavesNobody(t *testing.T) {
	aws := startAWS(t)
	pid := filepath.Join(t.TempDir(), "pid")
	process := write(t, "process.sh", "sleep 300 &\necho $! > "+pid+"\necho '"+aws.NewUser("process").ProcessOutput()+"'\n")
	env := []string{"AWS_CONFIG_FILE=" + write(t, "config", "[default]\ncredential_process = /bin/sh "+process+"\n")}
	ask(t, join(aws.EndpointEnv(), env), ecrImage).answered(t, ecrHost)
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, strings.TrimSpace(string(text)))
}

// TestSignalEndsCredentialProcess: a kubelet that stops must not leave the process behind.
func TestSignalEndsCredentialProcess(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	process := write(t, "process.sh", "echo $$ > "+pid+".new; mv "+pid+".new "+pid+"; exec sleep 300\n")
	command := exec.CommandContext(t.Context(), binaries.Tested)
	command.Env = append(pullpass.Offline(t), "AWS_CONFIG_FILE="+write(t, "config", "[default]\ncredential_process = /bin/sh "+process+"\n"))
	command.Stdin = strings.NewReader(`{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"` + ecrImage + `"}`)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var text []byte
	for deadline := time.Now().Add(time.Minute); len(text) == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		text, _ = os.ReadFile(pid)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	command.Wait()
	if code := command.ProcessState.ExitCode(); code != 1 || len(text) == 0 {
		t.Fatalf("exit code %d, process %q", code, text)
	}
	if want := "pullpass: error: get an ECR token for eu-central-1: stopped by a signal\n"; stderr.String() != want {
		t.Errorf("stderr is %q, want %q", stderr.String(), want)
	}
	awaitEnd(t, strings.TrimSpace(string(text)))
}

// awaitEnd waits until a process is gone, or nothing but a zombie.
func awaitEnd(t *testing.T, pid string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		status, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(status), ") Z ") {
			return
		}
	}
	t.Errorf("the process %s lives on", pid)
}
