package provider

import "testing"

func TestPatternSample(t *testing.T) {
	for _, c := range []struct {
		pattern, backend string
		want             string // "" for none
	}{
		{"123456789012.dkr.ecr.us-east-1.amazonaws.com", ECR, "123456789012.dkr.ecr.us-east-1.amazonaws.com/any/image"},
		{"*.dkr.ecr.us-east-1.amazonaws.com", ECR, "000000000000.dkr.ecr.us-east-1.amazonaws.com/any/image"},
		{"*.dkr.*.us-east-1.amazonaws.com", ECR, "000000000000.dkr.ecr.us-east-1.amazonaws.com/any/image"},
		{"*.dkr.*-fips.us-east-1.amazonaws.com", ECR, "000000000000.dkr.ecr-fips.us-east-1.amazonaws.com/any/image"},
		{"12*34*.DKR.ecr.us-east-1.amazonaws.com/team/", ECR, "120000000034.dkr.ecr.us-east-1.amazonaws.com/team/image"},
		{"*123456789012.dkr-ecr.us-gov-west-1.on.aws:443", ECR, "123456789012.dkr-ecr.us-gov-west-1.on.aws:443/any/image"},
		{"*.dkr.ecr.cn-north-1.amazonaws.com.*", ECR, "000000000000.dkr.ecr.cn-north-1.amazonaws.com.cn/any/image"},
		{"public.ecr.aws", ECR, "public.ecr.aws/any/image"},
		{"*.*.*", ECR, "public.ecr.aws/any/image"},
		{"*-*.aws.com/docker/library/nginx", ECR, "ecr-public.aws.com/docker/library/nginx"},
		{"gcr.io", Google, "gcr.io/any/image"},
		{"*.gcr.io", Google, "us.gcr.io/any/image"},
		{"eu*.gcr.io/project", Google, "eu.gcr.io/project/image"},
		{"*-docker.pkg.dev", Google, "us-docker.pkg.dev/any/image"},
		{"*-*.pkg.dev/p/r/", Google, "us-us.pkg.dev/p/r/image"},
		{"*.io", Google, "gcr.io/any/image"},
		{"*.io", DockerHub, "docker.io/any/image"},
		{"*.*", DockerHub, "docker.io/any/image"},
		{"docker.io/acme", DockerHub, "docker.io/acme/image"},
		{"docker.io/acme/", DockerHub, "docker.io/acme/image"},
		{"docker.io/acme/app", DockerHub, "docker.io/acme/app"},
		{"docker.io/", DockerHub, "docker.io/any/image"},
		{"docker.io:443", DockerHub, "docker.io:443/any/image"},

		// Which region, or whether there is one at all.
		{"*.dkr.ecr.*.amazonaws.com", ECR, ""},
		{"123456789012.dkr.ecr.us-*-1.amazonaws.com", ECR, ""},
		{"123456789012.dkr.ecr.us-east-1*.amazonaws.com", ECR, ""},
		{"*.*.*.*.*.*", ECR, ""},
		{"*.dkr.ecr.cn-north-1.amazonaws.com", ECR, ""},
		// Not of the backend.
		{"1234567890123*.dkr.ecr.us-east-1.amazonaws.com", ECR, ""},
		{"a*.dkr.ecr.us-east-1.amazonaws.com", ECR, ""},
		{"-*.pkg.dev", Google, ""},
		{"public.ecr.aws:5000", ECR, ""},
		{"public.ecr.aws", Google, ""},
		{"ghcr.io", DockerHub, ""},
		{"[::1]", ECR, ""},
	} {
		pattern, err := ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		image, ok := pattern.Sample(c.backend)
		if ok != (c.want != "") || ok && image.String() != c.want {
			t.Errorf("%s of %s: %v, %v, want %q", c.pattern, c.backend, image, ok, c.want)
		}
	}
}

func TestPatternImage(t *testing.T) {
	for text, want := range map[string]string{
		"registry.example.com":            "registry.example.com/any/image",
		"registry.example.com:5000/team":  "registry.example.com:5000/team/image",
		"Registry.example.com/team/":      "Registry.example.com/team/image",
		"registry.example.com/team/app":   "registry.example.com/team/app",
		"docker.io/acme":                  "docker.io/acme/image",
		"[::1]:5000":                      "[::1]:5000/any/image",
		"*.example.com":                   "",
		"123456789012.dkr.ecr.*.on.aws/a": "",
	} {
		pattern, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		image, ok := pattern.Image()
		if ok != (want != "") || ok && (image.String() != want || !pattern.Match(image)) {
			t.Errorf("%s: %v, %v, want %q", text, image, ok, want)
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
	f.Fuzz(func(t *testing.T, text string) {
		pattern, err := ParsePattern(text)
		if err != nil {
			return
		}
		for _, backend := range []string{ECR, Google, DockerHub} {
			image, ok := pattern.Sample(backend)
			if !ok {
				continue
			}
			host, _ := LookupHost(image)
			if host.Provider != backend || !pattern.Match(image) || !pattern.CanSelect(backend) {
				t.Errorf("%s gives %s of %s", text, image, host.Provider)
			}
		}
	})
}
