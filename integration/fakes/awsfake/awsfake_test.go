package awsfake_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

const region = "eu-central-1"

func start(t *testing.T) *awsfake.Server {
	t.Helper()
	server, err := awsfake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// load is the SDK's default chain in an environment of these variables and no others.
func load(t *testing.T, env ...[]string) aws.Config {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	t.Setenv("HOME", t.TempDir())
	for _, variables := range env {
		for _, variable := range variables {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
		}
	}
	cfg, err := config.LoadDefaultConfig(timeout(t), config.WithRegion(region))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// askECR returns the password that ECR's token holds.
func askECR(t *testing.T, cfg aws.Config) (string, error) {
	t.Helper()
	output, err := ecr.NewFromConfig(cfg).GetAuthorizationToken(timeout(t), &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return "", err
	}
	return password(t, *output.AuthorizationData[0].AuthorizationToken), nil
}

func password(t *testing.T, token string) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	user, password, _ := strings.Cut(string(text), ":")
	if user != "AWS" {
		t.Errorf("the token's user is %q", user)
	}
	return password
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var apiError smithy.APIError
	if !errors.As(err, &apiError) || apiError.ErrorCode() != code {
		t.Errorf("got error %v, want %s", err, code)
	}
}

func TestIdentities(t *testing.T) {
	const roleARN = "arn:aws:iam::" + awsfake.Account + ":role/pull"
	server := start(t)
	server.Configure(func(c *awsfake.Config) {
		c.ContainerToken = "pod-identity"
		c.Roles = map[string]awsfake.Role{roleARN: {ExternalID: "external", WebIdentity: "web-identity"}}
	})
	user := server.NewUser("node")
	tokenFile := writeFile(t, "token", "web-identity")
	profile := writeFile(t, "config", "[profile process]\ncredential_process = "+writeScript(t, user.ProcessOutput())+
		"\n[profile role]\nrole_arn = "+roleARN+"\nexternal_id = external\nsource_profile = process\n")

	for name, test := range map[string]struct {
		env       []string
		principal string
	}{
		"imds":         {server.MetadataEnv(), "arn:aws:sts::123456789012:assumed-role/node/i-0123456789abcdef0"},
		"environment":  {user.Env(), user.Principal},
		"container":    {server.ContainerEnv(), "arn:aws:sts::123456789012:assumed-role/container/task"},
		"web identity": {[]string{"AWS_ROLE_ARN=" + roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE=" + tokenFile, "AWS_ROLE_SESSION_NAME=pod"}, "arn:aws:sts::123456789012:assumed-role/pull/pod"},
		"process":      {[]string{"AWS_CONFIG_FILE=" + profile, "AWS_PROFILE=process"}, user.Principal},
		"role":         {[]string{"AWS_CONFIG_FILE=" + profile, "AWS_PROFILE=role", "AWS_ROLE_SESSION_NAME=session"}, "arn:aws:sts::123456789012:assumed-role/pull/"},
	} {
		t.Run(name, func(t *testing.T) {
			password, err := askECR(t, load(t, server.EndpointEnv(), test.env))
			if err != nil {
				t.Fatal(err)
			}
			token, found := server.Token(password)
			if !found || !strings.HasPrefix(token.Principal, test.principal) || token.Region != region || token.Public {
				t.Errorf("got a token of %q, region %q, public %t", token.Principal, token.Region, token.Public)
			}
			if !server.Login("AWS", password) || server.Login("AWS", "wrong") || server.Login("me", password) {
				t.Error("the registry's login is not AWS and the token alone")
			}
			requests := server.Requests()
			last := requests[len(requests)-1]
			if last.Host != server.Address || last.Region != region || last.AccessKeyID == "" || last.Principal != token.Principal {
				t.Errorf("recorded %+v", last)
			}
		})
	}
	if server.Calls(awsfake.IMDSToken) != 1 || server.Calls(awsfake.IMDSCredentials) != 1 {
		t.Error("the metadata service was asked for more than one set of credentials")
	}
	if calls := server.Calls(awsfake.AssumeRole); calls != 1 {
		t.Errorf("%d calls of AssumeRole", calls)
	}
}

func TestPublic(t *testing.T) {
	server := start(t)
	cfg := load(t, server.EndpointEnv(), server.MetadataEnv())
	client := ecrpublic.NewFromConfig(cfg, func(o *ecrpublic.Options) { o.Region = "us-east-1" })
	output, err := client.GetAuthorizationToken(timeout(t), &ecrpublic.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	token, found := server.Token(password(t, *output.AuthorizationData.AuthorizationToken))
	if !found || !token.Public || output.AuthorizationData.ExpiresAt.Sub(token.Expires).Abs() > time.Second {
		t.Errorf("got token %+v that expires at %v", token, output.AuthorizationData.ExpiresAt)
	}
	_, err = ecrpublic.NewFromConfig(cfg).GetAuthorizationToken(timeout(t), &ecrpublic.GetAuthorizationTokenInput{})
	wantCode(t, err, "InvalidSignatureException")
}

func TestRefusals(t *testing.T) {
	server := start(t)
	user := server.NewUser("node")

	wrongSecret := user
	wrongSecret.SecretAccessKey = "wrong"
	_, err := askECR(t, load(t, server.EndpointEnv(), wrongSecret.Env()))
	wantCode(t, err, "InvalidSignatureException")

	stranger := user
	stranger.AccessKeyID = "AKIAIOSFODNN7EXAMPLE"
	_, err = askECR(t, load(t, server.EndpointEnv(), stranger.Env()))
	wantCode(t, err, "UnrecognizedClientException")

	server.Always(awsfake.GetAuthorizationToken, awsfake.ECRError(http.StatusBadRequest, "AccessDeniedException", "not authorized"))
	_, err = askECR(t, load(t, server.EndpointEnv(), user.Env()))
	wantCode(t, err, "AccessDeniedException")

	server.Always(awsfake.GetAuthorizationToken, script.Order{})
	server.Next(awsfake.GetAuthorizationToken, script.Fail(http.StatusInternalServerError, ""))
	if _, err = askECR(t, load(t, server.EndpointEnv(), user.Env())); err != nil {
		t.Errorf("the SDK does not try again: %v", err)
	}

	server.Configure(func(c *awsfake.Config) { c.TokenLifetime = -time.Minute })
	password, err := askECR(t, load(t, server.EndpointEnv(), user.Env()))
	if err != nil || server.Login("AWS", password) {
		t.Errorf("the registry takes an expired token; error %v", err)
	}
}

func TestAssumeRoleRefusals(t *testing.T) {
	const roleARN = "arn:aws:iam::" + awsfake.Account + ":role/pull"
	server := start(t)
	server.Configure(func(c *awsfake.Config) {
		c.Roles = map[string]awsfake.Role{roleARN: {ExternalID: "external", WebIdentity: "web-identity"}}
	})
	user := server.NewUser("node")
	profile := writeFile(t, "config", "[profile process]\ncredential_process = "+writeScript(t, user.ProcessOutput())+
		"\n[profile role]\nrole_arn = "+roleARN+"\nexternal_id = wrong\nsource_profile = process\n")
	_, err := askECR(t, load(t, server.EndpointEnv(), []string{"AWS_CONFIG_FILE=" + profile, "AWS_PROFILE=role"}))
	wantCode(t, err, "AccessDenied")
	for _, request := range server.Requests() {
		if request.Params.Get("ExternalId") != "wrong" || request.Principal != user.Principal {
			t.Errorf("recorded %+v", request)
		}
	}
	_, err = askECR(t, load(t, server.EndpointEnv(), []string{
		"AWS_ROLE_ARN=" + roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE=" + writeFile(t, "token", "wrong"),
	}))
	wantCode(t, err, "InvalidIdentityToken")
}

func TestInstanceMetadataRefusals(t *testing.T) {
	for name, change := range map[string]func(*awsfake.Config){
		"no role":  func(c *awsfake.Config) { c.InstanceRole = "" },
		"disabled": func(c *awsfake.Config) { c.IMDSDisabled = true },
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Configure(change)
			if _, err := askECR(t, load(t, server.EndpointEnv(), server.MetadataEnv())); err == nil {
				t.Error("the SDK found an identity")
			}
		})
	}
}

// IMDSv1 is a GET without a session token.
func TestInstanceMetadataVersion1(t *testing.T) {
	server := start(t)
	for _, allowed := range []bool{false, true} {
		server.Configure(func(c *awsfake.Config) { c.IMDSv1 = allowed })
		response, err := http.Get(server.URL + "/latest/meta-data/iam/security-credentials/")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if (response.StatusCode == http.StatusOK) != allowed {
			t.Errorf("version 1 allowed %t: got %s", allowed, response.Status)
		}
	}
}

// TestInstanceSession: everyone who asks gets the same credentials until half of their life
// has passed.
func TestInstanceSession(t *testing.T) {
	server := start(t)
	key := func() string {
		t.Helper()
		credentials, err := load(t, server.MetadataEnv()).Credentials.Retrieve(timeout(t))
		if err != nil {
			t.Fatal(err)
		}
		return credentials.AccessKeyID
	}
	first := key()
	if second := key(); second != first {
		t.Errorf("new credentials at once: %s, then %s", first, second)
	}
	server.Configure(func(c *awsfake.Config) { c.CredentialLifetime = -time.Minute })
	expired := key()
	if again := key(); expired == first || again == expired {
		t.Errorf("got %s, then the expired %s and %s: want three", first, expired, again)
	}
}

func TestContainerRefusesOtherToken(t *testing.T) {
	server := start(t)
	env := server.ContainerEnv()
	server.Configure(func(c *awsfake.Config) { c.ContainerToken = "another" })
	if _, err := askECR(t, load(t, server.EndpointEnv(), env)); err == nil {
		t.Error("the SDK found an identity")
	}
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeScript writes a program that prints text.
func writeScript(t *testing.T, text string) string {
	t.Helper()
	path := writeFile(t, "process", "#!/bin/sh\ncat <<'END'\n"+text+"\nEND\n")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
