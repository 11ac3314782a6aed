package secrets

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerhub"
	"github.com/pullpass/pullpass/provider/ecr"
	"github.com/pullpass/pullpass/provider/gcr"
)

// secretURL returns a URL that goes nowhere, with a secret in each part that can have one, and these.
func secretURL(name string) (string, []string) {
	user, path, query := canary(name+"-user"), segment(name+"-path"), canary(name+"-query")
	text := "http://me:" + url.QueryEscape(user) + "@127.0.0.1:9/v2/" + path + "?token=" + url.QueryEscape(query)
	return text, []string{user, path, query}
}

// brokenURL is secretURL for what is no URL.
func brokenURL(name string) (string, []string) {
	user := segment(name + "-user")
	return "http://me:" + user + "%zz@[::1/", []string{user}
}

// backends are all that pullpass has.
func backends() []provider.Backend {
	return []provider.Backend{ecr.Backend(), gcr.Backend(), dockerhub.Backend()}
}

// TestBackends: none is missing above.
func TestBackends(t *testing.T) {
	list, err := os.ReadFile("../../cmd/internal/backends/backends.go")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Count(string(list), ".Backend(),"); want == 0 || len(backends()) != want {
		t.Errorf("%d backends, pullpass has %d", len(backends()), want)
	}
}

// environment returns a secret, or a URL with some, in each variable that a backend names.
func environment(makeURL func(string) (string, []string)) (env, secrets []string) {
	add := func(name string, isURL bool) {
		value, inside := canary(name), []string{canary(name)}
		if isURL {
			value, inside = makeURL(name)
		}
		if strings.HasSuffix(name, "RELATIVE_URI") {
			value, inside = "/v2/"+segment(name), []string{segment(name)}
		}
		env, secrets = append(env, name+"="+value), append(secrets, inside...)
	}
	for _, backend := range backends() {
		for _, name := range backend.SecretVariables {
			add(name, strings.Contains(name, "_UR") || strings.HasSuffix(name, "ENDPOINT"))
		}
		for _, name := range backend.MetadataVariables {
			add(name, true)
		}
	}
	add("HTTP_PROXY", true)
	add("HTTPS_PROXY", true)
	add("REGISTRY_PASSWORD", false)
	add("CI_JOB_TOKEN", false)
	return env, secrets
}

// inputs are the files with secrets, below a directory, and the secrets.
type inputs struct {
	directory string
	secrets   []string
}

func (i *inputs) secret(place string) string {
	i.secrets = append(i.secrets, canary(place))
	return canary(place)
}

func (i *inputs) path(name string) string { return filepath.Join(i.directory, name) }

