package hostile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/fakes/tlsproxy"
)

const (
	ecrImage    = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app"
	googleImage = "europe-docker.pkg.dev/project/repository/app"
	pullRole    = "arn:aws:iam::123456789012:role/pull"
	pullAccount = "puller@project.iam.gserviceaccount.com"
)

// A flow is one of the ways to a token. Together they make every call that the product makes.
type flow struct {
	image string
	start func(*testing.T) *site
}

// A site is a fake of its own, and what points the plugin at it.
type site struct {
	fake interface {
		Always(operation string, order script.Order)
		Next(operation string, orders ...script.Order)
		Called() []string
		Calls(operation string) int
		Secrets() []string
	}
	env, args []string
	secrets   []string // beside those of the fake
}

func flows() map[string]flow {
	return map[string]flow{
		"IMDS": {ecrImage, func(t *testing.T) *site {
			aws := startAWS(t)
			return &site{fake: aws, env: slices.Concat(aws.EndpointEnv(), aws.MetadataEnv())}
		}},
		"container": {ecrImage, func(t *testing.T) *site {
			aws := startAWS(t)
			return &site{fake: aws, env: slices.Concat(aws.EndpointEnv(), aws.ContainerEnv()), secrets: []string{"container-authorization"}}
		}},
		"role": {ecrImage, func(t *testing.T) *site {
			aws := startAWS(t)
			return &site{fake: aws, env: slices.Concat(aws.EndpointEnv(), aws.NewUser("node").Env()),
				args: config(t, "- match: '*.dkr.ecr.*.amazonaws.com'\n  provider: ecr\n  ecr: {roleARN: '"+pullRole+"'}\n")}
		}},
		"web identity": {ecrImage, func(t *testing.T) *site {
			aws := startAWS(t)
			return &site{fake: aws, secrets: []string{"web-identity-token"}, env: slices.Concat(aws.EndpointEnv(),
				[]string{"AWS_ROLE_ARN=" + pullRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + write(t, "web-identity-token")})}
		}},
		"ECR Public": {"public.ecr.aws/nginx/nginx", func(t *testing.T) *site {
			aws := startAWS(t)
			return &site{fake: aws, env: slices.Concat(aws.EndpointEnv(), aws.NewUser("node").Env())}
		}},
		"ECR through a proxy": {ecrImage, func(t *testing.T) *site {
			aws := startAWS(t)
			return &site{fake: aws, env: slices.Concat(aws.NewUser("node").Env(), startProxy(t, ".amazonaws.com", aws.Handler))}
		}},
		"Google's metadata server": {googleImage, func(t *testing.T) *site {
			google := startGoogle(t)
			return &site{fake: google, env: google.MetadataEnv()}
		}},
		"key file": {googleImage, func(t *testing.T) *site {
			google := startGoogle(t)
			return &site{fake: google, args: rule(t, func(path string) error { return google.WriteKeyFile(path, "key@project.iam.gserviceaccount.com", "") })}
		}},
		"federation": {googleImage, func(t *testing.T) *site {
			google := startGoogle(t)
			return &site{fake: google, args: rule(t, func(path string) error {
				return google.WriteExternalAccount(path, googlefake.External{Impersonate: pullAccount})
			})}
		}},
		"impersonation": {googleImage, func(t *testing.T) *site {
			google := startGoogle(t)
			return &site{fake: google, env: slices.Concat(google.MetadataEnv(), startProxy(t, "iamcredentials.googleapis.com", google.Handler)),
				args: config(t, "- match: '*.pkg.dev'\n  provider: gcr\n  gcr: {impersonate: "+pullAccount+"}\n")}
		}},
	}
}

func startAWS(t *testing.T) *awsfake.Server {
	t.Helper()
	aws, err := awsfake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { aws.Close() })
	aws.Configure(func(c *awsfake.Config) {
		c.ContainerToken = "container-authorization"
		c.Roles = map[string]awsfake.Role{pullRole: {WebIdentity: "web-identity-token"}}
	})
	return aws
}

func startGoogle(t *testing.T) *googlefake.Server {
	t.Helper()
	google, err := googlefake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { google.Close() })
	google.Configure(func(c *googlefake.Config) { c.Impersonated = []string{pullAccount} })
	return google
}

// startProxy starts a proxy to the host and returns the environment for it.
func startProxy(t *testing.T, host string, handler http.Handler) []string {
	t.Helper()
	proxy, err := tlsproxy.Start(map[string]http.Handler{host: handler})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	return proxy.Env()
}

// write writes a file that only its owner can read and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// config writes a pullpass config with these rules and returns the arguments that name it.
func config(t *testing.T, rules string) []string {
	t.Helper()
	return []string{"--config", write(t, "apiVersion: pullpass/v1\nkind: Config\nregistries:\n"+rules)}
}

// rule returns the arguments for Google with the credentials file that is written.
func rule(t *testing.T, writeFile func(path string) error) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.json")
	if err := writeFile(path); err != nil {
		t.Fatal(err)
	}
	return config(t, "- match: '*.pkg.dev'\n  provider: gcr\n  gcr: {credentialsFile: '"+path+"'}\n")
}

// A call is an operation of a fake that a flow calls.
type call struct{ flow, operation string }

// calls runs each flow as it should go, and returns all the calls of all flows. It checks that they are all the
// operations that the fakes have.
func calls(t *testing.T) []call {
	t.Helper()
	var all []call
	called := map[string]bool{}
	for name, flow := range flows() {
		site := flow.start(t)
		r := flow.ask(t, site)
		if r.Exit != 0 || !strings.Contains(r.stdout, `"password":`) {
			t.Fatalf("%s: no credential: %s", name, r.stderr)
		}
		t.Logf("%s has a peak of %.1f MiB", name, float64(r.Peak)/(1<<20))
		for _, operation := range site.fake.Called() {
			all = append(all, call{name, operation})
			called[operation] = true
		}
	}
	for _, operation := range operations(t) {
		if !called[operation] {
			t.Errorf("no flow calls %s", operation)
		}
	}
	return all
}

// operations returns the names of the operations of the fakes, out of their sources.
func operations(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, path := range []string{"../fakes/awsfake/awsfake.go", "../fakes/googlefake/googlefake.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if name, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(name, ":") && !strings.Contains(name, "/") {
					names = append(names, name)
				}
			}
			return true
		})
	}
	if len(names) < 13 {
		t.Fatalf("the operations are %v", names)
	}
	return names
}
