package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/registry"
	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// hubPassword is the access token that the registry takes for Docker Hub's.
const hubPassword = "dckr_pat_good"

// A node has what a node with the plugin has: the kubelet's configuration of this repository,
// the binary in its directory, identities of two clouds, a Docker Hub login, and a registry that
// takes the credentials of all three.
type node struct {
	aws      *awsfake.Server
	google   *googlefake.Server
	registry *registry.Server
	config   string // the kubelet's CredentialProviderConfig
	bin      string
	env      []string
}

// newNode makes a node whose kubelet speaks version of the protocol, with password as its
// Docker Hub access token.
func newNode(t *testing.T, version, password string) *node {
	t.Helper()
	n := &node{aws: startAWS(t), google: startGoogle(t), bin: t.TempDir()}
	var err error
	n.registry, err = registry.Start(func(user, password string) bool {
		return n.aws.Login(user, password) || n.google.Login(user, password) || user == "me" && password == hubPassword
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.registry.Close() })
	if err := os.Symlink(binaries.Tested, filepath.Join(n.bin, "pullpass")); err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile("../../node-config/credential-provider-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n.config = write(t, "config.yaml", strings.Replace(string(shipped), "credentialprovider.kubelet.k8s.io/v1", "credentialprovider.kubelet.k8s.io/"+version, 1))
	docker := write(t, "config.json", `{"auths": {"https://index.docker.io/v1/": {"username": "me", "password": "`+password+`"}}}`)
	n.env = join(pullpass.Offline(t), n.aws.EndpointEnv(), n.aws.MetadataEnv(), n.google.MetadataEnv(), []string{"DOCKER_CONFIG=" + filepath.Dir(docker)})
	return n
}

// TestKubelet has the kubelet's own code run the plugin, in each version of the protocol, and
// pulls private images of the three registries with what it got.
func TestKubelet(t *testing.T) {
	images := []string{ecrHost + "/team/app", "us-docker.pkg.dev/project/repository/app", "docker.io/acme/app"}
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		t.Run(version, func(t *testing.T) {
			n := newNode(t, version, hubPassword)
			result := kubelet.Lookup(t, n.config, n.bin, n.env, append(images, "ghcr.io/acme/app", "gcr.io.evil.com/acme/app")...)
			for i, image := range images {
				digest := push(t, n.registry, image)
				if _, err := n.registry.Pull(t.Context(), image+":1", "", ""); err == nil {
					t.Errorf("%s is not private", image)
				}
				entries := result.Answers[i].Entries
				if len(entries) == 0 {
					t.Fatalf("the kubelet has no credential for %s:\n%s", image, result.Log)
				}
				pulled, err := n.registry.Pull(t.Context(), image+":1", entries[0].Username, entries[0].Password)
				if err != nil || pulled != digest {
					t.Errorf("%s: pulled %s of %s: %v", image, pulled, digest, err)
				}
				if strings.Contains(result.Log, entries[0].Password) {
					t.Errorf("the kubelet's log holds the password for %s", image)
				}
			}
			for _, answer := range result.Answers[len(images):] {
				if len(answer.Entries) != 0 {
					t.Errorf("the kubelet has a credential for %s", answer.Image)
				}
			}
		})
	}
}

