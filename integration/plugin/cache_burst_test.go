package plugin

import (
	"fmt"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

// TestBurstOfAWS is a node that boots a hundred pods: a hundred processes at once, for a
// hundred repositories in ten accounts of a region, cost what one costs. The race detector
// watches one burst of them.
func TestBurstOfAWS(t *testing.T) {
	for _, c := range []struct {
		delay  time.Duration
		binary string
	}{{0, binaries.Released}, {50 * time.Millisecond, binaries.Tested}, {200 * time.Millisecond, binaries.Released}, {2 * time.Second, binaries.Released}} {
		t.Run(c.delay.String(), func(t *testing.T) {
			aws := newAWSCloud(t)
			aws.always(script.Order{Delay: c.delay})
			env := join(aws.env, newStore(t).env())
			var calls []call
			for i := range 100 {
				calls = append(calls, call{image: fmt.Sprintf("%s/team/app-%d", accountHost(i%10, "eu-central-1"), i), env: env})
			}
			for range 2 { // cold, then warm
				passwords := map[string]bool{}
				for i, r := range burst(t, c.binary, calls) {
					aws.host = accountHost(i%10, "eu-central-1")
					passwords[aws.accepts(t, r)] = true
				}
				if len(passwords) != 1 {
					t.Errorf("%d passwords", len(passwords))
				}
				aws.fetched(t, 1)
			}
		})
	}
}

// TestBurstOfRegions costs a call for each region.
func TestBurstOfRegions(t *testing.T) {
	regions := []string{
		"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1",
		"eu-central-1", "eu-west-1", "eu-north-1", "ap-south-1", "sa-east-1",
	}
	aws := startAWS(t)
	aws.Always(awsfake.GetAuthorizationToken, script.Order{Delay: 50 * time.Millisecond})
	env := join(aws.EndpointEnv(), aws.MetadataEnv(), newStore(t).env())
	var calls []call
	for i := range 100 {
		calls = append(calls, call{image: accountHost(i/10, regions[i%10]) + "/app", env: env})
	}
	for range 2 {
		for i, r := range burst(t, binaries.Released, calls) {
			token, known := aws.Token(r.answered(t, accountHost(i/10, regions[i%10])).Password)
			if !known || token.Region != regions[i%10] {
				t.Errorf("the token for %s is of %q", regions[i%10], token.Region)
			}
			r.silent(t, aws.Secrets()...)
		}
		checkCalls(t, aws, map[string]int{
			awsfake.GetAuthorizationToken: 10, awsfake.IMDSToken: 10, awsfake.IMDSRole: 10, awsfake.IMDSCredentials: 10,
		})
	}
}

// TestBurstOfGoogle is TestBurstOfAWS over all kinds of Google's hosts, which share a token.
func TestBurstOfGoogle(t *testing.T) {
	hosts := []string{
		"gcr.io", "eu.gcr.io", "us.gcr.io", "asia.gcr.io",
		"us-docker.pkg.dev", "europe-docker.pkg.dev", "asia-docker.pkg.dev", "europe-west3-docker.pkg.dev",
	}
	for name, c := range map[string]struct {
		delay  time.Duration
		binary string
		key    bool // a key file in place of the metadata server
	}{
		"at once": {0, binaries.Released, false},
		"50 ms":   {50 * time.Millisecond, binaries.Released, false},
		"200 ms":  {200 * time.Millisecond, binaries.Tested, false},
		"2 s":     {2 * time.Second, binaries.Released, true},
	} {
		t.Run(name, func(t *testing.T) {
			google := startGoogle(t)
			env, operation := google.MetadataEnv(), googlefake.MetadataToken
			if c.key {
				env, operation = []string{"GOOGLE_APPLICATION_CREDENTIALS=" + writeFiles(t, google).key}, googlefake.KeyToken
			}
			google.Always(operation, script.Order{Delay: c.delay})
			env = join(env, newStore(t).env())
			var calls []call
			for i := range 100 {
				calls = append(calls, call{image: fmt.Sprintf("%s/project-%d/app", hosts[i%len(hosts)], i), env: env})
			}
			for range 2 {
				for i, r := range burst(t, c.binary, calls) {
					found := r.answered(t, hosts[i%len(hosts)])
					if !google.Login(found.Username, found.Password) {
						t.Error("the registry does not take the credential")
					}
					r.silent(t, google.Secrets()...)
				}
				if n := google.Calls(googlefake.MetadataToken) + google.Calls(googlefake.KeyToken); n != 1 {
					t.Errorf("%d calls for a token", n)
				}
			}
		})
	}
}
