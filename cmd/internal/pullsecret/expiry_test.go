package pullsecret

import (
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// TestExpired: an entry is not good because it is for the image.
func TestExpired(t *testing.T) {
	const (
		ecr  = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app"
		past = `pullpass/expires-at: "2026-10-05T10:00:00Z"`
	)
	two := `{"auths":{"ghcr.io":{"username":"acme","password":"c4n4ry"},"europe-docker.pkg.dev":{"username":"oauth2accesstoken","password":"c4n4ry"}}}`
	for _, test := range []struct{ name, annotations, config, image, want string }{
		{"nothing known", "", ghcr(), "ghcr.io/app", ""},
		{"not yet", `pullpass/expires-at: "2026-10-05T12:00:01Z"`, ghcr(), "ghcr.io/app", ""},
		{"no time", "pullpass/expires-at: soon", ghcr(), "ghcr.io/app", ""},
		{"the only entry", past, ghcr(), "ghcr.io/app", "expired 2h0m0s ago"},
		{"one of two", past, two, "ghcr.io/app", "may have expired: a token of this Secret did 2h0m0s ago"},
		{"the token says", "", ecrToken(checkTime().Add(-time.Minute)), ecr, "expired 1m0s ago"},
		{"the token is right", past, ecrToken(checkTime().Add(time.Minute)), ecr, ""},
	} {
		secret := readOne(t, secretHead+annotated(test.annotations)+jsonType+data(encoded(test.config)))
		image, err := provider.ParseImage(test.image)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := secret.Entries(image)
		if err != nil || len(entries) != 1 {
			t.Fatalf("%s: %v, %v", test.name, entries, err)
		}
		if got := secret.Expired(entries[0], checkTime()); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