func push(t *testing.T, r *registry.Server, image string) (digest string) {
	t.Helper()
	_, repository, _ := strings.Cut(image, "/")
	digest, err := r.Push(t.Context(), repository, "1")
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// TestKubeletCachesByRegistry: one answer serves all repositories of a registry. The kubelet's
// cache is at work, since pullpass has no place for its own.
func TestKubeletCachesByRegistry(t *testing.T) {
	n := newNode(t, "v1", hubPassword)
	n.env = append(n.env, "PULLPASS_CACHE_DIR=/dev/null")
	result := kubelet.Lookup(t, n.config, n.bin, n.env, ecrHost+"/a", ecrHost+"/b", ecrHost+"/c/d")
	for _, answer := range result.Answers {
		if len(answer.Entries) != 1 {
			t.Errorf("%s has %d credentials", answer.Image, len(answer.Entries))
		}
	}
	if calls := n.aws.Calls(awsfake.GetAuthorizationToken); calls != 1 {
		t.Errorf("%d calls for a token", calls)
	}
}

// TestStaleHubToken: with a token that was revoked, the kubelet tries the credential first
// and then nobody's, so that public images still pull.
func TestStaleHubToken(t *testing.T) {
	n := newNode(t, "v1", "dckr_pat_revoked")
	n.registry.MakePublic("library/nginx")
	digest := push(t, n.registry, "docker.io/library/nginx")
	entries := kubelet.Lookup(t, n.config, n.bin, n.env, "docker.io/library/nginx").Answers[0].Entries
	if len(entries) != 2 || entries[0] != (kubelet.Entry{Username: "me", Password: "dckr_pat_revoked"}) || entries[1] != (kubelet.Entry{}) {
		t.Fatalf("the kubelet tries %d entries, not the credential and then nobody's", len(entries))
	}
	if _, err := n.registry.Pull(t.Context(), "docker.io/library/nginx:1", entries[0].Username, entries[0].Password); err == nil {
		t.Error("the revoked token still pulls")
	}
	pulled, err := n.registry.Pull(t.Context(), "docker.io/library/nginx:1", entries[1].Username, entries[1].Password)
	if err != nil || pulled != digest {
		t.Errorf("nobody cannot pull the public image: %v", err)
	}
}

// TestPartsOfHub has a Docker config with a login for one account of Docker Hub alone: what
// the kubelet keeps of one repository must not be used for another.
func TestPartsOfHub(t *testing.T) {
	n := newNode(t, "v1", hubPassword)
	docker := write(t, "config.json", `{"auths": {"docker.io/acme": {"username": "me", "password": "`+hubPassword+`"}}}`)
	n.env = append(n.env, "DOCKER_CONFIG="+filepath.Dir(docker))
	result := kubelet.Lookup(t, n.config, n.bin, n.env, "docker.io/library/nginx", "docker.io/acme/app", "docker.io/library/busybox")
	for i, want := range []int{0, 2, 0} {
		if got := len(result.Answers[i].Entries); got != want {
			t.Errorf("%s has %d entries, want %d", result.Answers[i].Image, got, want)
		}
	}
}

// TestKubeletLogsOurLine: what failed and why stands in the kubelet's log.
func TestKubeletLogsOurLine(t *testing.T) {
	n := newNode(t, "v1", hubPassword)
	n.aws.Always(awsfake.GetAuthorizationToken, awsfake.ECRError(400, "AccessDeniedException", "not authorized"))
	result := kubelet.Lookup(t, n.config, n.bin, n.env, ecrImage)
	want := "pullpass: error: get an ECR token for eu-central-1: ECR GetAuthorizationToken: AccessDeniedException: not authorized"
	if len(result.Answers[0].Entries) != 0 || !strings.Contains(result.Log, want) {
		t.Errorf("the kubelet's log does not hold our line:\n%s", result.Log)
	}
}

// TestReadmeConfig: the configuration in node-config/README.md is one that the kubelet takes, and works.
func TestReadmeConfig(t *testing.T) {
	text, err := os.ReadFile("../../node-config/README.md")
	if err != nil {
		t.Fatal(err)
	}
	const first = "apiVersion: kubelet.config.k8s.io/v1\n"
	_, rest, found := strings.Cut(string(text), "```yaml\n"+first)
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("node-config/README.md holds no configuration for the kubelet")
	}
	n := newNode(t, "v1", hubPassword)
	n.config = write(t, "config.yaml", first+example)
	result := kubelet.Lookup(t, n.config, n.bin, n.env, ecrImage, googleImage, hubImage)
	if result.Refused != "" {
		t.Fatalf("the kubelet refuses it: %s", result.Refused)
	}
	for _, answer := range result.Answers {
		if len(answer.Entries) == 0 {
			t.Errorf("no credential for %s", answer.Image)
		}
	}
}
