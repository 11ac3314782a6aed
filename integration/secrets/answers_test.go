package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/fakes/tlsproxy"
	"github.com/pullpass/pullpass/integration/pullpass"
)

const (
	ecrImage    = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app"
	publicImage = "public.ecr.aws/nginx/nginx"
	googleImage = "europe-docker.pkg.dev/project/repo/app"
	hubImage    = "docker.io/acme/app"

	role    = "arn:aws:iam::123456789012:role/pull"
	account = "puller@project.iam.gserviceaccount.com"
	key     = "key@project.iam.gserviceaccount.com"
)

// A world has the clouds, with a secret in each place that they know of.
type world struct {
	aws    *awsfake.Server
	google *googlefake.Server
	user   awsfake.Identity
	proxy  *tlsproxy.Proxy // for the one API whose host nothing else names
}

func newWorld(t *testing.T) *world {
	t.Helper()
	aws, err := awsfake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { aws.Close() })
	google, err := googlefake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { google.Close() })
	aws.Configure(func(c *awsfake.Config) {
		c.ContainerToken = canary("container-token")
		c.Roles = map[string]awsfake.Role{role: {WebIdentity: canary("web-identity")}}
	})
	google.Configure(func(c *googlefake.Config) { c.Impersonated = []string{account} })
	proxy, err := tlsproxy.Start(map[string]http.Handler{"iamcredentials.googleapis.com": google.Handler})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	return &world{aws, google, aws.NewUser("node"), proxy}
}

// secrets are those of the world, and of the environment and the files of all runs.
func (w *world) secrets() []string {
	list := []string{w.user.SecretAccessKey, canary("container-token"), canary("web-identity"), canary("proxy"), canary("own-token"), canary("header"), canary("client-secret")}
	list = append(list, w.aws.Secrets()...)
	return append(list, w.google.Secrets()...)
}

// A call is a way to an operation of the clouds.
type call struct {
	operation string
	image     string
	env       []string
	rule      string // of the config; "" for none
}

