package ecr

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// A cloud is all that a chain can ask, in memory. It notes who asks for what, and gives
// credentials that tell the question.
type cloud struct{ asked []string }

// Do implements aws.HTTPClient.
func (c *cloud) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	signer, _, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders")
	signer = regexp.MustCompile(`/\d{8}/`).ReplaceAllString(signer, "/DATE/")
	question := fmt.Sprintf("%s %s by %q session %q metadata %q: %s", cmp.Or(r.Method, http.MethodGet), r.URL, signer,
		r.Header.Get("X-Amz-Security-Token"), r.Header.Get("X-Aws-Ec2-Metadata-Token"), plainForm(string(body)))
	c.asked = append(c.asked, question)
	id := fmt.Sprintf("%.4x", sha256.Sum256([]byte(question)))
	switch {
	case r.URL.Path == "/latest/api/token":
		return give("metadata-token")
	case r.URL.Path == "/latest/meta-data/iam/security-credentials/":
		return give("role")
	case len(body) > 0:
		form, _ := url.ParseQuery(string(body))
		return give(fmt.Sprintf(stsAnswer, form.Get("Action"), id, id, id))
	}
	return give(fmt.Sprintf(`{"Code": "Success", "AccessKeyId": "A%s", "SecretAccessKey": "S%s", "Token": "T%s", "Expiration": "2100-01-01T00:00:00Z"}`, id, id, id))
}

// RoundTrip implements http.RoundTripper.
func (c *cloud) RoundTrip(r *http.Request) (*http.Response, error) { return c.Do(r) }

const stsAnswer = `<Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/a/b</Arn></AssumedRoleUser>` +
	`<Credentials><AccessKeyId>A%s</AccessKeyId><SecretAccessKey>S%s</SecretAccessKey><SessionToken>T%s</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>` +
	`</%[1]sResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></Response>`

func give(body string) (*http.Response, error) {
	header := http.Header{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": {"300"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}, nil
}

// plainForm is a form with its names in order, and without the time in a session's name.
func plainForm(body string) string {
	form, err := url.ParseQuery(body)
	if err != nil {
		return body
	}
	return regexp.MustCompile(`(RoleSessionName=(?:aws-go-sdk-)?)\d{19}\b`).ReplaceAllString(form.Encode(), "${1}TIME")
}

// ofSDK is the answer of the SDK's chain, with the settings of its clients.
func ofSDK(ctx context.Context, p *Provider, region string, world *cloud) (string, aws.Credentials, error) {
	options := []func(*config.LoadOptions) error{
		config.WithRegion(region), config.WithHTTPClient(world), config.WithLogger(logging.Nop{}),
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = world }),
	}
	if p.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(p.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return "", aws.Credentials{}, err
	}
	o, ecrOptions, publicOptions := sts.NewFromConfig(cfg).Options(), ecr.NewFromConfig(cfg).Options(), ecrpublic.NewFromConfig(cfg).Options()
	clients := fmt.Sprintf("%v %v %d %v %q %q %q %q", o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled, o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled,
		max(cfg.RetryMaxAttempts, 0), cfg.DisableClockSkewCorrection, cfg.AppID,
		aws.ToString(o.BaseEndpoint), aws.ToString(ecrOptions.BaseEndpoint), aws.ToString(publicOptions.BaseEndpoint))
	credentials, err := cfg.Credentials.Retrieve(ctx)
	return clients, credentials, err
}

// ofOurs is the same of our chain.
func ofOurs(t *testing.T, p *Provider, image string, world *cloud) (string, aws.Credentials, error) {
	c, err := p.newChain(lookup(t, image))
	if err != nil {
		return "", aws.Credentials{}, err
	}
	c.config.HTTPClient, c.local, c.metadata.http.Transport = world, world, world
	s := c.settings
	clients := fmt.Sprintf("%v %v %d %v %q %q %q %q", s.fips, s.dualStack, max(s.attempts, 0), s.noSkewCorrection, s.appID,
		p.namedEndpoint(s, stsAPI()), p.namedEndpoint(s, api{id: "ECR"}), p.namedEndpoint(s, api{id: "ECR PUBLIC"}))
	credentials, err := c.identity(t.Context())
	return clients, credentials, err
}

