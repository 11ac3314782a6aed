package protocol

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// How long the kubelet may keep an answer. It is less than the credential lives: pulls can wait in the
// node's queue.
const (
	maxCached    = time.Hour
	expiryMargin = 5 * time.Minute
	// storedCached is for credentials from files and helpers, which change without notice.
	storedCached = 5 * time.Minute
	// noneCached is for "no credential". The kubelet asks again soon after somebody has added one,
	// but not at each retry of a failing pod.
	noneCached = time.Minute
)

// An Answer is what the kubelet is told.
type Answer struct {
	// Credential is nil if there is none for the image.
	Credential *provider.Credential
	// RepositoryOnly keeps the kubelet from using the answer for the registry's other images.
	RepositoryOnly bool
	// AnonymousKey is a second, less specific key without a user, "" for none.
	AnonymousKey string
}

// Write writes the answer to request as one JSON object. now is the time of the answer.
func Write(out io.Writer, request Request, answer Answer, now time.Time) error {
	response := responseForm{
		apiVersion:    request.APIVersion,
		cacheKeyType:  registryKey,
		cacheDuration: noneCached.String(),
	}
	if answer.RepositoryOnly || answer.Credential != nil && answer.Credential.RepositoryOnly {
		response.cacheKeyType = imageKey
	}
	if credential := answer.Credential; credential != nil {
		response.cacheDuration = cacheDuration(*credential, now).String()
		response.auth = []authForm{{request.Image.Host, credential.Username, credential.Password.Reveal()}}
		if answer.AnonymousKey != "" {
			response.auth = append(response.auth, authForm{pattern: answer.AnonymousKey})
		}
		// As encoding/json orders maps; the kubelet has its own order.
		slices.SortFunc(response.auth, func(a, b authForm) int { return strings.Compare(a.pattern, b.pattern) })
	}
	_, err := out.Write(append(response.encode(), '\n'))
	return err
}

// cacheDuration returns half of the time that the credential has left, within the bounds above. It is zero
// if hardly any time is left: then the kubelet does not keep the answer.
func cacheDuration(credential provider.Credential, now time.Time) time.Duration {
	if credential.Expires.IsZero() {
		return storedCached
	}
	left := credential.Expires.Sub(now)
	return max(0, min(left/2, left-expiryMargin, maxCached)).Truncate(time.Second)
}
