package plugin

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

const (
	googleHost  = "europe-docker.pkg.dev"
	googleImage = googleHost + "/project/repository/app"
	keyAccount  = "key@project.iam.gserviceaccount.com"
	pullAccount = "puller@project.iam.gserviceaccount.com"
)

func startGoogle(t *testing.T) *googlefake.Server {
	t.Helper()
	google, err := googlefake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { google.Close() })
	return google
}

// files has a credentials file of each kind, whose endpoints are the fake's.
type files struct{ key, federated, federatedURL, impersonating string }

func writeFiles(t *testing.T, google *googlefake.Server) files {
	t.Helper()
	directory := t.TempDir()
	f := files{
		key:           filepath.Join(directory, "key.json"),
		federated:     filepath.Join(directory, "federated.json"),
		federatedURL:  filepath.Join(directory, "federated-url.json"),
		impersonating: filepath.Join(directory, "impersonating.json"),
	}
	subject := filepath.Join(directory, "subject")
	for _, err := range []error{
		google.WriteKeyFile(f.key, keyAccount, ""),
		google.WriteSubjectToken(subject),
		google.WriteExternalAccount(f.federated, googlefake.External{SubjectTokenFile: subject}),
		google.WriteExternalAccount(f.federatedURL, googlefake.External{}),
		google.WriteExternalAccount(f.impersonating, googlefake.External{SubjectTokenFile: subject, Impersonate: pullAccount}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func rule(text string) string {
	return "- match: '*.pkg.dev'\n  provider: gcr\n  gcr: {" + text + "}\n"
}

func TestGoogleIdentities(t *testing.T) {
	google := startGoogle(t)
	google.Configure(func(c *googlefake.Config) {
		c.Lifetime = 40 * time.Minute
		c.Impersonated = []string{pullAccount}
	})
	f := writeFiles(t, google)
	proxy := startProxy(t, map[string]http.Handler{"iamcredentials.googleapis.com": google.Handler, "oauth2.googleapis.com": google.Handler})
	realKey := filepath.Join(t.TempDir(), "key.json")
	if err := google.WriteKeyFile(realKey, keyAccount, "https://oauth2.googleapis.com/token"); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".config/gcloud"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := google.WriteKeyFile(filepath.Join(home, ".config/gcloud/application_default_credentials.json"), "home@project.iam.gserviceaccount.com", ""); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env       []string
		args      []string
		principal string
	}{
		"metadata server":                          {google.MetadataEnv(), nil, googlefake.NodeAccount},
		"key file of the environment":              {[]string{"GOOGLE_APPLICATION_CREDENTIALS=" + f.key}, nil, keyAccount},
		"key file of the rule":                     {google.MetadataEnv(), config(t, rule("credentialsFile: '"+f.key+"'")), keyAccount},
		"key file, real token endpoint":            {proxy.Env(), config(t, rule("credentialsFile: '"+realKey+"'")), keyAccount},
		"gcloud's file":                            {[]string{"HOME=" + home}, nil, "home@project.iam.gserviceaccount.com"},
		"federation, subject in a file":            {nil, config(t, rule("credentialsFile: '"+f.federated+"'")), googlefake.FederatedPrincipal},
		"federation, subject from a URL":           {nil, config(t, rule("credentialsFile: '"+f.federatedURL+"'")), googlefake.FederatedPrincipal},
		"federation and impersonation in the file": {nil, config(t, rule("credentialsFile: '"+f.impersonating+"'")), pullAccount},
		"metadata server and impersonation":        {join(google.MetadataEnv(), proxy.Env()), config(t, rule("impersonate: "+pullAccount)), pullAccount},
		"federation and impersonation":             {proxy.Env(), config(t, rule("credentialsFile: '"+f.federated+"', impersonate: "+pullAccount)), pullAccount},
	} {
		t.Run(name, func(t *testing.T) {
			r := ask(t, c.env, googleImage, c.args...)
			found := r.answered(t, googleHost)
			token, known := google.Token(found.Password)
			if !known || token.Principal != c.principal || found.Username != "oauth2accesstoken" {
				t.Errorf("%s has the token of %q, want %q", found.Username, token.Principal, c.principal)
			}
			// 40 min less the moments since: half of it, in whole seconds.
			if duration, err := time.ParseDuration(r.response.CacheDuration); err != nil || duration > 20*time.Minute || duration < 15*time.Minute {
				t.Errorf("the answer is good for %s", r.response.CacheDuration)
			}
			if len(r.response.Auth) != 1 {
				t.Errorf("%d keys", len(r.response.Auth))
			}
		})
	}
}

// TestGoogleHosts gets a token for each of Google's hosts.
func TestGoogleHosts(t *testing.T) {
	google := startGoogle(t)
	for _, host := range []string{"gcr.io", "eu.gcr.io", "asia.gcr.io", "us-docker.pkg.dev", "GCR.io", "gcr.io:443"} {
		ask(t, google.MetadataEnv(), host+"/project/app").answered(t, host)
	}
}

// TestGoogleMetadataNeverProxied is TestAWSMetadataNeverProxied for Google.
func TestGoogleMetadataNeverProxied(t *testing.T) {
	google := startGoogle(t)
	proxy := startProxy(t, map[string]http.Handler{"0.0.0.0": google.Handler, "169.254.169.254": google.Handler})
	_, port, _ := strings.Cut(google.Address, ":")
	ask(t, join(proxy.Env(), []string{"GCE_METADATA_HOST=0.0.0.0:" + port}), googleImage).answered(t, googleHost)
	if asked := proxy.Hosts(); len(asked) != 0 {
		t.Errorf("the proxy was asked for %v", asked)
	}
}

func TestGoogleFailures(t *testing.T) {
	const leak = "ya29.leaked"
	metadata := func(order script.Order) func(*googlefake.Server) {
		return func(s *googlefake.Server) { s.Always(googlefake.MetadataToken, order) }
	}
	for name, c := range map[string]struct {
		order func(*googlefake.Server)
		env   []string
		rule  func(files) string // nil for the metadata server
		calls map[string]int
		want  []string // of the error; none for an answer
	}{
		"500, then 200": {order: func(s *googlefake.Server) {
			s.Next(googlefake.MetadataToken, script.Fail(500, "oops"))
		}, calls: map[string]int{googlefake.MetadataToken: 2}},
		"429, then 200": {order: func(s *googlefake.Server) {
			s.Next(googlefake.MetadataToken, script.Fail(429, ""))
		}, calls: map[string]int{googlefake.MetadataToken: 2}},
		"connection cut, then 200": {order: func(s *googlefake.Server) {
			s.Next(googlefake.MetadataToken, script.Order{Cut: true})
		}},
		"503 for ever": {order: metadata(script.Fail(503, leak)),
			calls: map[string]int{googlefake.MetadataToken: 3}, want: []string{"get a Google access token: metadata server", "503 Service Unavailable"}},
		"403": {order: metadata(script.Fail(403, leak)),
			calls: map[string]int{googlefake.MetadataToken: 1}, want: []string{"403 Forbidden"}},
		"no service account": {order: func(s *googlefake.Server) {
			s.Configure(func(c *googlefake.Config) { c.NoServiceAccount = true })
		}, want: []string{"the node has no service account", "pullpass: hint: give the node a service account"}},
		"empty":                {order: metadata(script.Fail(200, "{}")), want: []string{"the answer holds no token"}},
		"hangs":                {order: metadata(script.Hang()), calls: map[string]int{googlefake.MetadataToken: 1}, want: []string{"no Google identity", "no answer within 4s"}},
		"nobody there":         {order: func(*googlefake.Server) {}, env: []string{"GCE_METADATA_HOST=127.0.0.1:9"}, want: []string{"no Google identity", "connection refused"}},
		"home is no directory": {order: func(*googlefake.Server) {}, env: []string{"HOME=/dev/null"}},
		"cut off, then whole": {order: func(s *googlefake.Server) {
			s.Next(googlefake.MetadataToken, script.Order{Status: 200, Body: `{"access_token":"` + leak, Cut: true})
		}, calls: map[string]int{googlefake.MetadataToken: 2}},
		"slow": {order: metadata(script.Order{Delay: 2 * time.Second}), calls: map[string]int{googlefake.MetadataToken: 1}},
		"expired token": {order: func(s *googlefake.Server) {
			s.Configure(func(c *googlefake.Config) { c.Lifetime = -time.Minute })
		}, want: []string{"the answer's token has expired already"}},
		"key file, 500, then 200": {order: func(s *googlefake.Server) {
			s.Next(googlefake.KeyToken, script.Fail(500, "oops"))
		}, rule: func(f files) string { return "credentialsFile: '" + f.key + "'" }, calls: map[string]int{googlefake.KeyToken: 2}},
		"key file, key deleted": {order: func(s *googlefake.Server) {
			s.Always(googlefake.KeyToken, googlefake.OAuthError(400, "invalid_grant", "Invalid JWT Signature."))
		}, rule: func(f files) string { return "credentialsFile: '" + f.key + "'" }, calls: map[string]int{googlefake.KeyToken: 1},
			want: []string{"400 Bad Request: invalid_grant: Invalid JWT Signature.", "pullpass: hint: check that the key still exists"}},
		"key file, no token": {order: func(s *googlefake.Server) {
			s.Always(googlefake.KeyToken, script.Fail(200, "{}"))
		}, rule: func(f files) string { return "credentialsFile: '" + f.key + "'" }, want: []string{"the answer holds no token"}},
		"key file, no expiry": {order: func(s *googlefake.Server) {
			s.Always(googlefake.KeyToken, script.Fail(200, `{"access_token":"`+leak+`"}`))
		}, rule: func(f files) string { return "credentialsFile: '" + f.key + "'" }, want: []string{"the answer does not say when its token expires"}},
		"key file, cut off": {order: func(s *googlefake.Server) {
			s.Always(googlefake.KeyToken, script.Fail(200, `{"access_token":"`+leak))
		}, rule: func(f files) string { return "credentialsFile: '" + f.key + "'" }, want: []string{"get a Google access token"}},
		"federation refused": {order: func(s *googlefake.Server) {
			s.Always(googlefake.ExchangeToken, googlefake.OAuthError(400, "invalid_grant", "The audience is wrong."))
		}, rule: func(f files) string { return "credentialsFile: '" + f.federated + "'" },
			want: []string{"400 Bad Request: invalid_grant: The audience is wrong.", "pullpass: hint: check the workload identity pool"}},
		"federation and impersonation refused": {order: func(*googlefake.Server) {},
			rule: func(f files) string { return "credentialsFile: '" + f.impersonating + "'" },
			want: []string{"403 Forbidden: Permission 'iam.serviceAccounts.getAccessToken' denied", "pullpass: hint: grant the file's identity roles/iam.workloadIdentityUser"}},
		"executable that prints a token": {order: func(*googlefake.Server) {},
			env: []string{"GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"},
			rule: func(files) string {
				return "credentialsFile: '" + write(t, "executable.json", `{"type": "external_account", "audience": "`+googlefake.Audience+`",
					"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "http://127.0.0.1:9/v1/token",
					"credential_source": {"executable": {"command": "/bin/echo `+leak+`"}}}`) + "'"
			},
			want: []string{"executable.json: a credential_source with an executable is not supported"}},
		"executable behind an impersonation": {order: func(*googlefake.Server) {},
			env: []string{"GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"},
			rule: func(files) string {
				return "credentialsFile: '" + write(t, "nested.json", `{"type": "impersonated_service_account",
					"service_account_impersonation_url": "http://127.0.0.1:9/v1/x:generateAccessToken",
					"source_credentials": {"type": "external_account", "audience": "`+googlefake.Audience+`",
						"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "http://127.0.0.1:9/v1/token",
						"credential_source": {"executable": {"command": "/bin/echo `+leak+`"}}}}`) + "'"
			},
			want: []string{"nested.json: a credential_source with an executable is not supported"}},
		"file that others can write": {order: func(*googlefake.Server) {},
			rule: func(f files) string {
				if err := os.Chmod(f.key, 0o666); err != nil {
					t.Error(err)
				}
				return "credentialsFile: '" + f.key + "'"
			},
			want: []string{"key.json: mode 0666 lets group or others change where credentials go", "pullpass: hint: chmod go-w "}},
		"file missing": {order: func(*googlefake.Server) {}, rule: func(files) string { return "credentialsFile: /nonexistent/key.json" },
			want: []string{"get a Google access token: open /nonexistent/key.json: no such file or directory"}},
		"file malformed": {order: func(*googlefake.Server) {},
			rule: func(files) string { return "credentialsFile: '" + write(t, "key.json", `{"private_key": "`+leak) + "'" },
			want: []string{"key.json: it is not JSON"}},
		"file of another kind": {order: func(*googlefake.Server) {},
			rule: func(files) string {
				return "credentialsFile: '" + write(t, "key.json", `{"auths": {"x": {"auth": "`+leak+`"}}}`) + "'"
			},
			want: []string{`its type is ""`}},
		"file with a broken key": {order: func(*googlefake.Server) {},
			rule: func(files) string {
				return "credentialsFile: '" + write(t, "key.json", `{"type": "service_account", "client_email": "`+keyAccount+`", "private_key": "`+leak+`"}`) + "'"
			},
			want: []string{"get a Google access token: with "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			google := startGoogle(t)
			c.order(google)
			var args []string
			if c.rule != nil {
				args = config(t, rule(c.rule(writeFiles(t, google))))
			}
			r := ask(t, join(google.MetadataEnv(), c.env), googleImage, args...)
			r.silent(t, leak)
			r.ended(t, googleHost, c.want)
			checkCalls(t, google, c.calls)
		})
	}
}

// TestGoogleImpersonationRefused names the account and what to grant.
func TestGoogleImpersonationRefused(t *testing.T) {
	google := startGoogle(t)
	proxy := startProxy(t, map[string]http.Handler{"iamcredentials.googleapis.com": google.Handler})
	r := ask(t, join(google.MetadataEnv(), proxy.Env()), googleImage, config(t, rule("impersonate: "+pullAccount))...)
	r.failed(t, "impersonate "+pullAccount, "403 Forbidden: Permission 'iam.serviceAccounts.getAccessToken' denied", "pullpass: hint: grant the node's identity roles/iam.serviceAccountTokenCreator")
	if asked := proxy.Hosts(); !slices.Equal(asked, []string{"iamcredentials.googleapis.com"}) {
		t.Errorf("asked %v", asked)
	}
}

// TestNotGooglesMetadataServer is a node of another cloud, where something else answers.
func TestNotGooglesMetadataServer(t *testing.T) {
	aws := startAWS(t)
	r := ask(t, []string{"GCE_METADATA_HOST=" + aws.Address}, googleImage)
	r.failed(t, "no Google identity: no credentials file, and no metadata server: ", "what answers at the metadata address is not Google's", "pullpass: hint: off Google Cloud, ")
}
