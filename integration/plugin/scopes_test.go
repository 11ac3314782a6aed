package plugin

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
)

// A client is somebody who asks: with what, for which images, and who the credential has to
// belong to.
type client struct {
	name   string
	env    []string
	args   []string
	images []string
	owner  string   // as owners.of tells it; "" for no credential at all
	fails  []string // the texts of the error, for one who is always refused
}

// A scopeWorld is what the clients have to do with.
type scopeWorld struct {
	aws    *awsfake.Server
	google *googlefake.Server
	hub    []login
}

func newScopeWorld(t *testing.T) *scopeWorld {
	t.Helper()
	w := &scopeWorld{aws: startAWS(t), google: startGoogle(t)}
	w.aws.Configure(func(c *awsfake.Config) {
		c.ContainerToken = "container-authorization"
		c.Roles = map[string]awsfake.Role{pullRole: {ExternalID: "external"}, pullRole + "-other": {}}
	})
	w.google.Configure(func(c *googlefake.Config) { c.Impersonated = []string{pullAccount, "other-" + pullAccount} })
	return w
}

func (w *scopeWorld) secrets() []string {
	secrets := append(w.aws.Secrets(), w.google.Secrets()...)
	for _, login := range w.hub {
		secrets = append(secrets, login.Password)
	}
	return secrets
}

// owner tells whose a credential is, and of which kind; "" for nobody's.
func (w *scopeWorld) owner(found login) string {
	if token, known := w.aws.Token(found.Password); known && w.aws.Login(found.Username, found.Password) {
		kind := ""
		switch {
		case token.Public:
			kind = " for the public"
		case strings.Contains(token.Host, "fips"):
			kind = " by FIPS"
		}
		// The session of a role has pullpass's name.
		principal := strings.TrimSuffix(token.Principal[strings.LastIndex(token.Principal, ":")+1:], "/pullpass")
		return principal + " in " + token.Region + kind
	}
	if token, known := w.google.Token(found.Password); known && w.google.Login(found.Username, found.Password) {
		return token.Principal
	}
	for _, login := range w.hub {
		if login == found {
			return login.Username
		}
	}
	if found != (login{}) {
		return "somebody unknown, " + found.Username
	}
	return ""
}

func (w *scopeWorld) clients(t *testing.T) []client {
	t.Helper()
	return slices.Concat(w.awsClients(t), w.googleClients(t), w.hubClients(t))
}

func (w *scopeWorld) awsClients(t *testing.T) []client {
	t.Helper()
	var clients []client
	add := func(name, owner string, env, args []string) {
		for _, region := range []string{"eu-central-1", "us-east-1"} {
			clients = append(clients, client{
				name:   name + " in " + region,
				env:    join(w.aws.EndpointEnv(), env),
				args:   args,
				images: []string{accountHost(1, region) + "/a", accountHost(2, region) + "/b"},
				owner:  owner + " in " + region,
			})
		}
	}
	ecrRule := func(text string) []string {
		return config(t, "- match: '*.dkr.ecr.*.amazonaws.com'\n  provider: ecr\n  ecr: {"+text+"}\n")
	}
	alice, bob, carol, dave := w.aws.NewUser("alice"), w.aws.NewUser("bob"), w.aws.NewUser("carol"), w.aws.NewUser("dave")
	profile := func(id awsfake.Identity) string {
		return "aws_access_key_id = " + id.AccessKeyID + "\naws_secret_access_key = " + id.SecretAccessKey + "\n"
	}
	shared := []string{"AWS_CONFIG_FILE=" + write(t, "config", "[profile carol]\n"+profile(carol)+"[profile dave]\n"+profile(dave))}
	add("alice", "user/alice", alice.Env(), nil)
	add("bob", "user/bob", bob.Env(), nil)
	add("profile carol", "user/carol", join(shared, []string{"AWS_PROFILE=carol"}), nil)
	add("profile dave", "user/dave", join(shared, []string{"AWS_PROFILE=dave"}), nil)
	add("rule with carol", "user/carol", shared, ecrRule("profile: carol"))
	add("rule with dave", "user/dave", shared, ecrRule("profile: dave"))
	add("node", "assumed-role/node/i-0123456789abcdef0", w.aws.MetadataEnv(), nil)
	add("container", "assumed-role/container/task", w.aws.ContainerEnv(), nil)
	add("role of alice", "assumed-role/pull", alice.Env(), ecrRule("roleARN: '"+pullRole+"', externalID: external"))
	add("other role of alice", "assumed-role/pull-other", alice.Env(), ecrRule("roleARN: '"+pullRole+"-other'"))

	proxy := startProxy(t, map[string]http.Handler{".amazonaws.com": w.aws.Handler})
	const plain, fips, public = "123456789012.dkr.ecr.us-east-1.amazonaws.com/a", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/a", "public.ecr.aws/nginx/nginx"
	return append(clients,
		client{name: "bob's own endpoint", env: join(bob.Env(), proxy.Env()), images: []string{plain}, owner: "user/bob in us-east-1"},
		client{name: "bob's FIPS", env: join(bob.Env(), proxy.Env()), images: []string{fips}, owner: "user/bob in us-east-1 by FIPS"},
		client{name: "bob's public", env: join(bob.Env(), w.aws.EndpointEnv()), images: []string{public}, owner: "user/bob in us-east-1 for the public"},
		client{name: "alice with the wrong external ID", env: join(alice.Env(), w.aws.EndpointEnv()), args: ecrRule("roleARN: '" + pullRole + "', externalID: wrong"),
			images: []string{ecrImage}, fails: []string{"STS AssumeRole: AccessDenied"}},
		client{name: "nobody", env: w.aws.EndpointEnv(), images: []string{ecrImage}, fails: []string{"no AWS identity"}},
		client{name: "nobody in public", env: w.aws.EndpointEnv(), images: []string{public}},
	)
}