func (w *world) calls(t *testing.T) map[string]call {
	t.Helper()
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	custom, _ := json.Marshal(map[string]any{
		"type": "external_account", "audience": googlefake.Audience, "token_url": w.google.URL + "/v1/token",
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "client_id": "client", "client_secret": canary("client-secret"),
		"credential_source": map[string]any{
			"url":     w.google.URL + "/subject-token",
			"headers": map[string]string{"Metadata": "True", "X-Own": canary("header")},
			"format":  map[string]string{"type": "json", "subject_token_field_name": "access_token"},
		},
	})
	for _, err := range []error{
		w.google.WriteKeyFile(path("key.json"), key, ""),
		w.google.WriteSubjectToken(path("subject")),
		w.google.WriteExternalAccount(path("federated.json"), googlefake.External{SubjectTokenFile: path("subject")}),
		w.google.WriteExternalAccount(path("impersonating.json"), googlefake.External{SubjectTokenFile: path("subject"), Impersonate: account}),
		os.WriteFile(path("custom.json"), custom, 0o600),
		os.WriteFile(path("web-identity"), []byte(canary("web-identity")), 0o600),
		os.WriteFile(path("container-token"), []byte(canary("container-token")), 0o600),
		os.WriteFile(path("credentials"), []byte("[default]\naws_access_key_id = "+w.user.AccessKeyID+"\naws_secret_access_key = "+w.user.SecretAccessKey+"\n"), 0o600),
		os.WriteFile(path("process"), []byte("#!/bin/sh\ncat <<'EOF'\n"+w.user.ProcessOutput()+"\nEOF\n"), 0o700),
		os.WriteFile(path("config"), []byte("[default]\ncredential_process = /bin/sh "+path("process")+"\n"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	aws := func(operation string, env ...string) call { return call{operation, ecrImage, env, ""} }
	google := func(operation string, file string) call {
		return call{operation, googleImage, []string{"GOOGLE_APPLICATION_CREDENTIALS=" + path(file)}, ""}
	}
	container := w.aws.ContainerEnv()
	roleRule := "- match: '*.dkr.ecr.*.amazonaws.com'\n  provider: ecr\n  ecr: {roleARN: '" + role + "'}\n"
	accountRule := "- match: '*.pkg.dev'\n  provider: gcr\n  gcr: {impersonate: '" + account + "'}\n"
	return map[string]call{
		"IMDS session":           aws(awsfake.IMDSToken, w.aws.MetadataEnv()...),
		"IMDS role":              aws(awsfake.IMDSRole, w.aws.MetadataEnv()...),
		"IMDS credentials":       aws(awsfake.IMDSCredentials, w.aws.MetadataEnv()...),
		"container":              aws(awsfake.ContainerCredentials, container...),
		"container, token file":  aws(awsfake.ContainerCredentials, container[0], "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+path("container-token")),
		"role of keys":           {awsfake.AssumeRole, ecrImage, w.user.Env(), roleRule},
		"role of the instance":   {awsfake.AssumeRole, ecrImage, w.aws.MetadataEnv(), roleRule},
		"web identity":           aws(awsfake.AssumeRoleWithWebIdentity, "AWS_ROLE_ARN="+role, "AWS_WEB_IDENTITY_TOKEN_FILE="+path("web-identity")),
		"token by keys":          aws(awsfake.GetAuthorizationToken, w.user.Env()...),
		"token by a profile":     aws(awsfake.GetAuthorizationToken, "AWS_SHARED_CREDENTIALS_FILE="+path("credentials")),
		"token by a program":     aws(awsfake.GetAuthorizationToken, "AWS_CONFIG_FILE="+path("config")),
		"token by the instance":  aws(awsfake.GetAuthorizationToken, w.aws.MetadataEnv()...),
		"token by web identity":  aws(awsfake.GetAuthorizationToken, "AWS_ROLE_ARN="+role, "AWS_WEB_IDENTITY_TOKEN_FILE="+path("web-identity")),
		"public token":           {awsfake.GetPublicAuthorizationToken, publicImage, w.user.Env(), ""},
		"metadata server":        {googlefake.MetadataToken, googleImage, w.google.MetadataEnv(), ""},
		"key file":               google(googlefake.KeyToken, "key.json"),
		"federation":             google(googlefake.ExchangeToken, "federated.json"),
		"federation with client": google(googlefake.ExchangeToken, "custom.json"),
		"subject token":          google(googlefake.SubjectToken, "custom.json"),
		"impersonating file":     google(googlefake.GenerateToken, "impersonating.json"),
		"impersonating rule": {googlefake.GenerateToken, googleImage,
			append(w.google.MetadataEnv(), "HTTPS_PROXY="+w.proxy.URL, "SSL_CERT_FILE="+w.proxy.CAFile), accountRule},
	}
}

// operations returns the operations of a fake, from the constants in its source.
func operations(t *testing.T, file string) []string {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for _, value := range spec.Values {
			literal, ok := value.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				continue
			}
			if text, _ := strconv.Unquote(literal.Value); regexp.MustCompile(`^[a-z0-9-]+:[A-Z][A-Za-z]+$`).MatchString(text) {
				found = append(found, text)
			}
		}
		return true
	})
	if len(found) < 5 {
		t.Fatalf("%s has the operations %q", file, found)
	}
	return found
}

// failures are the forms in which an answer can have a text.
var failures = map[string]func(text string) http.HandlerFunc{
	"AWS JSON": order(func(s string) script.Order {
		return awsfake.ECRError(400, "InvalidParameterException", "Value '"+s+"' at 'x'")
	}),
	"AWS JSON code": order(func(s string) script.Order { return awsfake.ECRError(400, s, "no") }),
	"AWS JSON 403": order(func(s string) script.Order {
		return awsfake.ECRError(403, "SignatureDoesNotMatch", strings.Repeat("because it is so. ", 15)+s)
	}),
	"AWS XML": order(func(s string) script.Order {
		return awsfake.STSError(400, "PackedPolicyTooLarge", "Value "+s+" at 'x'")
	}),
	"AWS XML code": order(func(s string) script.Order { return awsfake.STSError(400, s, "no") }),
	"OAuth": order(func(s string) script.Order {
		return googlefake.OAuthError(400, "invalid_grant", "the assertion "+s+" is bad")
	}),
	"OAuth code": order(func(s string) script.Order { return googlefake.OAuthError(401, s, "") }),
	"RPC":        order(func(s string) script.Order { return googlefake.APIError(403, "PERMISSION_DENIED", "for "+s) }),
	"endpoint": order(func(s string) script.Order {
		return object(403, map[string]string{"code": s, "message": s, "Message": s})
	}),
	"text":      order(func(s string) script.Order { return script.Fail(400, s) }),
	"text 404":  order(func(s string) script.Order { return script.Fail(404, "<p>"+s) }),
	"good text": order(func(s string) script.Order { return script.Fail(200, s) }),
	"good JSON": order(func(s string) script.Order {
		return object(200, map[string]string{"Code": "Failed" + s, "Message": s, "authorizationData": s, "expiration": s, "token_type": s})
	}),
	"redirect": func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:9/"+url.PathEscape(text))
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	},
	"code in a header": func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header()["X-Amzn-ErrorType"] = []string{text}
			w.WriteHeader(http.StatusBadRequest)
		}
	},
}

