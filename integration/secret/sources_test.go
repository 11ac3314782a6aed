package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/tlsproxy"
)

const (
	ecrHost     = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	fipsHost    = "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com"
	dualHost    = "123456789012.dkr-ecr.us-east-1.on.aws"
	publicHost  = "public.ecr.aws"
	googleHost  = "europe-docker.pkg.dev"
	hubHost     = "docker.io"
	keyAccount  = "key@project.iam.gserviceaccount.com"
	hubToken    = "dckr_pat_" + "canary-hub"
	ghcrToken   = "ghp_" + "canary-ghcr"
	otherSecret = "canary-other"
)

// A source is a call, and the credentials that its Secret must hold.
type source struct {
	call
	want []credential
}

// A credential is one in a Secret.
type credential struct {
	key      string // of auths
	username string
	login    func(user, password string) bool // whether the registry takes them
	image    string                           // a private one
}

// known is a credential whose password we know.
func known(key, username, password, image string) credential {
	login := func(u, p string) bool { return u == username && p == password }
	return credential{key, username, login, image}
}

// A world is what the sources take their credentials from.
type world struct {
	aws    *awsfake.Server
	google *googlefake.Server
	proxy  *tlsproxy.Proxy // to the real names of AWS
	user   awsfake.Identity
	key    string // path of a Google key file
	bin    string // a directory with credential helpers
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{aws: startAWS(t), google: startGoogle(t), key: filepath.Join(t.TempDir(), "key.json"), bin: t.TempDir()}
	must(t, w.google.WriteKeyFile(w.key, keyAccount, ""))
	w.user = w.aws.NewUser("ci")
	proxy, err := tlsproxy.Start(map[string]http.Handler{".amazonaws.com": w.aws.Handler, ".api.aws": w.aws.Handler})
	must(t, err)
	t.Cleanup(func() { proxy.Close() })
	w.proxy = proxy
	w.helper(t, "hub", `test "$server" = https://index.docker.io/v1/ && echo '{"ServerURL":"x","Username":"acme","Secret":"`+hubToken+`"}'`)
	w.helper(t, "ghcr", `test "$server" = ghcr.io && echo '{"ServerURL":"x","Username":"acme","Secret":"`+ghcrToken+`"}'`)
	w.helper(t, "none", `echo "credentials not found in native keychain"; exit 1`)
	w.helper(t, "broken", `echo `+otherSecret+`; echo `+otherSecret+` >&2; exit 1`)
	w.helper(t, "token", `echo '{"ServerURL":"x","Username":"<token>","Secret":"`+otherSecret+`"}'`)
	return w
}

func startAWS(t *testing.T) *awsfake.Server {
	t.Helper()
	aws, err := awsfake.Start()
	must(t, err)
	t.Cleanup(func() { aws.Close() })
	return aws
}

func startGoogle(t *testing.T) *googlefake.Server {
	t.Helper()
	google, err := googlefake.Start()
	must(t, err)
	t.Cleanup(func() { google.Close() })
	return google
}

// helper writes a credential helper. Its script has the server that it is asked for in $server.
func (w *world) helper(t *testing.T, name, script string) {
	t.Helper()
	text := "#!/bin/sh\nread server\n" + script + "\n"
	must(t, os.WriteFile(filepath.Join(w.bin, "docker-credential-"+name), []byte(text), 0o700))
}

// helperEnv puts the helpers into PATH.
func (w *world) helperEnv() []string { return []string{"PATH=" + w.bin + ":" + os.Getenv("PATH")} }

// nodeEnv is the environment of a machine with an identity of both clouds.
func (w *world) nodeEnv() []string {
	return slices.Concat(w.aws.EndpointEnv(), w.aws.MetadataEnv(), w.google.MetadataEnv())
}

// proxyEnv is the environment in which AWS is asked by its real names.
func (w *world) proxyEnv() []string { return slices.Concat(w.user.Env(), w.proxy.Env()) }

// ecrLogin takes the tokens that were given out for the region.
func (w *world) ecrLogin(region string) func(user, password string) bool {
	return func(user, password string) bool {
		token, _ := w.aws.Token(password)
		return token.Region == region && !token.Public && w.aws.Login(user, password)
	}
}

func (w *world) publicLogin(user, password string) bool {
	token, _ := w.aws.Token(password)
	return token.Public && w.aws.Login(user, password)
}

// login takes what a registry of any of the credentials takes.
func login(credentials []credential) func(user, password string) bool {
	return func(user, password string) bool {
		return slices.ContainsFunc(credentials, func(c credential) bool { return c.login(user, password) })
	}
}

