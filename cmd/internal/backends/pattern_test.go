package backends

import (
	"testing"

	"github.com/pullpass/pullpass/provider"
)

func TestPatternCanSelect(t *testing.T) {
	all := All()
	for _, c := range []struct {
		pattern, backend string
		want             bool
	}{
		{"123456789012.dkr.ecr.*.amazonaws.com", "ecr", true},
		{"*.dkr.ecr.us-*-1.amazonaws.com/team/", "ecr", true},
		{"*.*.*.*.*.*", "ecr", true},
		{"public.ecr.aws", "ecr", true},
		{"public.ecr.aws:443", "ecr", true},
		{"public.ecr.aws:5000", "ecr", false},
		{"*.amazonaws.com", "ecr", false},
		{"1234.dkr.ecr.*.amazonaws.com", "ecr", false},
		{"*.dkr.ecr.cn-north-1.amazonaws.com", "ecr", false},
		{"*.dkr.ecr.*.amazonaws.com", "gcr", false},
		{"*-docker.pkg.dev", "gcr", true},
		{"*.io", "gcr", true},
		{"*.io", "dockerhub", true},
		{"*.io", "ecr", false},
		{"docker.*", "dockerhub", true},
		{"ghcr.io", "dockerhub", false},
	} {
		pattern, err := provider.ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := pattern.CanSelect(all.Named(c.backend).Hosts); got != c.want {
			t.Errorf("%s can select a host of %s: %v, want %v", c.pattern, c.backend, got, c.want)
		}
	}
}

func TestPatternSample(t *testing.T) {
	all := All()
	for _, c := range []struct {
		pattern, backend string
		want             string // "" for none
	}{
		{"123456789012.dkr.ecr.us-east-1.amazonaws.com", "ecr", "123456789012.dkr.ecr.us-east-1.amazonaws.com/any/image"},
		{"*.dkr.ecr.us-east-1.amazonaws.com", "ecr", "000000000000.dkr.ecr.us-east-1.amazonaws.com/any/image"},
		{"*.dkr.*.us-east-1.amazonaws.com", "ecr", "000000000000.dkr.ecr.us-east-1.amazonaws.com/any/image"},
		{"*.dkr.*-fips.us-east-1.amazonaws.com", "ecr", "000000000000.dkr.ecr-fips.us-east-1.amazonaws.com/any/image"},
		{"12*34*.DKR.ecr.us-east-1.amazonaws.com/team/", "ecr", "120000000034.dkr.ecr.us-east-1.amazonaws.com/team/image"},
		{"*123456789012.dkr-ecr.us-gov-west-1.on.aws:443", "ecr", "123456789012.dkr-ecr.us-gov-west-1.on.aws:443/any/image"},
		{"*.dkr.ecr.cn-north-1.amazonaws.com.*", "ecr", "000000000000.dkr.ecr.cn-north-1.amazonaws.com.cn/any/image"},
		{"public.ecr.aws", "ecr", "public.ecr.aws/any/image"},
		{"*.*.*", "ecr", "public.ecr.aws/any/image"},
		{"*-*.aws.com/docker/library/nginx", "ecr", "ecr-public.aws.com/docker/library/nginx"},
		{"gcr.io", "gcr", "gcr.io/any/image"},
		{"*.gcr.io", "gcr", "us.gcr.io/any/image"},
		{"eu*.gcr.io/project", "gcr", "eu.gcr.io/project/image"},
		{"*-docker.pkg.dev", "gcr", "us-docker.pkg.dev/any/image"},
		{"*-*.pkg.dev/p/r/", "gcr", "us-us.pkg.dev/p/r/image"},
		{"*.io", "gcr", "gcr.io/any/image"},
		{"*.io", "dockerhub", "docker.io/any/image"},
		{"*.*", "dockerhub", "docker.io/any/image"},
		{"docker.io/acme", "dockerhub", "docker.io/acme/image"},
		{"docker.io/acme/", "dockerhub", "docker.io/acme/image"},
		{"docker.io/acme/app", "dockerhub", "docker.io/acme/app"},
		{"docker.io/", "dockerhub", "docker.io/any/image"},
		{"docker.io:443", "dockerhub", "docker.io:443/any/image"},

		// Which region, or whether there is one at all.
		{"*.dkr.ecr.*.amazonaws.com", "ecr", ""},
		{"123456789012.dkr.ecr.us-*-1.amazonaws.com", "ecr", ""},
		{"123456789012.dkr.ecr.us-east-1*.amazonaws.com", "ecr", ""},
		{"*.*.*.*.*.*", "ecr", ""},
		{"*.dkr.ecr.cn-north-1.amazonaws.com", "ecr", ""},
		// Not of the backend.
		{"1234567890123*.dkr.ecr.us-east-1.amazonaws.com", "ecr", ""},
		{"a*.dkr.ecr.us-east-1.amazonaws.com", "ecr", ""},
		{"-*.pkg.dev", "gcr", ""},
		{"public.ecr.aws:5000", "ecr", ""},
		{"public.ecr.aws", "gcr", ""},
		{"ghcr.io", "dockerhub", ""},
		{"[::1]", "ecr", ""},
	} {
		pattern, err := provider.ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		image, ok := pattern.Sample(all.Named(c.backend).Hosts)
		if ok != (c.want != "") || ok && image.String() != c.want {
			t.Errorf("%s of %s: %v, %v, want %q", c.pattern, c.backend, image, ok, c.want)
		}
	}
}

// FuzzPatternSample: a sample is an image that its pattern selects, and of the backend.
func FuzzPatternSample(f *testing.F) {
	for _, c := range hostCases {
		f.Add(c.image)
	}
	f.Add("*.dkr.ecr.us-east-1.amazonaws.com/team/")
	f.Add("*1**2.dkr*.eu-west-1.on.aws")
	f.Add("a*-*.pkg.dev")
	all := All()
	f.Fuzz(func(t *testing.T, text string) {
		pattern, err := provider.ParsePattern(text)
		if err != nil {
			return
		}
		for i := range all {
			backend := &all[i]
			image, ok := pattern.Sample(backend.Hosts)
			if !ok {
				continue
			}
			if owner, _ := all.Owner(image); owner != backend || !pattern.Match(image) || !pattern.CanSelect(backend.Hosts) {
				t.Errorf("%s gives %s of %v", text, image, owner)
			}
		}
	})
}
