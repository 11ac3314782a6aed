// Package secrets gives the built binary a secret of its own in every place that can hold one, runs every
// command and every failing answer of the clouds, and looks for the secrets in all that comes out.
package secrets

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"os"
	"sync"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// binaries are the pullpass under test.
var binaries pullpass.Binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(pullpass.Main(m, &binaries))
}

// canary returns the secret of a place, with bytes in it that encodings change.
func canary(place string) string {
	hash := sha256.Sum256([]byte(place))
	text := base64.StdEncoding.EncodeToString(hash[:])
	secret := text[:9] + "/" + text[10:20] + "+" + text[20:28]
	places.Store(secret, place)
	return secret
}

// segment is canary for a secret that is a part of a URL's path.
func segment(place string) string {
	hash := sha256.Sum256([]byte(place))
	secret := "c4n4ry-" + hex.EncodeToString(hash[:10])
	places.Store(secret, place)
	return secret
}

// places are those of the secrets, for messages.
var places sync.Map

func placeOf(secret string) any {
	place, _ := places.Load(secret)
	return place
}
