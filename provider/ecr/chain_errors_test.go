package ecr

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// TestChainErrors: an error names the variable, or the file and the profile, and no value.
func TestChainErrors(t *testing.T) {
	for name, c := range map[string]struct {
		env                 map[string]string
		config, credentials string
		text, hint          string
	}{
		"no profile":        {env: map[string]string{"AWS_PROFILE": "a"}, text: `profile "a": no such profile in DIR/config and DIR/credentials`},
		"half of keys":      {config: "[default]\nregion = x\n", credentials: "[default]\naws_secret_access_key = canary\n", text: `profile "default" of DIR/config and DIR/credentials: aws_access_key_id and aws_secret_access_key need each other`},
		"source missing":    {config: "[default]\nrole_arn = a\nsource_profile = b\n", text: `profile "default" of DIR/config: its source_profile "b" does not exist`},
		"source is nothing": {config: "[default]\nrole_arn = a\nsource_profile = default\n", text: `profile "default" of DIR/config: its source_profile "default" leads to no credentials`},
		"bad value":         {config: "[default]\nrole_arn = a\ncredential_source = canary\n", text: `profile "default" of DIR/config: credential_source is not Environment, Ec2InstanceMetadata or EcsContainer`},
		"bad number":        {config: "[default]\nmax_attempts = canary\n", text: `profile "default" of DIR/config: max_attempts is not a number`},
		"code":              {config: "[default]\nrole_arn = a\nmfa_serial = m\n", text: `profile "default" of DIR/config: mfa_serial: there is nobody to type a code`},
		"login": {config: "[default]\nsso_account_id = 1\n", text: `profile "default" of DIR/config: it needs a login of a user (sso_* or login_session), which a node has not`,
			hint: "aws configure export-credentials --profile NAME --format process"},
		"bad variable":      {env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "canary"}, text: "AWS_USE_FIPS_ENDPOINT is neither true nor false"},
		"no token":          {env: map[string]string{"AWS_ROLE_ARN": "a", "AWS_WEB_IDENTITY_TOKEN_FILE": "DIR/none"}, text: "read web identity token: open DIR/none: no such file or directory"},
		"no authorities":    {env: map[string]string{"AWS_CA_BUNDLE": "DIR/none"}, config: "[default]\nca_bundle = DIR/other\n", text: "read CA bundle: open DIR/none: no such file or directory"},
		"empty authorities": {config: "[default]\nca_bundle = DIR/config\n", text: "read CA bundle: no certificate in DIR/config"},
		"container": {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://user:canary@10.0.0.1/canary"},
			text: `container endpoint: http is for this machine, ECS and EKS alone, not for "10.0.0.1"`},
		// Of these, a part of the secret would be a host, which is shown and looked up.
		"container, split":     {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://user:12/canary@127.0.0.1/"}, text: "AWS_CONTAINER_CREDENTIALS_FULL_URI is not an http or https URL"},
		"container, no scheme": {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "canary://127.0.0.1/"}, text: "AWS_CONTAINER_CREDENTIALS_FULL_URI is not an http or https URL"},
		"container, no path":   {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "canary"}, text: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with /"},
		"metadata, split":      {env: map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://user:12/canary@127.0.0.1/"}, text: "the endpoint that is configured for the EC2 metadata service is not an http or https URL"},
		"STS": {env: map[string]string{"AWS_ENDPOINT_URL_STS": "http://u:canary@127.0.0.1:9", "AWS_USE_FIPS_ENDPOINT": "true"}, config: "[default]\nrole_arn = a\naws_access_key_id = x\naws_secret_access_key = y\n",
			text: "an endpoint is configured for STS, and so is its FIPS or dual-stack variant"},
	} {
		t.Run(name, func(t *testing.T) {
			env := environment(t, c.env, map[string]string{"config": c.config, "credentials": c.credentials})
			dir := strings.TrimSuffix(env["AWS_SHARED_CREDENTIALS_FILE"], "credentials")
			p := &Provider{Getenv: func(name string) string { return env[name] }, Now: time.Now, Hide: func(...string) {}, Proxy: loopbackOnly, Warn: func(string) {}, hosts: hosts()}
			image, err := provider.ParseImage(base)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Fetch(t.Context(), provider.Request{Image: image})
			if want := "get an ECR token for eu-central-1: " + strings.ReplaceAll(c.text, "DIR/", dir); err == nil || err.Error() != want {
				t.Errorf("the error is %q, want %q", err, want)
			}
			if hint := provider.Hint(err); !strings.Contains(hint, c.hint) {
				t.Errorf("the hint is %q", hint)
			}
		})
	}
}

// TestSharedFilesOfOthers: who can write one can have a program run.
func TestSharedFilesOfOthers(t *testing.T) {
	for _, name := range []string{"config", "credentials"} {
		env := environment(t, nil, map[string]string{"config": "", "credentials": ""})
		path := env["AWS_CONFIG_FILE"]
		if name == "credentials" {
			path = env["AWS_SHARED_CREDENTIALS_FILE"]
		}
		if err := os.Chmod(path, 0o622); err != nil {
			t.Fatal(err)
		}
		p := &Provider{Getenv: func(name string) string { return env[name] }, Warn: func(string) {}, Hide: func(...string) {}}
		if _, err := p.loadSettings(); err == nil || !strings.Contains(err.Error(), path+": mode 0622") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
