package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

// TestSecretsStayInTheAnswer runs the binary verbosely through good and bad ends, with each
// secret that a node has made recognisable, and looks for all of them in stderr. In stdout
// there may be the asked registry's credential, and nothing else.
func TestSecretsStayInTheAnswer(t *testing.T) {
	aws := startAWS(t)
	aws.Configure(func(c *awsfake.Config) { c.ContainerToken = "canary-container-authorization" })
	user := aws.NewUser("node")
	hub := "canary-hub-token"
	docker := write(t, "config.json", `{"auths": {"docker.io": {"username": "me", "password": "`+hub+`"},
		"registry.example.com": {"auth": "Y2FuYXJ5LW90aGVyOnJlZ2lzdHJ5"}}}`)
	google := startGoogle(t)
	key := filepath.Join(t.TempDir(), "key.json")
	if err := google.WriteKeyFile(key, keyAccount, ""); err != nil {
		t.Fatal(err)
	}
	keyText, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	_, private, _ := strings.Cut(string(keyText), "BEGIN PRIVATE KEY-----\\n")
	secrets := []string{user.SecretAccessKey, "canary-container-authorization", hub, "canary-other", "Y2FuYXJ5LW90aGVyOnJlZ2lzdHJ5", private[:40]}
	env := join(aws.EndpointEnv(), google.MetadataEnv(), user.Env(), aws.ContainerEnv(), []string{
		"DOCKER_CONFIG=" + filepath.Dir(docker), "GOOGLE_APPLICATION_CREDENTIALS=" + key,
	})
	check := func(name string, r run, allowed string) {
		r.silent(t, secrets...)
		for _, secret := range secrets {
			if secret != allowed && strings.Contains(r.stdout, secret) {
				t.Errorf("%s: stdout holds another registry's secret", name)
			}
		}
	}
	for _, image := range []string{ecrImage, "public.ecr.aws/nginx/nginx", googleImage, "ghcr.io/acme/app", "registry.example.com/acme/app"} {
		check(image, ask(t, env, image), "")
	}
	check("container endpoint", ask(t, join(aws.EndpointEnv(), aws.ContainerEnv()), ecrImage), "")
	check("hub", ask(t, env, hubImage), hub)
	aws.Always(awsfake.GetAuthorizationToken, script.Fail(403, "canary-other"))
	google.Always(googlefake.KeyToken, script.Fail(400, "canary-other"))
	check("ecr refused", ask(t, env, ecrImage), "")
	check("google refused", ask(t, env, googleImage), "")
	check("bad stdin", start(t, env, strings.NewReader(`{"image": "canary-other", "kind": "canary-oth"`), "-v"), "")
}
