//go:build e2e

package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/pullpass"
)

const (
	ecrHost    = awsfake.Account + ".dkr.ecr.eu-central-1.amazonaws.com"
	googleHost = "europe-docker.pkg.dev"
)

// An issuer is pullpass on a machine with an identity of each cloud.
type issuer struct {
	aws    *awsfake.Server
	google *googlefake.Server
	env    []string
}

func newIssuer(t *testing.T) *issuer {
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
	i := &issuer{aws: aws, google: google}
	i.env = append(pullpass.Offline(t), i.identities()...)
	return i
}

// identities is the environment that gives a process the machine's identities.
func (i *issuer) identities() []string {
	return slices.Concat(i.aws.EndpointEnv(), i.aws.MetadataEnv(), i.google.MetadataEnv())
}

// login tells whether a registry of one of the clouds takes the login.
func (i *issuer) login(l login) bool {
	return i.aws.Login(l.Username, l.Password) || i.google.Login(l.Username, l.Password)
}

// run runs pullpass and returns what it prints. Its failure is the test's.
func (i *issuer) run(t *testing.T, stdin string, args ...string) pullpass.Run {
	t.Helper()
	r, err := pullpass.Launch(t, binaries.Released, i.env, strings.NewReader(stdin), args...).End()
	if err != nil {
		t.Fatal(err)
	}
	if r.Code != 0 {
		t.Fatalf("pullpass %s: exit code %d\n%s", strings.Join(args, " "), r.Code, r.Stderr)
	}
	return r
}

// secret makes the manifest of the Secret regcred for ECR.
func (i *issuer) secret(t *testing.T, namespace string) string {
	t.Helper()
	return i.run(t, "", "secret", "regcred", "--registry", ecrHost, "-n", namespace, "-o", "yaml").Stdout
}

// rotate has the next Secret be one with a new token, of this lifetime.
func (i *issuer) rotate(t *testing.T, lifetime time.Duration) {
	t.Helper()
	i.aws.Configure(func(c *awsfake.Config) { c.TokenLifetime = lifetime })
	i.run(t, "", "cache", "clear")
}
