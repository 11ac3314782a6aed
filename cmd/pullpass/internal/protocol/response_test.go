package protocol

import (
	"bytes"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

func TestWrite(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	request := Request{APIVersion: group + "/v1beta1", Image: provider.Image{Host: "Reg.example.com:5000", Repository: "app"}}
	credential := func(c provider.Credential) *provider.Credential {
		c.Username, c.Password = "AWS", provider.NewSecret("s3cr3t<&>")
		return &c
	}
	const head = `{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1beta1",`
	const auth = `"Reg.example.com:5000":{"username":"AWS","password":"s3cr3t\u003c\u0026\u003e"}`
	for name, c := range map[string]struct {
		answer Answer
		want   string
	}{
		"none": {Answer{}, `"cacheKeyType":"Registry","cacheDuration":"1m0s"}`},
		"none of a part": {Answer{RepositoryOnly: true},
			`"cacheKeyType":"Image","cacheDuration":"1m0s"}`},
		"stored": {Answer{Credential: credential(provider.Credential{})},
			`"cacheKeyType":"Registry","cacheDuration":"5m0s","auth":{` + auth + `}}`},
		"stored for a part": {Answer{Credential: credential(provider.Credential{RepositoryOnly: true})},
			`"cacheKeyType":"Image","cacheDuration":"5m0s","auth":{` + auth + `}}`},
		"ruled by repository": {Answer{Credential: credential(provider.Credential{}), RepositoryOnly: true},
			`"cacheKeyType":"Image","cacheDuration":"5m0s","auth":{` + auth + `}}`},
		"anonymous try": {Answer{Credential: credential(provider.Credential{}), AnonymousKey: "*.example.com:5000"},
			`"cacheKeyType":"Registry","cacheDuration":"5m0s","auth":{"*.example.com:5000":{"username":"","password":""},` + auth + `}}`},
		"12 h": {Answer{Credential: credential(provider.Credential{Expires: now.Add(12 * time.Hour)})},
			`"cacheKeyType":"Registry","cacheDuration":"1h0m0s","auth":{` + auth + `}}`},
	} {
		var out bytes.Buffer
		if err := Write(&out, request, c.answer, now); err != nil || out.String() != head+c.want+"\n" {
			t.Errorf("%s: %v\n%swant\n%s", name, err, out.String(), head+c.want)
		}
	}
}

func TestCacheDuration(t *testing.T) {
	now := time.Now()
	for left, want := range map[time.Duration]time.Duration{
		12 * time.Hour:    time.Hour,
		2 * time.Hour:     time.Hour,
		90 * time.Minute:  45 * time.Minute,
		12 * time.Minute:  6 * time.Minute,
		10 * time.Minute:  5 * time.Minute,
		8 * time.Minute:   3 * time.Minute, // expiry less 5 min comes before the half
		5 * time.Minute:   0,
		time.Second:       0,
		-time.Hour:        0,
		59999 * time.Hour: time.Hour,
	} {
		if got := cacheDuration(provider.Credential{Expires: now.Add(left)}, now); got != want {
			t.Errorf("with %v left: %v, want %v", left, got, want)
		}
	}
}