func (i *inputs) write(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(i.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.path(name), []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func newInputs(t *testing.T) *inputs {
	t.Helper()
	i := &inputs{directory: t.TempDir()}
	basic := func(place string) string {
		return base64.StdEncoding.EncodeToString([]byte("me:" + i.secret(place)))
	}
	i.write(t, "docker/config.json", `{"auths": {"docker.io": {"auth": "`+basic("docker-auth")+`"},
		"ghcr.io": {"username": "me", "password": "`+i.secret("docker-password")+`"},
		"https://me:`+segment("docker-key")+`@quay.io": {"auth": "`+basic("docker-auth-2")+`"},
		"registry.example.com": {"identitytoken": "`+i.secret("identity-token")+`", "registrytoken": "`+i.secret("registry-token")+`"}},
		"HttpHeaders": {"X-Meta": "`+i.secret("docker-header")+`"}}`, 0o600)
	i.secrets = append(i.secrets, segment("docker-key"))
	i.write(t, "broken/config.json", `{"auths": {"docker.io": {"auth": "`+i.secret("no-base64")+`"}}}`, 0o600)
	i.write(t, "malformed/config.json", `{"auths": {"docker.io": {"auth": "`+i.secret("no-json")+`"}}`, 0o600)
	for name, end := range map[string]string{"good": "", "bad": "; exit 1"} {
		i.write(t, name+"/config.json", `{"credsStore": "`+name+`"}`, 0o600)
		i.write(t, "bin/docker-credential-"+name, `#!/bin/sh
echo '{"Username": "me", "Secret": "`+i.secret("helper-"+name)+`"}'; echo '`+canary("helper-"+name)+`' >&2`+end+"\n", 0o755)
	}
	i.write(t, "process", "#!/bin/sh\necho '{\"Version\": 2, \"SecretAccessKey\": \""+i.secret("process")+"\"}'\n", 0o755)
	i.write(t, "aws/config", "[default]\ncredential_process = "+i.path("process")+" --token "+i.secret("process-argument")+
		"\nendpoint_url = http://me:"+segment("profile-url")+"@127.0.0.1:9\n[profile keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = "+i.secret("config-key")+
		"\naws_session_token = "+i.secret("config-session")+"\nmax_attempts = "+segment("no-number")+"\n", 0o600)
	i.secrets = append(i.secrets, segment("profile-url"))
	i.write(t, "password", i.secret("password-file")+"\n", 0o600)
	i.write(t, "two-lines", i.secret("first-line")+"\n"+i.secret("second-line")+"\n", 0o600)
	i.write(t, "user.json", `{"type": "authorized_user", "client_id": "client", "client_secret": "`+i.secret("user-client")+`", "refresh_token": "`+i.secret("refresh-token")+`"}`, 0o600)
	i.write(t, "key.json", `{"type": "service_account", "client_email": "key@project.iam.gserviceaccount.com", "private_key": "-----BEGIN PRIVATE KEY-----\n`+i.secret("private-key")+`\n-----END PRIVATE KEY-----\n"}`, 0o600)
	i.write(t, "odd.json", `{"type": "odd", "token": "`+i.secret("odd-token")+`"}`, 0o600)
	i.write(t, "kubelet.yaml", `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: other # `+i.secret("comment")+`
  matchImages: ["*.example.com"]
  defaultCacheDuration: 1h
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  args: ["--token=`+i.secret("argument")+`"]
  env:
  - {name: TOKEN, value: "`+i.secret("env-value")+`"}
`, 0o644)
	// Without the space, YAML reads these values as parts of keys. Other values are below keys with a typo.
	i.write(t, "odd-kubelet.yaml", `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: other
  matchImages: ["*.example.com"]
  defaultCacheDuration: 1h
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  env:
  - {name: TOKEN, value:`+i.secret("env-key")+`}
  - {name: TOKEN, valeu: "`+i.secret("env-typo")+`"}
  arg: ["--token=`+i.secret("argument-typo")+`"]
  tokenAttributes: `+i.secret("text-for-object")+`
providrs: [{env: [{name: TOKEN, value: "`+i.secret("provider-typo")+`"}]}]
`, 0o644)
	i.write(t, "typo.yaml", `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: other
  matchImages: ["*.example.com"]
  defaultCacheDuration: 1h
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  evn: [{name: TOKEN, value: "`+i.secret("env-name-typo")+`"}]
`, 0o644)
	i.write(t, "odd-config.yaml", `apiVersion: pullpass/v1
kind: Config
registries:
- {match: docker.io, provider: dockerhub, dockerhub: {username: me, password:`+i.secret("config-key")+`}}
`, 0o600)
	i.write(t, "odd-secret.yaml", `apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData: {password:`+i.secret("string-data-key")+`}
`, 0o600)
	docker, _ := json.Marshal(map[string]any{"auths": map[string]any{"docker.io": map[string]string{"auth": basic("pull-secret")}}})
	i.write(t, "secret.yaml", `apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: team}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: `+base64.StdEncoding.EncodeToString(docker)+`, other: "`+i.secret("no-base64-data")+`"}
stringData: {password: "`+i.secret("string-data")+`"}
`, 0o600)
	i.write(t, "config.yaml", "apiVersion: pullpass/v1\nkind: Config\nmetrics:\n  textfile: "+i.path("metrics/pullpass.prom")+"\nlog: {file: "+i.path("log/pullpass.log")+"}\nregistries:\n"+
		"- match: docker.io/password/\n  provider: dockerhub\n  dockerhub: {username: me, passwordFile: "+i.path("password")+"}\n"+
		"- match: docker.io/lines/\n  provider: dockerhub\n  dockerhub: {username: me, passwordFile: "+i.path("two-lines")+"}\n"+
		"- match: docker.io/broken/\n  provider: dockerhub\n  dockerhub: {dockerConfig: "+i.path("broken/config.json")+"}\n"+
		"- match: docker.io/malformed/\n  provider: dockerhub\n  dockerhub: {dockerConfig: "+i.path("malformed/config.json")+"}\n"+
		"- match: docker.io/good/\n  provider: dockerhub\n  dockerhub: {dockerConfig: "+i.path("good/config.json")+"}\n"+
		"- match: docker.io/bad/\n  provider: dockerhub\n  dockerhub: {dockerConfig: "+i.path("bad/config.json")+"}\n"+
		"- match: us-docker.pkg.dev\n  provider: gcr\n  gcr: {credentialsFile: "+i.path("user.json")+"}\n"+
		"- match: eu-docker.pkg.dev\n  provider: gcr\n  gcr: {credentialsFile: "+i.path("key.json")+"}\n"+
		"- match: asia-docker.pkg.dev\n  provider: gcr\n  gcr: {credentialsFile: "+i.path("odd.json")+"}\n"+
		"- match: '*.dkr.ecr.us-east-1.amazonaws.com'\n  provider: ecr\n  ecr: {profile: default}\n"+
		"- match: '*.dkr.ecr.us-east-2.amazonaws.com'\n  provider: ecr\n  ecr: {profile: keys}\n", 0o600)
	for _, directory := range []string{"metrics", "log"} {
		if err := os.Mkdir(i.path(directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

// An invocation is one way to run a command.
type invocation struct {
	args    string // without the command; %d is the directory of the inputs
	stdin   string
	answers bool // its stdout is a credential if it succeeds
}

// plugin returns the invocations of the plugin, for an image of each source.
func plugin() []invocation {
	var list []invocation
	for _, image := range []string{
		ecrImage, publicImage, googleImage, hubImage,
		"docker.io/password/a", "docker.io/lines/a", "docker.io/broken/a", "docker.io/malformed/a", "docker.io/good/a", "docker.io/bad/a",
		"us-docker.pkg.dev/p/a", "eu-docker.pkg.dev/p/a", "asia-docker.pkg.dev/p/a",
		"1234567890" + "12.dkr.ecr.us-east-1.amazonaws.com/a", "123456789012.dkr.ecr.us-east-2.amazonaws.com/a",
	} {
		list = append(list, invocation{"", `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"` + image + `"}`, true})
	}
	return append(list, invocation{"", `{"kind": "`, false})
}

// invocations are those of each command, by its name.
func invocations() map[string][]invocation {
	none := []invocation{{}}
	return map[string][]invocation{
		"":               plugin(),
		"warm":           {{}, {args: "--registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com --registry docker.io --registry europe-docker.pkg.dev"}},
		"cache":          none,
		"cache list":     {{}, {args: "-o json"}, {args: "-o xml"}},
		"cache clear":    {{args: "0000"}, {}},
		"config":         none,
		"config check":   {{args: "%d/kubelet.yaml"}, {args: "--pullpass %d/config.yaml"}, {args: "%d/secret.yaml"}, {args: "%d/docker/config.json"}, {args: "--pullpass %d/kubelet.yaml"}, {args: "%d/odd-kubelet.yaml"}, {args: "--pullpass %d/odd-config.yaml"}, {args: "%d/odd-secret.yaml"}},
		"config kubelet": {{}, {args: "--platform talos"}, {args: "-o json"}},
		"config schema":  none,
		"config show":    {{}, {args: "daemonset"}},
		"get": {
			{args: ecrImage}, {args: googleImage + " -o json"}, {args: hubImage}, {args: hubImage + " -o json"}, {args: "docker.io/password/a"}, {args: "docker.io/broken/a -o json"},
			{args: hubImage + " --show-secret", answers: true}, {args: hubImage + " --show-secret -o json", answers: true},
		},
		"install": {
			{args: "--dry-run --root %d/root"}, {args: "--root %d/root"}, {args: "--status --root %d/root"}, {args: "--status -o json --root %d/root"},
			{args: "--dry-run --root %d/root --kubelet-config /typo.yaml --bin-dir /usr/lib/plugins"},
			{args: "--dry-run --root %d/root --kubelet-config /odd-kubelet.yaml --bin-dir /usr/lib/plugins"},
			{args: "--dry-run --root %d/root --platform talos"},
		},
		"uninstall":             {{args: "--dry-run --root %d/root"}, {args: "--root %d/root"}},
		"secret check":          {{args: "%d/secret.yaml --image docker.io/acme/app"}, {args: "%d/docker/config.json"}, {args: "%d/kubelet.yaml"}, {args: "%d/odd-secret.yaml"}},
		"version":               none,
		"help":                  none,
		"completion":            none,
		"completion bash":       none,
		"completion fish":       none,
		"completion powershell": none,
		"completion zsh":        none,
		"secret": {
			{args: "regcred --registry docker.io", answers: true},
			{args: "regcred --registry ghcr.io --from-docker-config=%d/docker/config.json", answers: true},
			{args: "regcred --registry registry.example.com --from-docker-config=%d/docker/config.json"},
			{args: "regcred --registry docker.io --from-docker-config=%d/broken/config.json"},
			{args: "regcred --registry docker.io --from-docker-config=%d/malformed/config.json"},
			{args: "regcred --registry docker.io --from-docker-config=%d/good/config.json", answers: true},
			{args: "regcred --registry docker.io --from-docker-config=%d/bad/config.json"},
			{args: "regcred --registry ghcr.io --username me --password-file %d/password", answers: true},
			{args: "regcred --registry ghcr.io --username me --password-file %d/two-lines"},
			{args: "regcred --registry ghcr.io --username me --password-stdin", stdin: canary("stdin"), answers: true},
			{args: "regcred --registry ghcr.io --username me --password-stdin", stdin: canary("stdin") + "\nmore"},
			{args: "regcred --registry eu-docker.pkg.dev --google-key-file %d/key.json", answers: true},
			{args: "regcred --registry eu-docker.pkg.dev --google-key-file %d/user.json"},
			{args: "regcred --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com"},
			{args: "regcred --service-account default --service-account-file %d/secret.yaml -n team"},
		},
	}
}

// commands returns the names of all commands, as the help of the binary lists them.
func commands(t *testing.T, above ...string) []string {
	t.Helper()
	r, err := pullpass.Launch(t, binaries.Released, pullpass.Offline(t), nil, append(slices.Clone(above), "--help")...).End()
	if err != nil || r.Code != 0 {
		t.Fatalf("%q: %v, exit code %d\n%s", above, err, r.Code, r.Stderr)
	}
	names := []string{strings.Join(above, " ")}
	_, list, found := strings.Cut(r.Stdout, "Available Commands:\n")
	if !found {
		return names
	}
	list, _, _ = strings.Cut(list, "\n\n")
	for _, match := range regexp.MustCompile(`(?m)^  (\S+)`).FindAllStringSubmatch(list, -1) {
		names = append(names, commands(t, append(slices.Clone(above), match[1])...)...)
	}
	return names
}

// TestCommands: no command shows a secret of the environment, of a file, or of a program.
func TestCommands(t *testing.T) {
	known := invocations()
	list := commands(t)
	for _, name := range list {
		if known[name] == nil {
			t.Errorf("nothing runs the command %q", name)
		}
	}
	if len(list) < len(known) {
		t.Errorf("the commands are %q, fewer than those that are run", list)
	}
	for name, makeURL := range map[string]func(string) (string, []string){"URLs": secretURL, "broken URLs": brokenURL} {
		for _, command := range list {
			t.Run(name+"/"+command, func(t *testing.T) {
				t.Parallel()
				for _, invocation := range known[command] {
					for identity := range identities("") {
						if identity == "keys" || command == "" || command == "warm" {
							invoke(t, command, invocation, makeURL, identity)
						}
					}
				}
			})
		}
	}
}

// identities are the variables that make each source of an AWS identity the first one. config is a file with a
// credential_process.
func identities(config string) map[string][]string {
	noKeys := []string{"AWS_CONFIG_FILE=/dev/null", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="}
	return map[string][]string{
		"keys":         {"AWS_ACCESS_KEY_ID=AKIACANARY", "AWS_CONFIG_FILE=" + config},
		"process":      {"AWS_CONFIG_FILE=" + config},
		"container":    noKeys,
		"instance":     append(noKeys, "AWS_CONTAINER_CREDENTIALS_FULL_URI="),
		"web identity": append(noKeys, "AWS_ROLE_ARN="+role, "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere/token"),
	}
}

// invoke runs a command once.
func invoke(t *testing.T, command string, v invocation, makeURL func(string) (string, []string), identity string) {
	t.Helper()
	i := newInputs(t)
	variables, secrets := environment(makeURL)
	i.secrets = append(i.secrets, canary("stdin"))
	i.secrets = append(i.secrets, secrets...)
	if err := os.CopyFS(i.path("root"), os.DirFS("../install/trees/kubeadm-debian")); err != nil {
		t.Fatal(err)
	}
	i.write(t, "root/usr/lib/plugins/other", "#!/bin/sh\n", 0o755)
	i.write(t, "root/var/lib/kubelet/kubeadm-flags.env", `KUBELET_KUBEADM_ARGS="--image-credential-provider-config=/etc/kubernetes/kubelet.yaml --image-credential-provider-bin-dir=/usr/lib/plugins"`+"\n", 0o644)
	for from, to := range map[string]string{"kubelet.yaml": "root/etc/kubernetes/kubelet.yaml", "odd-kubelet.yaml": "root/odd-kubelet.yaml", "typo.yaml": "root/typo.yaml"} {
		data, err := os.ReadFile(i.path(from))
		if err != nil {
			t.Fatal(err)
		}
		i.write(t, to, string(data), 0o644)
	}
	env := append(pullpass.Offline(t), "DOCKER_CONFIG="+i.path("docker"),
		"PULLPASS_CACHE_DIR="+i.path("cache"), "PATH="+i.path("bin")+":"+os.Getenv("PATH"))
	env = append(env, variables...)
	env = append(env, identities(i.path("aws/config"))[identity]...)
	args := append(strings.Fields(command), strings.Fields(strings.ReplaceAll(v.args, "%d", i.directory))...)
	flags := []string{"-v", "--config", i.path("config.yaml")}
	switch {
	case command == "help" || strings.HasPrefix(command, "completion"):
		flags = nil
	case strings.Contains(v.args, "--root"):
		flags = flags[:1] // the config would be below the root
	}
	r, err := pullpass.Launch(t, binaries.Released, env, strings.NewReader(v.stdin), append(args, flags...)...).End()
	if err != nil {
		t.Fatal(err)
	}
	if v.answers && r.Code == 0 {
		r.Stdout = ""
	}
	s := newSearch(i.secrets...)
	s.check(t, fmt.Sprintf("the output of %q with %s", args, identity), fmt.Sprintf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr))
	for _, directory := range []string{"cache", "metrics"} {
		s.checkFiles(t, i.path(directory))
	}
	if s.checkFiles(t, i.path("log")) == 0 && command == "" && strings.Contains(v.stdin, "image") {
		t.Errorf("%q with %s has logged nothing", v.stdin, identity)
	}
}
