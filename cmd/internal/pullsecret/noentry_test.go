package pullsecret

import (
	"encoding/json"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/provider"
)

// withKeys is a pull secret that has a login for each key.
func withKeys(t *testing.T, keys ...string) Secret {
	t.Helper()
	auths := map[string]any{}
	for _, key := range keys {
		auths[key] = map[string]string{"username": "acme", "password": "c4n4ry"}
	}
	config, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		t.Fatal(err)
	}
	return readOne(t, secretHead+jsonType+data(encoded(string(config))))
}

func TestWhyNoEntry(t *testing.T) {
	const (
		ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
		hub = " is no name that the kubelet has for Docker Hub: docker.io"
	)
	for _, test := range []struct{ key, image, want string }{
		{"quay.io", "ghcr.io/acme/app", `its keys are "quay.io"`},
		{"GHCR.io", "ghcr.io/acme/app", `"GHCR.io" differs in upper and lower case`},
		{"ghcr.io", "GHCR.io/acme/app", `"ghcr.io" differs in upper and lower case`},
		{"https://ghcr.io:443/v1/", "ghcr.io/acme/app", `"https://ghcr.io:443/v1/" is for port 443, the image has no port`},
		{"reg.example.com", "reg.example.com:5000/app", `"reg.example.com" is for no port, the image has port 5000`},
		{"reg.example.com:5001", "reg.example.com:5000/app", `"reg.example.com:5001" is for port 5001, the image has port 5000`},
		{"ghcr.io/other/", "ghcr.io/acme/app", `"ghcr.io/other/" is for other repositories, those that begin with "other/"`},
		{"ghcr.io/acme/app:1", "ghcr.io/acme/app", `"ghcr.io/acme/app:1" is for other repositories, those that begin with "acme/app:1"`},
		{"registry-1.docker.io", "nginx", `"registry-1.docker.io"` + hub},
		{"*.docker.io", "acme/app", `"*.docker.io"` + hub},
		{"https://hub.docker.com", "acme/app", `"https://hub.docker.com"` + hub},
		{"https://index.docker.io/v1", "acme/app", `"https://index.docker.io/v1"` + hub},
		{"docker.io/other", "acme/app", `"docker.io/other" is for other repositories, those that begin with "other"`},
		{"hub.docker.com", "ghcr.io/acme/app", `its keys are "hub.docker.com"`},
		{"*.amazonaws.com", ecr + "/app", `"*.amazonaws.com" has 3 labels, the image's host 6, and each * is one label`},
		{"*.dkr.ecr.*.amazonaws.com", "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/app", `its keys are "*.dkr.ecr.*.amazonaws.com"`},
		{"*.io", "reg.example.com/app", `its keys are "*.io"`},
		{"*", "reg.example.com/app", `its keys are "*"`},
		{ecr, "123456789012.dkr.ecr.us-east-1.amazonaws.com/app", `"` + ecr + `" is ECR of region eu-central-1, the image is in us-east-1`},
		{ecr, "111122223333.dkr.ecr.eu-central-1.amazonaws.com/app", `"` + ecr + `" is ECR of account 123456789012, the image is in 111122223333`},
		{ecr, "123456789012.dkr.ecr-fips.eu-central-1.amazonaws.com/app", `"` + ecr + `" is another name of the same ECR registry, and the kubelet goes by the name`},
		{"public.ecr.aws", ecr + "/app", `"public.ecr.aws" is another registry of the same provider`},
		{"us-docker.pkg.dev", "europe-docker.pkg.dev/p/r/app", `"us-docker.pkg.dev" is another registry of the same provider`},
		{"https://u:c4n4ry@quay.io/", "ghcr.io/acme/app", `its keys are "https://REDACTED@quay.io/"`},
	} {
		image, err := provider.ParseImage(test.image)
		if err != nil {
			t.Fatal(err)
		}
		secret := withKeys(t, test.key)
		if entries, err := secret.Entries(image); err != nil || len(entries) > 0 {
			t.Errorf("the kubelet finds %v (%v) for %s in %s", entries, err, test.image, test.key)
		}
		if got := secret.WhyNoEntry(image, backends.All()); got != test.want {
			t.Errorf("%s for %s: got %s, want %s", test.key, test.image, got, test.want)
		}
	}
}

func TestWhyNoEntryOfMany(t *testing.T) {
	image := provider.Image{Host: "ghcr.io", Repository: "acme/app"}
	for _, test := range []struct {
		secret Secret
		want   string
	}{
		{withKeys(t, "quay.io", "GHCR.io", "ghcr.io/other"), `"GHCR.io" differs in upper and lower case; "ghcr.io/other" is for other repositories, those that begin with "other"`},
		{withKeys(t, "l.io", "b.io", "c.io", "d.io", "e.io", "f.io", "g.io", "h.io", "i.io", "j.io", "k.io", "a.io"),
			`its keys are "a.io", "b.io", "c.io", "d.io", "e.io", "f.io", "g.io", "h.io", "i.io", "j.io" and 2 more`},
		{withKeys(t), "it holds no entry that can be read"},
		{readOne(t, secretHead+jsonType), "it holds no entry that can be read"},
		{readOne(t, secretHead+data(encoded(ghcr()))), "the kubelet ignores a Secret of this type"},
	} {
		if got := test.secret.WhyNoEntry(image, backends.All()); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