func (w *scopeWorld) googleClients(t *testing.T) []client {
	t.Helper()
	images := []string{"gcr.io/project/a", "eu.gcr.io/project/b", "europe-docker.pkg.dev/project/c/d"}
	rules := func(text string) []string {
		return config(t, rule(text)+strings.ReplaceAll(rule(text), "*.pkg.dev", "*.gcr.io")+strings.ReplaceAll(rule(text), "*.pkg.dev", "gcr.io"))
	}
	proxy := startProxy(t, map[string]http.Handler{"iamcredentials.googleapis.com": w.google.Handler})
	clients := []client{
		{name: "the Google node", env: w.google.MetadataEnv(), images: images, owner: googlefake.NodeAccount},
		{name: "Google's nobody", images: images, fails: []string{"no Google identity"}},
	}
	for n, account := range []string{"one@project.iam.gserviceaccount.com", "two@project.iam.gserviceaccount.com"} {
		key := filepath.Join(t.TempDir(), "key.json")
		must(t, w.google.WriteKeyFile(key, account, ""))
		become := []string{pullAccount, "other-" + pullAccount}[n]
		clients = append(clients,
			client{name: "key of " + account, env: []string{"GOOGLE_APPLICATION_CREDENTIALS=" + key}, images: images, owner: account},
			client{name: "rule with the key of " + account, env: w.google.MetadataEnv(), args: rules("credentialsFile: '" + key + "'"), images: images, owner: account},
			client{name: "the node as " + become, env: join(w.google.MetadataEnv(), proxy.Env()), args: rules("impersonate: " + become), images: images, owner: become},
			client{name: account + " as " + pullAccount, env: proxy.Env(), args: rules("credentialsFile: '" + key + "', impersonate: " + pullAccount), images: images, owner: pullAccount},
		)
	}
	return clients
}

func (w *scopeWorld) hubClients(t *testing.T) []client {
	t.Helper()
	var clients []client
	auth := func(key string, l login) string {
		return fmt.Sprintf(`%q: {"username": %q, "password": %q}`, key, l.Username, l.Password)
	}
	for n := range 3 {
		own := login{fmt.Sprintf("hub%d", n), fmt.Sprintf("dckr_pat_%d", n)}
		team := login{own.Username + "team", own.Password + "team"}
		w.hub = append(w.hub, own, team)
		docker := write(t, "config.json", `{"auths": {`+auth("docker.io", own)+", "+auth("docker.io/team", team)+"}}")
		part := write(t, "config.json", `{"auths": {`+auth("docker.io/team", team)+"}}")
		env := []string{"DOCKER_CONFIG=" + filepath.Dir(docker)}
		partEnv := []string{"DOCKER_CONFIG=" + filepath.Dir(part)}
		password := config(t, "- match: docker.io\n  provider: dockerhub\n  dockerhub: {username: "+own.Username+", passwordFile: '"+write(t, "password", own.Password)+"'}\n")
		clients = append(clients,
			client{name: own.Username, env: env, images: []string{"docker.io/library/nginx", "docker.io/acme/app"}, owner: own.Username},
			client{name: team.Username, env: env, images: []string{"docker.io/team/app", "docker.io/team/other"}, owner: team.Username},
			client{name: team.Username + " alone", env: partEnv, images: []string{"docker.io/team/app"}, owner: team.Username},
			client{name: team.Username + " elsewhere", env: partEnv, images: []string{"docker.io/library/nginx"}},
			client{name: "rule with " + own.Username, args: password, images: []string{"docker.io/team/app", "docker.io/library/nginx"}, owner: own.Username},
		)
	}
	return append(clients, client{name: "nobody on Docker Hub", images: []string{"docker.io/library/nginx"}})
}

// check compares whose credential the run gave for image with whose it should be.
func (w *scopeWorld) check(t *testing.T, c client, image string, r run) {
	t.Helper()
	r.silent(t, w.secrets()...)
	if c.fails != nil {
		r.failed(t, c.fails...)
		return
	}
	host, _, _ := strings.Cut(image, "/")
	found := r.response.Auth[host]
	if owner := w.owner(found); r.code != 0 || owner != c.owner {
		t.Errorf("%s got for %s the credential of %q, not of %q; exit code %d:\n%s", c.name, image, owner, c.owner, r.code, r.stderr)
	}
}