func order(of func(string) script.Order) func(string) http.HandlerFunc {
	return func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Metadata-Flavor", "Google")
			of(text).Write(w)
		}
	}
}

func object(status int, fields map[string]string) script.Order {
	text, _ := json.Marshal(fields)
	return script.Fail(status, string(text))
}

// native is the form in which the real service of an operation fails.
func native(operation string) string {
	switch {
	case strings.HasPrefix(operation, "ecr"):
		return "AWS JSON"
	case operation == googlefake.ExchangeToken, strings.HasPrefix(operation, "oauth2:"):
		return "OAuth"
	case strings.HasPrefix(operation, "sts:"):
		return "AWS XML"
	case strings.HasPrefix(operation, "container:"):
		return "endpoint"
	case strings.HasPrefix(operation, "imds:"):
		return "good JSON"
	}
	return "RPC"
}

// encodings are what a server can make of what it was sent.
var encodings = map[string]func(string) string{
	"plain":          func(s string) string { return s },
	"base64":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64, inside": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s + "\n")) },
	"base64url":      func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("u:" + s)) },
	"hex":            func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":            func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"query":          url.QueryEscape,
	"path":           url.PathEscape,
	"quoted":         strconv.Quote,
	"its beginning":  func(s string) string { return s[:len(s)*2/3] },
	"its end":        func(s string) string { return s[len(s)/3:] },
	"its middle":     func(s string) string { return s[len(s)/6 : len(s)*5/6] },
	"cut base64":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s))[5 : len(s)-1] },
}

// TestAnswers: whatever the clouds answer, with whatever they were sent in it, nothing shows it.
func TestAnswers(t *testing.T) {
	var reached sync.Map
	for _, file := range []string{"../fakes/awsfake/awsfake.go", "../fakes/googlefake/googlefake.go"} {
		for _, operation := range operations(t, file) {
			t.Cleanup(func() {
				if _, found := reached.Load(operation); !found {
					t.Errorf("nothing calls %s", operation)
				}
			})
		}
	}
	for name := range newWorld(t).calls(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait for the pauses between attempts
			w := newWorld(t)
			c := w.calls(t)[name]
			var fake interface {
				Always(string, script.Order)
				Calls(string) int
			} = w.aws
			if c.image == googleImage {
				fake = w.google
			}
			// What it is sent decides what it can repeat.
			var sent []string
			fake.Always(c.operation, script.Order{Answer: func(rw http.ResponseWriter, r *http.Request) {
				sent = w.sentSecrets(r)
				order(func(s string) script.Order { return script.Fail(400, s) })("")(rw, r)
			}})
			w.run(t, c, nil)
			if fake.Calls(c.operation) == 0 {
				t.Fatalf("nothing calls %s", c.operation)
			}
			reached.Store(c.operation, true)
			if len(sent) == 0 {
				sent = []string{canary("own-token")} // it is sent none
			}
			for i, secret := range sent {
				for failure := range failures {
					w.fail(t, fake, c, failure, "plain", secret, i)
				}
				for encoding := range encodings {
					w.fail(t, fake, c, native(c.operation), encoding, secret, i)
				}
			}
		})
	}
}

