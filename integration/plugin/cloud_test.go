package plugin

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

// A cloud is a fake that gives the node itself a credential, and what tests of the cache must
// know of it.
type cloud struct {
	fake interface {
		Calls(operation string) int
		Always(operation string, order script.Order)
		Next(operation string, orders ...script.Order)
		Await(ctx context.Context, operation string, n int) error
		Login(user, password string) bool
		Secrets() []string
	}
	image    string
	host     string // of image
	env      []string
	token    string         // the operation that gives the registry's token
	fetch    map[string]int // the calls that a fetch consists of
	lifetime func(time.Duration)
}

// clouds start a fake each.
var clouds = map[string]func(*testing.T) *cloud{"AWS": newAWSCloud, "Google": newGoogleCloud}

func newAWSCloud(t *testing.T) *cloud {
	t.Helper()
	aws := startAWS(t)
	return &cloud{
		fake:  aws,
		image: ecrImage,
		host:  ecrHost,
		env:   join(aws.EndpointEnv(), aws.MetadataEnv()),
		token: awsfake.GetAuthorizationToken,
		fetch: map[string]int{awsfake.IMDSToken: 1, awsfake.IMDSRole: 1, awsfake.IMDSCredentials: 1, awsfake.GetAuthorizationToken: 1},
		lifetime: func(life time.Duration) {
			aws.Configure(func(c *awsfake.Config) { c.TokenLifetime = life })
		},
	}
}

func newGoogleCloud(t *testing.T) *cloud {
	t.Helper()
	google := startGoogle(t)
	return &cloud{
		fake:  google,
		image: googleImage,
		host:  googleHost,
		env:   google.MetadataEnv(),
		token: googlefake.MetadataToken,
		fetch: map[string]int{googlefake.MetadataToken: 1},
		lifetime: func(life time.Duration) {
			google.Configure(func(c *googlefake.Config) { c.Lifetime = life })
		},
	}
}

// ask asks for the cloud's image with the cache in store.
func (c *cloud) ask(t *testing.T, s store) run {
	t.Helper()
	return ask(t, join(c.env, s.env()), c.image)
}

// burst asks n times for the cloud's image, all at once.
func (c *cloud) burst(t *testing.T, binary string, s store, n int) []run {
	t.Helper()
	return burst(t, binary, slices.Repeat([]call{{image: c.image, env: join(c.env, s.env())}}, n))
}

// accepts checks that the run gave a credential that the registry takes, and told nobody else.
// It returns the password.
func (c *cloud) accepts(t *testing.T, r run) string {
	t.Helper()
	found := r.answered(t, c.host)
	if !c.fake.Login(found.Username, found.Password) {
		t.Fatal("the registry does not take the credential")
	}
	r.silent(t, c.fake.Secrets()...)
	return found.Password
}

// fetched checks that there have been the calls of n fetches.
func (c *cloud) fetched(t *testing.T, n int) {
	t.Helper()
	calls := map[string]int{}
	for operation, each := range c.fetch {
		calls[operation] = n * each
	}
	checkCalls(t, c.fake, calls)
}

// await waits until there have been n calls for a token.
func (c *cloud) await(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.fake.Await(ctx, c.token, n); err != nil {
		t.Fatal(err)
	}
}

// always orders how all operations are answered.
func (c *cloud) always(order script.Order) {
	for operation := range c.fetch {
		c.fake.Always(operation, order)
	}
}

// accountHost is the ECR registry of the i-th of some accounts.
func accountHost(i int, region string) string {
	return fmt.Sprintf("%012d.dkr.ecr.%s.amazonaws.com", 111111111111+i, region)
}
