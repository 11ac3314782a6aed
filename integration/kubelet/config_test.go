package kubelet_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerhub"
	"github.com/pullpass/pullpass/provider/ecr"
	"github.com/pullpass/pullpass/provider/gcr"
)

// backends are those that are served. The binary's own list is out of reach of this module.
func backends() provider.Backends {
	return provider.Backends{ecr.Backend(), gcr.Backend(), dockerhub.Backend()}
}

// shippedConfig is the CredentialProviderConfig that this repository gives to nodes.
const shippedConfig = "../../node-config/credential-provider-config.yaml"

// servedImages has an image of every form of host that is served.
var servedImages = []string{
	// Amazon ECR: commercial and US government regions.
	"123456789012.dkr.ecr.us-east-1.amazonaws.com/app",
	"123456789012.dkr.ecr.ap-southeast-7.amazonaws.com/team/app",
	"123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/app",
	"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app",
	"123456789012.dkr.ecr-fips.us-gov-east-1.amazonaws.com/app",
	"123456789012.dkr-ecr.us-west-2.on.aws/app",
	"123456789012.dkr-ecr-fips.us-west-2.on.aws/app",
	"123456789012.dkr-ecr-fips.us-gov-west-1.on.aws/app",
	// Amazon ECR: China, EU sovereign and isolated.
	"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app",
	"123456789012.dkr.ecr.cn-northwest-1.amazonaws.com.cn/app",
	"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/app",
	"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/app",
	"123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu/app",
	"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov/app",
	"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/app",
	"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk/app",
	"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov/app",
	// Amazon ECR Public.
	"public.ecr.aws/docker/library/nginx",
	"ecr-public.aws.com/docker/library/nginx",
	// Google.
	"gcr.io/project/app",
	"us.gcr.io/project/app",
	"eu.gcr.io/project/app",
	"asia.gcr.io/project/app",
	"marketplace.gcr.io/google/debian12",
	"us-docker.pkg.dev/project/repo/app",
	"europe-west3-docker.pkg.dev/project/repo/app",
	"docker.pkg.dev/project/repo/app",
	// Docker Hub.
	"docker.io/library/nginx",
	"docker.io/acme/app",
}

// foreignImages are of other registries, or of hosts that were given the look of a served one.
var foreignImages = []string{
	"ghcr.io/acme/app", "quay.io/acme/app", "registry.k8s.io/pause", "mcr.microsoft.com/dotnet/runtime", "registry.gitlab.com/acme/app",
	"registry.example.com/app", "localhost/app", "localhost:5000/app", "127.0.0.1:5000/app", "[::1]:5000/app", "[fd00:ec2::23]:5000/app",
	"acme.azurecr.io/app", "evil-azurecr.io/app",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.com/app",
	"123456789012.dkr-ecr.us-west-2.on.aws.evil.com/app",
	"evil.123456789012.dkr.ecr.us-east-1.amazonaws.com/app",
	"123456789012.dkr.ecr.us-east-1.evilamazonaws.com/app",
	"123456789012-dkr.ecr.us-east-1.amazonaws.com/app",
	"123456789012.dkr.s3.us-east-1.amazonaws.com/app",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com:5000/app",
	"s3.us-east-1.amazonaws.com/app",
	"evil.on.aws/app", "evil.ic.gov/app",
	"xpublic.ecr.aws/app", "evil.public.ecr.aws/app", "public.ecr.aws.evil.com/app", "public.ecr.aws:5000/app", "aws.com/app",
	"gcr.io.evil.com/app", "evil.com/gcr.io/app", "xgcr.io/project/app", "a.b.gcr.io/project/app", "gcr.io:8443/project/app",
	"xpkg.dev/project/app", "pkg.dev/project/app", "us-docker.pkg.dev.evil.com/project/app", "us-docker.xpkg.dev/project/app", "a.us-docker.pkg.dev/project/app",
	"docker.io.evil.com/acme/app", "xdocker.io/acme/app", "registry-1.docker.io/acme/app", "hub.docker.com/acme/app", "docker.io:5000/acme/app", "evil.com/docker.io/app",
}

// TestShippedConfig has the kubelet load the config and look images up, with a plugin in the
// place of pullpass that answers whatever it is asked for.
func TestShippedConfig(t *testing.T) {
	bin := t.TempDir()
	write(t, filepath.Join(bin, "pullpass"), `#!/bin/sh
image=$(sed 's/.*"image":"\([^"]*\)".*/\1/')
cat <<END
{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Image","cacheDuration":"1h",
"auth":{"$image":{"username":"asked for $image","password":"x"}}}
END
`, 0o700)
	result := kubelet.Lookup(t, shippedConfig, bin, []string{"PATH=" + os.Getenv("PATH")}, append(servedImages, foreignImages...)...)
	if result.Refused != "" {
		t.Fatalf("the kubelet does not start: %s", result.Refused)
	}
	for i, answer := range result.Answers {
		owner, _ := backends().Owner(parseImage(t, answer.Image))
		served := owner != nil
		if served != (i < len(servedImages)) {
			t.Errorf("%s is served: %v", answer.Image, served)
		}
		started := len(answer.Entries) == 1 && answer.Entries[0].Username == "asked for "+answer.Image
		if started != served {
			t.Errorf("for %s the plugin is started: %v\n%s", answer.Image, started, result.Log)
		}
	}
}

// TestShippedPatterns: each pattern of the config is one that pullpass reads as well, and
// that selects some image that it serves.
func TestShippedPatterns(t *testing.T) {
	text, err := os.ReadFile(shippedConfig)
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Providers []struct {
			MatchImages []string `json:"matchImages"`
		} `json:"providers"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Providers) != 1 || len(config.Providers[0].MatchImages) == 0 {
		t.Fatalf("the config has the providers %+v", config.Providers)
	}
	var pairs []kubelet.Pair
	for _, text := range config.Providers[0].MatchImages {
		pattern, err := provider.ParsePattern(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !backends().Serve(pattern) {
			t.Errorf("%s can select no host that is served", text)
		}
		for _, image := range servedImages {
			pairs = append(pairs, kubelet.Pair{Pattern: text, Image: image})
		}
	}
	used := map[string]bool{}
	for i, answer := range kubelet.Match(t, pairs) {
		used[pairs[i].Pattern] = used[pairs[i].Pattern] || answer.Matched
	}
	for pattern, used := range used {
		if !used {
			t.Errorf("%s selects no image of servedImages: it is wrong, or an image is missing", pattern)
		}
	}
}