// compareChains lets both chains find an identity in the same environment.
func compareChains(t *testing.T, profile string, env map[string]string) (found bool) {
	t.Helper()
	clean(t)
	for name, value := range env {
		t.Setenv(name, value)
	}
	p := &Provider{Profile: profile, Getenv: func(name string) string { return env[name] }, Now: time.Now, Hide: func(...string) {}, Warn: func(string) {}}
	got, want := &cloud{}, &cloud{}
	gotClients, gotKeys, err := ofOurs(t, p, base, got)
	wantClients, wantKeys, wantErr := ofSDK(t.Context(), p, "eu-central-1", want)
	show := func(clients string, keys aws.Credentials, err error, world *cloud) string {
		return fmt.Sprintf("%q %q %q\nclients: %s\n%s\nerror: %v", keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken, clients, strings.Join(world.asked, "\n"), err)
	}
	switch {
	case (err == nil) != (wantErr == nil),
		err == nil && show(gotClients, gotKeys, nil, got) != show(wantClients, wantKeys, nil, want):
		t.Errorf("%s\nbut the SDK has\n%s\nin %q, profile %q", show(gotClients, gotKeys, err, got), show(wantClients, wantKeys, wantErr, want), env, profile)
		for _, variable := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
			text, _ := os.ReadFile(env[variable])
			t.Logf("%s:\n%s", variable, text)
		}
	case err != nil && strings.Contains(err.Error(), "canary"):
		t.Errorf("a secret is in the error: %v", err)
	}
	return err == nil
}

const (
	pairA   = "aws_access_key_id = AKIDA\naws_secret_access_key = canary-a\n"
	process = `credential_process = /bin/echo '{"Version": 1, "AccessKeyId": "AKIDP", "SecretAccessKey": "canary-p", "SessionToken": "t"}'` + "\n"
)

// environment returns variables with the files that they name, whose texts are files.
func environment(t *testing.T, variables, files map[string]string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{"AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials")}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "DIR/", dir+"/")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range variables {
		env[name] = strings.ReplaceAll(value, "DIR/", dir+"/")
	}
	return env
}