// sources are all ways to a Secret.
func (w *world) sources(t *testing.T) map[string]source {
	t.Helper()
	ecr := credential{ecrHost, "AWS", w.ecrLogin("eu-central-1"), ecrHost + "/team/app"}
	public := credential{publicHost, "AWS", w.publicLogin, publicHost + "/nginx/nginx"}
	google := credential{googleHost, "oauth2accesstoken", w.google.Login, googleHost + "/project/repository/app"}
	compact := compactJSON(t, read(t, w.key))
	key := known(googleHost, "_json_key", compact, googleHost+"/project/repository/app")
	hub := known(hubHost, "acme", hubToken, "docker.io/acme/app")
	ghcr := known("ghcr.io", "acme", ghcrToken, "ghcr.io/acme/app")

	sources := map[string]source{
		"ECR":          {call{env: w.nodeEnv(), args: []string{"--registry", ecrHost}}, []credential{ecr}},
		"ECR by image": {call{env: w.nodeEnv(), args: []string{"--image", ecrHost + "/team/app:1.2"}}, []credential{ecr}},
		"ECR FIPS": {call{env: w.proxyEnv(), args: []string{"--registry", fipsHost}},
			[]credential{{fipsHost, "AWS", w.ecrLogin("us-east-1"), fipsHost + "/app"}}},
		"ECR dual stack": {call{env: w.proxyEnv(), args: []string{"--registry", dualHost}},
			[]credential{{dualHost, "AWS", w.ecrLogin("us-east-1"), dualHost + "/app"}}},
		"ECR Public":        {call{env: w.nodeEnv(), args: []string{"--registry", publicHost}}, []credential{public}},
		"Artifact Registry": {call{env: w.nodeEnv(), args: []string{"--image", googleHost + "/project/repository/app"}}, []credential{google}},
		"Google key file":   {call{args: []string{"--registry", googleHost, "--google-key-file", w.key}}, []credential{key}},
		"Docker Hub by stdin": {call{stdin: hubToken + "\n",
			args: []string{"--registry", "docker.io", "--username", "acme", "--password-stdin"}}, []credential{hub}},
		"Docker Hub by file": {call{
			args: []string{"--image", "acme/app:1", "--username", "acme", "--password-file", write(t, "token", hubToken+"\n")}}, []credential{hub}},
		"many": {
			call{
				env:   w.nodeEnv(),
				stdin: hubToken,
				args: []string{
					"--registry", ecrHost, "--registry", "210987654321.dkr.ecr.us-west-2.amazonaws.com", "--registry", publicHost,
					"--image", googleHost + "/project/repository/app:1", "--image", "gcr.io/project/app", "--image", "docker.io/acme/app",
					"--username", "acme", "--password-stdin",
				},
			},
			[]credential{
				ecr, public, google, hub,
				{"210987654321.dkr.ecr.us-west-2.amazonaws.com", "AWS", w.ecrLogin("us-west-2"), "210987654321.dkr.ecr.us-west-2.amazonaws.com/app"},
				{"gcr.io", "oauth2accesstoken", w.google.Login, "gcr.io/project/app"},
			},
		},
	}
	for name, c := range passwordLogins() {
		sources[name] = source{call{stdin: c.password + "\n", args: []string{"--registry", c.host, "--username", c.username, "--password-stdin"}},
			[]credential{known(c.host, c.username, c.password, c.host+"/acme/app")}}
	}
	for name, text := range map[string]string{
		"auths": `{"auths": {"https://index.docker.io/v1/": ` + authEntry("acme", hubToken) + `, "ghcr.io": ` + authEntry("acme", ghcrToken) + `, ` +
			`"quay.io": ` + authEntry("me", otherSecret) + `}}`,
		"credsStore":  `{"auths": {"https://index.docker.io/v1/": {}, "ghcr.io": ` + authEntry("acme", ghcrToken) + `}, "credsStore": "hub"}`,
		"credHelpers": `{"credHelpers": {"https://index.docker.io/v1/": "hub", "ghcr.io": "ghcr"}, "credsStore": "broken"}`,
	} {
		sources["docker config with "+name] = source{call{env: w.helperEnv(),
			args: []string{"--registry", "docker.io", "--registry", "ghcr.io", "--from-docker-config=" + write(t, "config.json", text)}}, []credential{hub, ghcr}}
	}
	own := write(t, "config.json", `{"credHelpers": {"ghcr.io": "ghcr"}}`)
	sources["docker config of the user"] = source{call{env: append(w.helperEnv(), "DOCKER_CONFIG="+filepath.Dir(own)),
		args: []string{"--registry", "ghcr.io", "--from-docker-config"}}, []credential{ghcr}}
	return sources
}

// A passwordLogin is a user and a password of a registry.
type passwordLogin struct{ host, username, password string }

// passwordLogins have the usernames that registries give, and passwords that are hard to carry.
func passwordLogins() map[string]passwordLogin {
	return map[string]passwordLogin{
		"GHCR":         {"ghcr.io", "acme", ghcrToken},
		"GitLab":       {"registry.gitlab.com", "gitlab+deploy-token-1", "gldt-canary"},
		"Harbor":       {"harbor.example.com", "robot$acme+puller", "canary-harbor"},
		"Quay":         {"quay.io", "acme+puller", "CANARYQUAY"},
		"ACR":          {"acme.azurecr.io", "00000000-0000-0000-0000-000000000000", "canary-acr"},
		"port":         {"registry.example.com:5000", "acme", "canary-port"},
		"loopback":     {"127.0.0.1:5000", "acme", "canary-loopback"},
		"quotes":       {"registry.example.com", "acme", `can"a'r\y` + "`$(x)"},
		"HTML":         {"registry.example.com", "acme", "<canary>&amp;"},
		"colons":       {"registry.example.com", "acme", ":canary:of:colons:"},
		"spaces":       {"registry.example.com", "acme", " canary  of spaces "},
		"unicode":      {"registry.example.com", "käse", "kanárek-🐤-\u2028-\u00a0"},
		"YAML":         {"registry.example.com", "acme", "- canary: &yes *no | #"},
		"number":       {"registry.example.com", "acme", "0123456789"},
		"equals signs": {"registry.example.com", "acme", "Y2FuYXJ5=="},
		"long":         {"registry.example.com", "acme", strings.Repeat("canary-", 4000)},
	}
}

// authEntry is an entry of auths as docker login writes it.
func authEntry(username, password string) string {
	return fmt.Sprintf(`{"auth": %q}`, base64.StdEncoding.EncodeToString([]byte(username+":"+password)))
}

func compactJSON(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	must(t, json.Compact(&out, []byte(text)))
	return out.String()
}
