package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/pullpass/pullpass/provider"
)

const (
	// version is the version of the form of an entry. Entries of other versions are not read.
	version = 1
	// expiryMargin is how long before its expiry a credential is no longer given out: a pull takes
	// time.
	expiryMargin = time.Minute
	// storedFor is how long a credential without an expiry is kept. It comes from a file or a helper,
	// which can change without notice.
	storedFor = time.Minute
	// maxLife is the longest life of a token that is believed: twice that of ECR's, which live longest.
	// One that says more may end at any time, and counts as one without an expiry.
	maxLife = 24 * time.Hour
)

// An entry is what a file of the cache holds: a credential, a failure, or both if a credential
// that is still good could not be renewed. The zero entry is nothing. Its form is written with
// encoding/json and read by decode, which names the same fields.
type entry struct {
	Version        int            `json:"version"`
	Scope          provider.Scope `json:"scope"`
	Username       string         `json:"username,omitempty"`
	Password       plainSecret    `json:"password,omitzero"`
	RepositoryOnly bool           `json:"repositoryOnly,omitempty"`
	Issued         time.Time      `json:"issued,omitzero"`  // when it was fetched, by this node's clock
	Refresh        time.Time      `json:"refresh,omitzero"` // when it is to be renewed; zero for never
	Expires        time.Time      `json:"expires,omitzero"` // zero for a credential that lives until it is revoked
	Failure        *Failure       `json:"failure,omitempty"`
}

// A plainSecret is a secret that JSON shows. Only the files of the cache may have it.
type plainSecret struct{ provider.Secret }

func (s plainSecret) MarshalText() ([]byte, error) { return []byte(s.Reveal()), nil }

func newEntry(scope provider.Scope, credential provider.Credential, now time.Time) entry {
	return entry{
		Version:        version,
		Scope:          scope,
		Username:       credential.Username,
		Password:       plainSecret{credential.Password},
		RepositoryOnly: credential.RepositoryOnly,
		Issued:         now.UTC(),
		Expires:        credential.Expires.UTC(),
	}
}

// encode returns what decode reads.
func (e entry) encode() ([]byte, error) { return json.Marshal(e) }

func (e entry) credential() provider.Credential {
	return provider.Credential{
		Username:       e.Username,
		Password:       e.Password.Secret,
		Expires:        e.Expires,
		RepositoryOnly: e.RepositoryOnly,
	}
}

// goodUntil returns when the credential is no longer given out, zero if there is none.
func (e entry) goodUntil() time.Time {
	switch {
	case e.Issued.IsZero():
		return time.Time{}
	case e.isReread():
		return e.Issued.Add(storedFor)
	}
	return e.Expires.Add(-expiryMargin)
}

// isReread reports whether the credential has no expiry that is believed: then its source is read again after a
// while.
func (e entry) isReread() bool { return e.Expires.IsZero() || e.Expires.Sub(e.Issued) > maxLife }

// isUsable reports whether the credential may be given out. One that was issued in the future may not: the
// clock was set back, and it is unknown how long the credential still lives.
func (e entry) isUsable(now time.Time) bool {
	return !e.Issued.After(now) && now.Before(e.goodUntil())
}

// isDue reports whether it is time to renew the credential.
func (e entry) isDue(now time.Time) bool {
	return !e.Refresh.IsZero() && !now.Before(e.Refresh) && !e.Failure.holds(now)
}

// isOver reports whether the entry has neither a usable credential nor a failure that still counts.
func (e entry) isOver(now time.Time) bool {
	return !now.Before(e.goodUntil()) && e.Failure.isForgotten(now)
}

// renewAfter returns after how much of its life a credential is renewed: a half to three quarters, depending
// on the node and the scope.
func (c *Cache) renewAfter(scope provider.Scope, life time.Duration) time.Duration {
	hash := sha256.Sum256([]byte(c.Node + "\n" + string(scope)))
	share := float64(binary.BigEndian.Uint32(hash[:])) / (1 << 32)
	return time.Duration(float64(life) * (0.5 + 0.25*share))
}

// ID returns the ID of a scope: a hash of 32 hexadecimal digits, by which its files are named. The first 12
// digits identify a scope on a node.
func ID(scope provider.Scope) string {
	hash := sha256.Sum256([]byte(scope))
	return hex.EncodeToString(hash[:16])
}