// TestChain compares what ours finds, by whom and by which requests, with the SDK's chain.
func TestChain(t *testing.T) {
	type vars = map[string]string
	keys := vars{"AWS_ACCESS_KEY_ID": "AKIDE", "AWS_SECRET_ACCESS_KEY": "canary-e", "AWS_SESSION_TOKEN": "canary-t"}
	web := vars{"AWS_WEB_IDENTITY_TOKEN_FILE": "DIR/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/w"}
	container := vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:7/creds?x=canary", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary-c"}
	with := func(sets ...vars) vars {
		all := vars{}
		for _, set := range sets {
			maps.Copy(all, set)
		}
		return all
	}
	const role = "role_arn = arn:aws:iam::1:role/a\n"
	for name, c := range map[string]struct {
		env                 vars
		profile             string // of the rule
		config, credentials string
		fails               bool
	}{
		"nothing":                         {},
		"metadata at an endpoint":         {env: vars{"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:8/x"}},
		"metadata by IPv6":                {env: vars{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": " IPV6 "}},
		"metadata by IPv4, not profile's": {env: vars{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv4"}, config: "[default]\nec2_metadata_service_endpoint_mode = IPv6\n"},
		"metadata by the profile":         {config: "[default]\nec2_metadata_service_endpoint_mode = IPv6\n"},
		"metadata endpoint of profile":    {config: "[default]\nec2_metadata_service_endpoint = http://127.0.0.1:9\nec2_metadata_service_endpoint_mode = IPv6\n"},
		"metadata by IPv5":                {env: vars{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"}, fails: true},
		"metadata disabled":               {env: vars{"AWS_EC2_METADATA_DISABLED": "True"}, fails: true},
		"metadata not disabled":           {env: vars{"AWS_EC2_METADATA_DISABLED": "yes"}},
		"keys":                            {env: keys},
		"keys of old names":               {env: vars{"AWS_ACCESS_KEY": "AKIDO", "AWS_SECRET_KEY": "canary-o"}},
		"keys of both names":              {env: with(keys, vars{"AWS_ACCESS_KEY": "AKIDO", "AWS_SECRET_KEY": "canary-o"})},
		"half of keys":                    {env: vars{"AWS_ACCESS_KEY_ID": "AKIDE", "AWS_SESSION_TOKEN": "canary-t"}},
		"keys, all else":                  {env: with(keys, web, container), config: "[default]\n" + pairA},
		"keys, profile of environment":    {env: with(keys, vars{"AWS_PROFILE": "a"}), config: "[profile a]\n" + pairA},
		"keys, profile of the rule":       {env: keys, profile: "a", config: "[profile a]\n" + pairA},
		"keys, profile missing":           {env: with(keys, vars{"AWS_PROFILE": "a"}), fails: true},
		"keys, profile with an error":     {env: keys, config: "[default]\n" + role + "source_profile = nobody\n", fails: true},
		"keys, default profile missing":   {env: with(keys, vars{"AWS_DEFAULT_PROFILE": "a"})},
		"keys, a login":                   {env: keys, config: "[default]\nsso_start_url = x\n"},
		"rule's profile missing":          {profile: "a", fails: true},
		"profile of the environment":      {env: vars{"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}, config: "[profile a]\n" + pairA + "[profile b]\n" + process},
		"default profile of environment":  {env: vars{"AWS_DEFAULT_PROFILE": "b"}, config: "[profile a]\n" + pairA + "[profile b]\n" + process},
		"web identity":                    {env: web},
		"web identity, session named":     {env: with(web, vars{"AWS_ROLE_SESSION_NAME": "s"})},
		"web identity, no role":           {env: vars{"AWS_WEB_IDENTITY_TOKEN_FILE": "DIR/token"}, fails: true},
		"web identity, no file":           {env: with(web, vars{"AWS_WEB_IDENTITY_TOKEN_FILE": "DIR/none"}), fails: true},
		"web identity, profile":           {env: web, config: "[default]\n" + pairA},
		"web identity, rule's profile":    {env: web, profile: "default", config: "[default]\n" + pairA},
		"web identity of profile":         {config: "[default]\n" + role + "web_identity_token_file = DIR/token\nrole_session_name = s\nexternal_id = no\nduration_seconds = 3600\nmfa_serial = m\n"},
		"web identity as a source":        {config: "[default]\n" + role + "source_profile = b\n[profile b]\nrole_arn = b\nweb_identity_token_file = DIR/token\n"},
		"container":                       {env: container},
		"container, token of a file":      {env: with(container, vars{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "DIR/token"})},
		"container, no file":              {env: with(container, vars{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "DIR/none"}), fails: true},
		"container, lines in the token":   {env: with(container, vars{"AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary\nx"}), fails: true},
		"container, relative":             {env: with(container, vars{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x?y"})},
		"container by name":               {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x"}},
		"container of EKS":                {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}},
		"container of EKS, IPv6":          {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/v1/credentials"}},
		"container of ECS":                {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/x"}},
		"container elsewhere":             {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/canary"}, fails: true},
		"container at metadata":           {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.169.254/canary"}, fails: true},
		"container elsewhere by TLS":      {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://10.0.0.1/x"}},
		"container without a host":        {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http:///canary"}, fails: true},
		"container, no URL":               {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/%zzcanary"}, fails: true},
		"container, file:":                {env: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "file:///canary"}, fails: true},
		"container with a role":           {env: container, config: "[default]\n" + role},
		"instance with a role":            {config: "[default]\n" + role + "duration_seconds = 3600\nexternal_id = x y&z\n"},
		"keys of a profile with a role":   {config: "[default]\n" + role + pairA + "role_session_name = s\nduration_seconds = 959\n"},
		"role for 16 minutes":             {config: "[default]\n" + role + pairA + "duration_seconds = 960\n"},
		"role for no time":                {config: "[default]\n" + role + pairA + "duration_seconds = long\n"},
		"role with a code":                {config: "[default]\n" + role + pairA + "mfa_serial = m\n", fails: true},
		"process":                         {config: "[default]\n" + process},
		"process, and a container":        {env: container, config: "[default]\n" + process},
		"process with a role":             {config: "[default]\n" + role + process},
		"process as a source":             {config: "[default]\n" + role + "source_profile = p\n[profile p]\n" + process},
		"process prints rubbish":          {config: "[default]\ncredential_process = echo canary\n", fails: true},
		"process of another version":      {config: "[default]\ncredential_process = echo '{\"Version\": 2, \"AccessKeyId\": \"AKIDP\", \"SecretAccessKey\": \"canary-p\"}'\n", fails: true},
		"process with half an answer":     {config: "[default]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"AKIDP\"}'\n", fails: true},
		"process fails":                   {config: "[default]\ncredential_process = echo canary; exit 1\n", fails: true},
		"environment as a source":         {env: keys, profile: "a", config: "[profile a]\n" + role + "credential_source = Environment\n"},
		"environment, no keys":            {profile: "a", config: "[profile a]\n" + role + "credential_source = Environment\n", fails: true},
		"instance as a source":            {env: container, config: "[default]\n" + role + "credential_source = Ec2InstanceMetadata\n"},
		"container as a source":           {env: container, config: "[default]\n" + role + "credential_source = EcsContainer\n"},
		"container as a source, relative": {env: with(container, vars{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2"}), config: "[default]\n" + role + "credential_source = EcsContainer\n"},
		"container as a source, missing":  {config: "[default]\n" + role + "credential_source = EcsContainer\n", fails: true},
		"no such source":                  {config: "[default]\n" + role + "credential_source = environment\n", fails: true},
		"keys over such a source":         {config: "[default]\n" + role + pairA + "credential_source = nothing\n"},
		"keys over a process":             {config: "[default]\n" + pairA + process},
		"keys over a login":               {config: "[default]\n" + pairA + "sso_region = x\n"},
		"keys over a token":               {config: "[default]\n" + role + pairA + "web_identity_token_file = DIR/none\n"},
		"three roles": {config: "[default]\n" + role + "source_profile = b\nexternal_id = a\n[profile b]\nrole_arn = b\nsource_profile = c\nrole_session_name = b\n" +
			"[profile c]\nrole_arn = c\nsource_profile = d\nduration_seconds = 7200\n[profile d]\n" + pairA},
		"source with a code":           {config: "[default]\n" + role + "source_profile = b\n[profile b]\nrole_arn = b\nmfa_serial = m\n" + pairA, fails: true},
		"source with a role and keys":  {config: "[default]\n" + role + "source_profile = b\n[profile b]\nrole_arn = b\nsource_profile = c\n" + pairA},
		"source is itself":             {config: "[default]\n" + role + "source_profile = default\n" + pairA},
		"loop":                         {config: "[default]\n" + role + "source_profile = b\n[profile b]\nrole_arn = b\nsource_profile = default\n", fails: true},
		"source with a container":      {env: container, config: "[default]\n" + role + "source_profile = b\n[profile b]\nregion = x\n", fails: true},
		"login":                        {config: "[default]\nsso_start_url = x\nsso_region = r\nsso_account_id = 1\nsso_role_name = n\n", fails: true},
		"login by a session":           {config: "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = n\n[sso-session s]\nsso_region = r\nsso_start_url = x\n", fails: true},
		"login of the console":         {config: "[default]\nlogin_session = x\n", fails: true},
		"login over a process":         {config: "[default]\nsso_region = x\n" + process, fails: true},
		"region of nobody":             {env: vars{"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-1"}, config: "[default]\nregion = cn-north-1\n" + role + pairA},
		"STS at an endpoint":           {env: vars{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:6/path?canary", "AWS_ENDPOINT_URL": "http://127.0.0.1:5"}, config: "[default]\n" + role + pairA},
		"STS at the general endpoint":  {env: vars{"AWS_ENDPOINT_URL": "http://127.0.0.1:5"}, config: "[default]\nservices = s\n" + role + pairA + "[services s]\nsts =\n endpoint_url = http://127.0.0.1:4\n"},
		"STS at the profile's":         {config: "[default]\nservices = s\nendpoint_url = http://127.0.0.1:3\n" + role + pairA + "[services s]\nsts =\n endpoint_url = http://127.0.0.1:4/a%2Fb/\n"},
		"STS at the source's, no":      {config: "[default]\n" + role + "source_profile = b\n[profile b]\nservices = s\nendpoint_url = http://127.0.0.1:3\n" + pairA + "[services s]\nsts =\n endpoint_url = http://127.0.0.1:4\n"},
		"STS, endpoints ignored":       {env: vars{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:6", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"}, config: "[default]\n" + role + pairA},
		"STS, ignored by profile":      {env: vars{"AWS_ENDPOINT_URL": "http://127.0.0.1:6"}, config: "[default]\nignore_configured_endpoint_urls = true\n" + role + pairA},
		"STS, not ignored":             {env: vars{"AWS_ENDPOINT_URL": "http://127.0.0.1:6", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, config: "[default]\nignore_configured_endpoint_urls = true\n" + role + pairA},
		"STS with FIPS":                {env: vars{"AWS_USE_FIPS_ENDPOINT": "true"}, config: "[default]\n" + role + pairA},
		"STS with dual stack":          {config: "[default]\nuse_dualstack_endpoint = true\n" + role + pairA},
		"STS with FIPS at an endpoint": {env: vars{"AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:6"}, config: "[default]\n" + role + pairA, fails: true},
		"bad truth":                    {env: with(keys, vars{"AWS_USE_FIPS_ENDPOINT": "1"}), fails: true},
		"bad truth of dual stack":      {env: with(keys, vars{"AWS_USE_DUALSTACK_ENDPOINT": "x"}), fails: true},
		"bad truth of endpoints":       {env: with(keys, vars{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "x"}), fails: true},
		"bad truth of the skew":        {env: with(keys, vars{"AWS_DISABLE_CLOCK_SKEW_CORRECTION": "x"}), fails: true},
		"skew":                         {env: with(keys, vars{"AWS_DISABLE_CLOCK_SKEW_CORRECTION": "true"})},
		"skew, not the profile's":      {env: with(keys, vars{"AWS_DISABLE_CLOCK_SKEW_CORRECTION": "false"}), config: "[default]\ndisable_clock_skew_correction = true\n"},
		"attempts":                     {env: with(keys, vars{"AWS_MAX_ATTEMPTS": "5"}), config: "[default]\nmax_attempts = 4\n"},
		"no attempts":                  {env: with(keys, vars{"AWS_MAX_ATTEMPTS": "0"}), config: "[default]\nmax_attempts = 4\n"},
		"bad attempts":                 {env: with(keys, vars{"AWS_MAX_ATTEMPTS": "0x1"}), fails: true},
		"bad mode":                     {env: with(keys, vars{"AWS_RETRY_MODE": "legacy"}), fails: true},
		"application":                  {env: with(keys, vars{"AWS_SDK_UA_APP_ID": "x"}), config: "[default]\nsdk_ua_app_id = y\n"},
		"config file is a directory":   {env: with(keys, vars{"AWS_CONFIG_FILE": "DIR/"}), fails: true},
		"config file is null":          {env: with(keys, vars{"AWS_CONFIG_FILE": os.DevNull})},
		"config file below a file":     {env: with(keys, vars{"AWS_CONFIG_FILE": "DIR/token/config"})},
		"config file that loops":       {env: with(keys, vars{"AWS_CONFIG_FILE": "DIR/loop"})},
		"credentials file":             {config: "[default]\n" + process, credentials: "[default]\n" + pairA},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"token": "canary-web", "config": c.config, "credentials": c.credentials}
			for _, name := range []string{"config", "credentials"} {
				if files[name] == "" {
					delete(files, name)
				}
			}
			env := environment(t, c.env, files)
			loop := filepath.Join(filepath.Dir(env["AWS_SHARED_CREDENTIALS_FILE"]), "loop")
			if err := os.Symlink(loop, loop); err != nil {
				t.Fatal(err)
			}
			if found := compareChains(t, c.profile, env); found == c.fails {
				t.Errorf("an identity was found: %v", found)
			}
		})
	}
}

// TestChainAtRandom compares the chains in environments that chance has made.
func TestChainAtRandom(t *testing.T) {
	variables := map[string][]string{
		"AWS_ACCESS_KEY_ID": {"AKIDE", "AKIDE", ""}, "AWS_ACCESS_KEY": {"AKIDO"}, "AWS_SECRET_ACCESS_KEY": {"canary-e", ""}, "AWS_SECRET_KEY": {"canary-o"},
		"AWS_SESSION_TOKEN": {"canary-t", ""}, "AWS_PROFILE": {"a", "b", "default", "nobody", ""}, "AWS_DEFAULT_PROFILE": {"a", "nobody"},
		"AWS_WEB_IDENTITY_TOKEN_FILE": {"DIR/token", "DIR/none", ""}, "AWS_ROLE_ARN": {"arn:w"}, "AWS_ROLE_SESSION_NAME": {"w", ""},
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     {"http://127.0.0.1:7/creds?x=canary", "http://10.0.0.1/canary", "https://10.0.0.1/"},
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": {"/v2/x", ""}, "AWS_CONTAINER_AUTHORIZATION_TOKEN": {"canary-c", ""}, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": {"DIR/token", "DIR/none"},
		"AWS_EC2_METADATA_DISABLED": {"true", "false"}, "AWS_EC2_METADATA_SERVICE_ENDPOINT": {"http://127.0.0.1:8"}, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": {"IPv6"},
		"AWS_ENDPOINT_URL": {"http://127.0.0.1:5"}, "AWS_ENDPOINT_URL_STS": {"http://127.0.0.1:6"}, "AWS_ENDPOINT_URL_ECR": {"http://127.0.0.1:7"},
		"AWS_USE_FIPS_ENDPOINT": {"true", "false"}, "AWS_USE_DUALSTACK_ENDPOINT": {"true"}, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": {"true", "false"},
		"AWS_MAX_ATTEMPTS": {"2", "0"}, "AWS_REGION": {"us-west-2"},
	}
	settings := map[string][]string{
		"role_arn": {"arn:a", "arn:b", "arn:c"}, "source_profile": {"a", "b", "c", "default", "nobody"}, "credential_source": {"Environment", "Ec2InstanceMetadata", "EcsContainer", "x"},
		"web_identity_token_file": {"DIR/token"}, "external_id": {"x y", "z"}, "role_session_name": {"s"}, "duration_seconds": {"900", "3600", "x"}, "mfa_serial": {"m"},
		"sso_region": {"r"}, "login_session": {"l"}, "endpoint_url": {"http://127.0.0.1:3"}, "services": {"s"}, "use_fips_endpoint": {"true"}, "max_attempts": {"4"},
		"ec2_metadata_service_endpoint": {"http://127.0.0.1:2"}, "ignore_configured_endpoint_urls": {"true"},
	}
	first, found := uint64(time.Now().UnixNano()), 0
	for i := range uint64(600) {
		seed := i
		if i%2 == 1 {
			seed = first + i
		}
		r := rand.New(rand.NewPCG(seed, 0))
		files := map[string]string{"token": "canary-web"}
		for _, name := range []string{"config", "credentials"} {
			if r.IntN(4) > 0 {
				files[name] = randomProfiles(r, name, settings)
			}
		}
		env := map[string]string{}
		names := slices.Sorted(maps.Keys(variables))
		for range r.IntN(6) {
			name := names[r.IntN(len(names))]
			env[name] = variables[name][r.IntN(len(variables[name]))]
		}
		profile := [...]string{"", "", "", "a", "b"}[r.IntN(5)]
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			if compareChains(t, profile, environment(t, env, files)) {
				found++
			}
		})
		if !ok {
			return
		}
	}
	if found < 200 {
		t.Errorf("only %d identities", found)
	}
}

// randomProfiles writes the profiles that the random environments choose from.
func randomProfiles(r *rand.Rand, file string, settings map[string][]string) string {
	var text strings.Builder
	names := slices.Sorted(maps.Keys(settings))
	for _, name := range []string{"default", "a", "b", "c"} {
		if r.IntN(4) == 0 {
			continue
		}
		if file == "config" && name != "default" {
			name = "profile " + name
		}
		text.WriteString("[" + name + "]\n")
		switch r.IntN(12) {
		case 0, 1, 2, 3:
			text.WriteString(pairA)
		case 4:
			text.WriteString(process)
		case 5:
			text.WriteString("role_arn = arn:s\nsource_profile = " + [...]string{"a", "b", "c"}[r.IntN(3)] + "\n")
		}
		for range r.IntN(4) {
			key := names[r.IntN(len(names))]
			text.WriteString(key + " = " + settings[key][r.IntN(len(settings[key]))] + "\n")
		}
	}
	text.WriteString("[services s]\nsts =\n  endpoint_url = http://127.0.0.1:4\necr =\n  endpoint_url = http://127.0.0.1:44\n")
	return text.String()
}
