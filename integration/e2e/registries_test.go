//go:build e2e

package e2e_test

import (
	"crypto/rand"
	"sync/atomic"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/registry"
	"github.com/pullpass/pullpass/integration/node"
)

const (
	otherECRHost = awsfake.Account + ".dkr.ecr.us-east-1.amazonaws.com"
	hubHost      = "docker.io"
	hubUser      = "acme"
)

// registries are private registries as the clouds and Docker Hub have them.
type registries struct {
	issuer   *issuer
	servers  map[string]*registry.Server // by the host of their images
	password atomic.Pointer[string]      // of hubUser
	refused  atomic.Int64                // logins of hubUser, with another password
}

func newRegistries(t *testing.T) *registries {
	t.Helper()
	r := &registries{issuer: newIssuer(t)}
	r.newPassword()
	r.servers = map[string]*registry.Server{
		hubHost:    startRegistry(t, r.hubLogin),
		ecrHost:    startRegistry(t, r.issuer.aws.Login),
		googleHost: startRegistry(t, r.issuer.google.Login),
	}
	r.servers[otherECRHost] = r.servers[ecrHost]
	return r
}

func (r *registries) hubLogin(user, password string) bool {
	if user != hubUser {
		return false
	}
	right := password == *r.password.Load()
	if !right {
		r.refused.Add(1)
	}
	return right
}

func startRegistry(t *testing.T, login func(user, password string) bool) *registry.Server {
	t.Helper()
	server, err := registry.Start(login)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// newPassword changes the password of hubUser.
func (r *registries) newPassword() {
	password := rand.Text()
	r.password.Store(&password)
}

// addresses returns those of the servers, for a node.
func (r *registries) addresses() map[string]string {
	addresses := map[string]string{}
	for host, server := range r.servers {
		addresses[host] = server.Address
	}
	return addresses
}

// push puts an image that no other is like into a repository of the host, and returns its name.
func (r *registries) push(t *testing.T, host, repository string) string {
	t.Helper()
	push(t, r.servers[host], repository)
	return host + "/" + repository + ":1"
}

func push(t *testing.T, server *registry.Server, repository string) {
	t.Helper()
	if err := server.PushImage(t.Context(), node.Image(t), repository, "1"); err != nil {
		t.Fatal(err)
	}
}
