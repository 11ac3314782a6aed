package secret_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/registry"
	"github.com/pullpass/pullpass/integration/kubelet"
)

// foreign are images of nobody whose credential is in a Secret, if nobody asked for their host.
func foreign() []string {
	return []string{
		"localhost/acme/app", "localhost:5000/acme/app", "registry/acme/app", "registry-1.docker.io/acme/app", "hub.docker.com/acme/app",
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app", "111111111111.dkr.ecr.eu-central-1.amazonaws.com/team/app",
		"us-docker.pkg.dev/project/repository/app", "eu.gcr.io/project/app", "ghcr.io/acme/app", "quay.io/acme/app",
		"registry.example.com:5001/acme/app", "registry.example.com/acme/app",
	}
}

// near returns images of hosts that are not key, and look like it.
func near(key string) []string {
	host, _, _ := strings.Cut(key, ":")
	images := []string{
		host + ".evil.com/acme/app", "evil." + host + "/acme/app", "evil-" + host + "/acme/app", host + "-evil.com/acme/app",
		"evil.com/" + host + "/acme/app", host + ":443/acme/app", host + ":8080/acme/app",
	}
	if host != key {
		images = append(images, host+"/acme/app")
	}
	return images
}

// TestKubelet has the API server's code validate each source's Secret, the kubelet's code look
// for each image in it, and pulls the image with what it found.
func TestKubelet(t *testing.T) {
	w := newWorld(t)
	sources := w.sources(t)
	var names []string
	var all []credential
	var manifests []json.RawMessage
	var pods []kubelet.Pod
	for name, s := range sources {
		text := json.RawMessage(s.with("-o", "json").written(t))
		names = append(names, name)
		all = append(all, s.want...)
		manifests = append(manifests, text)
		pods = append(pods, kubelet.Pod{PullSecrets: []json.RawMessage{text}, Images: append(s.images(), s.foreign()...)})
	}
	for i, errs := range kubelet.Validate(t, manifests) {
		if len(errs) > 0 {
			t.Errorf("the API server refuses the Secret of %s: %q", names[i], errs)
		}
	}
	server, err := registry.Start(login(all))
	must(t, err)
	t.Cleanup(func() { server.Close() })

	for i, found := range kubelet.PullSecrets(t, pods) {
		t.Run(names[i], func(t *testing.T) {
			s := sources[names[i]]
			if found.Err != "" {
				t.Fatalf("the kubelet cannot read the Secret: %s", found.Err)
			}
			for j, c := range s.want {
				entries := found.Answers[j].Entries
				if len(entries) != 1 || entries[0].Username != c.username || !c.login(entries[0].Username, entries[0].Password) {
					t.Fatalf("the kubelet has %d credentials for %s, or another one", len(entries), c.image)
				}
				checkPull(t, server, c.image, entries[0])
			}
			for _, answer := range found.Answers[len(s.want):] {
				if len(answer.Entries) > 0 {
					t.Errorf("the kubelet sends the credential of %q to %s", answer.Entries[0].Username, answer.Image)
				}
			}
		})
	}
}

func (s source) images() []string {
	var images []string
	for _, c := range s.want {
		images = append(images, c.image)
	}
	return images
}

// foreign are images that the source's Secret must have nothing for.
func (s source) foreign() []string {
	images := foreign()
	for _, c := range s.want {
		images = append(images, near(c.key)...)
	}
	return slices.DeleteFunc(images, func(image string) bool {
		host, _, _ := strings.Cut(image, "/")
		return slices.ContainsFunc(s.want, func(c credential) bool { return c.key == host })
	})
}

// checkPull pulls a private image with a credential.
func checkPull(t *testing.T, server *registry.Server, image string, e kubelet.Entry) {
	t.Helper()
	_, repository, _ := strings.Cut(image, "/")
	digest, err := server.Push(t.Context(), repository, "1")
	must(t, err)
	if _, err := server.Pull(t.Context(), image+":1", e.Username, e.Password+"x"); err == nil {
		t.Errorf("%s can be pulled with any password", image)
	}
	pulled, err := server.Pull(t.Context(), image+":1", e.Username, e.Password)
	if err != nil || pulled != digest {
		t.Errorf("%s: pulled %q of %q: %v", image, pulled, digest, err)
	}
}