// sentSecrets returns the secrets in a request.
func (w *world) sentSecrets(r *http.Request) []string {
	body, _ := script.Body(r)
	form, _ := url.ParseQuery(string(body))
	text := fmt.Sprint(r.Header, r.URL, string(body), form)
	if _, password, basic := r.BasicAuth(); basic {
		text += password
	}
	var found []string
	for _, secret := range w.secrets() {
		if strings.Contains(text, secret) {
			found = append(found, secret)
		}
	}
	if assertion := form.Get("assertion"); assertion != "" {
		found = append(found, assertion)
	}
	return found
}

// fail runs the binary against an operation that fails with a secret in its answer: one that it is sent, by
// number if that changes with each run, or the given one if it is sent none.
func (w *world) fail(t *testing.T, fake interface{ Always(string, script.Order) }, c call, failure, encoding, secret string, number int) {
	t.Helper()
	fake.Always(c.operation, script.Order{Answer: func(rw http.ResponseWriter, r *http.Request) {
		if sent := w.sentSecrets(r); len(sent) > 0 && !slices.Contains(sent, secret) {
			secret = sent[number%len(sent)]
		}
		failures[failure](encodings[encoding](secret))(rw, r)
	}})
	w.run(t, c, func(s *search, outputs string) {
		s.add(secret)
		s.check(t, failure+", "+encoding, outputs)
	})
}

// run runs the binary as the kubelet does, verbosely, and looks at what comes out.
func (w *world) run(t *testing.T, c call, check func(s *search, outputs string)) {
	t.Helper()
	directory := t.TempDir()
	config := filepath.Join(directory, "config.yaml")
	text := "apiVersion: pullpass/v1\nkind: Config\nmetrics:\n  textfile: " + filepath.Join(directory, "pullpass.prom") + "\n"
	if c.rule != "" {
		text += "registries:\n" + c.rule
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := slices.Concat(pullpass.Offline(t), w.aws.EndpointEnv(), []string{
		"PULLPASS_CACHE_DIR=" + filepath.Join(directory, "cache"),
		"HTTPS_PROXY=http://me:" + url.QueryEscape(canary("proxy")) + "@127.0.0.1:9",
		"OWN_TOKEN=" + canary("own-token"),
	}, c.env)
	request := `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"` + c.image + `"}`
	outputs := ""
	run := func(stdin string, args ...string) {
		r, err := pullpass.Launch(t, binaries.Released, env, bytes.NewBufferString(stdin), append(args, "-v", "--config", config)...).End()
		if err != nil {
			t.Fatal(err)
		}
		if len(args) == 0 && r.Code == 0 {
			r.Stdout = "" // the credential
		}
		outputs += fmt.Sprintf("%q: %d\n%s%s", args, r.Code, r.Stdout, r.Stderr)
	}
	run(request)
	run("", "cache", "list")
	run("", "cache", "list", "-o", "json")
	s := newSearch(w.secrets()...)
	if files := s.checkFiles(t, directory); files < 3 { // the config, the entry, the metrics
		t.Errorf("only %d files were looked at:\n%s", files, outputs)
	}
	if check != nil {
		check(s, outputs)
	}
	s.check(t, "an output", outputs)
}
