package backends

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

// What each host must be taken for: "provider region variant", or nobody. The hosts are those
// of every form that the clouds document, and those that only look like them.
var hostCases = []struct{ image, want string }{
	// ECR, commercial and US government.
	{"123456789012.dkr.ecr.us-east-1.amazonaws.com/app", "ecr us-east-1"},
	{"123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app", "ecr eu-central-1"},
	{"123456789012.dkr.ecr.ap-southeast-7.amazonaws.com/app", "ecr ap-southeast-7"},
	{"123456789012.dkr.ecr.mx-central-1.amazonaws.com/app", "ecr mx-central-1"},
	{"123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/app", "ecr us-gov-west-1"},
	{"000000000000.dkr.ecr.us-west-2.amazonaws.com/app", "ecr us-west-2"},
	{"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app", "ecr us-east-1 fips"},
	{"123456789012.dkr.ecr-fips.us-gov-east-1.amazonaws.com/app", "ecr us-gov-east-1 fips"},
	{"123456789012.dkr-ecr.us-west-2.on.aws/app", "ecr us-west-2 dual-stack"},
	{"123456789012.dkr-ecr-fips.us-west-2.on.aws/app", "ecr us-west-2 fips,dual-stack"},
	{"123456789012.dkr-ecr-fips.us-gov-west-1.on.aws/app", "ecr us-gov-west-1 fips,dual-stack"},
	// ECR, the other partitions.
	{"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app", "ecr cn-north-1"},
	{"123456789012.dkr.ecr.cn-northwest-1.amazonaws.com.cn/app", "ecr cn-northwest-1"},
	{"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/app", "ecr cn-north-1 dual-stack"},
	{"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/app", "ecr eusc-de-east-1"},
	{"123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu/app", "ecr eusc-de-east-1 dual-stack"},
	{"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov/app", "ecr us-iso-east-1"},
	{"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/app", "ecr us-isob-east-1"},
	{"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk/app", "ecr eu-isoe-west-1"},
	{"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov/app", "ecr us-isof-south-1"},
	// ECR Public.
	{"public.ecr.aws/docker/library/nginx", "ecr us-east-1 public"},
	{"ecr-public.aws.com/docker/library/nginx", "ecr us-east-1 dual-stack public"},
	// Google.
	{"gcr.io/project/app", "gcr"},
	{"us.gcr.io/project/app", "gcr"},
	{"eu.gcr.io/project/app", "gcr"},
	{"asia.gcr.io/project/app", "gcr"},
	{"marketplace.gcr.io/google/debian12", "gcr"},
	{"us-docker.pkg.dev/project/repo/app", "gcr"},
	{"europe-west3-docker.pkg.dev/project/repo/app", "gcr"},
	{"docker.pkg.dev/project/repo/app", "gcr"},
	// Docker Hub, also in the forms that only people write.
	{"docker.io/library/nginx", "dockerhub public"},
	{"docker.io/acme/app", "dockerhub public"},
	{"index.docker.io/acme/app", "dockerhub public"},
	{"nginx", "dockerhub public"},
	{"acme/app:1.2", "dockerhub public"},
	// Case and ports.
	{"123456789012.DKR.ECR.US-EAST-1.AmazonAWS.com/app", "ecr us-east-1"},
	{"GCR.io/project/app", "gcr"},
	{"Docker.IO/acme/app", "dockerhub public"},
	{"gcr.io:443/project/app", "gcr"},
	{"123456789012.dkr.ecr.us-east-1.amazonaws.com:443/app", "ecr us-east-1"},
	{"gcr.io:80/project/app", "nobody"},
	{"gcr.io:8443/project/app", "nobody"},
	{"docker.io:5000/acme/app", "nobody"},
	{"gcr.io:/project/app", "nobody"},
	{"123456789012.dkr.ecr.us-east-1.amazonaws.com:5000/app", "nobody"},
	// Look-alikes.
	{"123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.com/app", "nobody"},
	{"1.dkr.ecr.us-east-1.amazonaws.com.evil.com/app", "nobody"},
	{"1.dkr.ecr.us-east-1.amazonaws.com/app", "nobody"},
	{"1234567890123.dkr.ecr.us-east-1.amazonaws.com/app", "nobody"},
	{"12345678901a.dkr.ecr.us-east-1.amazonaws.com/app", "nobody"},
	{"evil.123456789012.dkr.ecr.us-east-1.amazonaws.com/app", "nobody"},
	{"123456789012.dkr.ecr.us-east-1.evilamazonaws.com/app", "nobody"},
	{"123456789012-dkr.ecr.us-east-1.amazonaws.com/app", "nobody"},
	{"123456789012.dkr.ecr.us-east-1.evil/.amazonaws.com/app", "nobody"},
	{"123456789012.dkr.ecr.x.amazonaws.com/app", "nobody"},
	{"123456789012.dkr.ecr..amazonaws.com/app", "nobody"},
	{"123456789012.dkr.ecr.us-east-1#.amazonaws.com/app", "nobody"},
	{"123456789012.dkr.ecr.cn-north-1.amazonaws.com/app", "nobody"},
	{"123456789012.dkr.ecr.us-east-1.amazonaws.com.cn/app", "nobody"},
	{"123456789012.dkr.ecr.us-east-1.amazonaws.eu/app", "nobody"},
	{"123456789012.dkr.ecr.us-iso-east-1.amazonaws.com/app", "nobody"},
	{"123456789012.dkr-ecr.us-west-2.on.aws.evil.com/app", "nobody"},
	{"123456789012.dkr.s3.us-east-1.amazonaws.com/app", "nobody"},
	{"xpublic.ecr.aws/app", "nobody"},
	{"public.ecr.aws.evil.com/app", "nobody"},
	{"gcr.io.evil.com/app", "nobody"},
	{"evil.com/gcr.io/app", "nobody"},
	{"xgcr.io/project/app", "nobody"},
	{"a.b.gcr.io/project/app", "nobody"},
	{"-x.gcr.io/project/app", "nobody"},
	{"xpkg.dev/project/app", "nobody"},
	{"pkg.dev/project/app", "nobody"},
	{"us-docker.pkg.dev.evil.com/project/app", "nobody"},
	{"us-docker.xpkg.dev/project/app", "nobody"},
	{"docker.io.evil.com/acme/app", "nobody"},
	{"xdocker.io/acme/app", "nobody"},
	{"registry-1.docker.io/acme/app", "nobody"},
	{"hub.docker.com/acme/app", "nobody"},
	{"gcr.io./project/app", "nobody"},
	{"user@gcr.io/project/app", "nobody"},
	{"user:pass@gcr.io/project/app", "nobody"},
	{"evil.com@gcr.io/project/app", "nobody"},
	{"gcr.io@evil.com/project/app", "nobody"},
	{"https://gcr.io/project/app", "nobody"},
	{"docker://gcr.io/project/app", "nobody"},
	// Unicode letters that fold to ASCII ones: K (Kelvin sign), ſ (long s), and full width.
	{"doc\u212aer.io/acme/app", "nobody"},
	{"123456789012.d\u212ar.ecr.us-east-1.amazonaws.com/app", "nobody"},
	{"123456789012.dkr.ecr.u\u017f-east-1.amazonaws.com/app", "nobody"},
	{"gcr\uff0eio/project/app", "nobody"},
	// Other registries.
	{"evil-azurecr.io/app", "nobody"},
	{"acme.azurecr.io/app", "nobody"},
	{"ghcr.io/acme/app", "nobody"},
	{"quay.io/acme/app", "nobody"},
	{"registry.k8s.io/pause", "nobody"},
	{"registry.example.com:5000/app", "nobody"},
	{"localhost/app", "nobody"},
	{"localhost:5000/app", "nobody"},
	{"127.0.0.1:5000/app", "nobody"},
	{"[::1]:5000/app", "nobody"},
	{"[fd00:ec2::23]/app", "nobody"},
}

func TestOwner(t *testing.T) {
	all := All()
	for _, c := range hostCases {
		image, err := provider.ParseImage(c.image)
		if err != nil {
			t.Errorf("%s: %v", c.image, err)
			continue
		}
		if got := describe(all.Owner(image)); got != c.want {
			t.Errorf("%s is taken for %s, want %s", c.image, got, c.want)
		}
	}
}

// FuzzOwner: whoever gets a credential is a plain lower-case host name below a cloud's own domain.
func FuzzOwner(f *testing.F) {
	for _, c := range hostCases {
		f.Add(c.image)
	}
	all := All()
	f.Fuzz(func(t *testing.T, reference string) {
		image, err := provider.ParseImage(reference)
		if err != nil {
			return
		}
		owner, host := all.Owner(image)
		if owner == nil {
			return
		}
		name, _ := image.Hostname()
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
			t.Fatalf("%q is taken for %s", reference, describe(owner, host))
		}
		again, err := provider.ParseImage(image.String())
		if err != nil || again != image {
			t.Fatalf("%q gives %+v, and that gives %+v, %v", reference, image, again, err)
		}
	})
}

func describe(owner *provider.Backend, host provider.Host) string {
	if owner == nil {
		return "nobody"
	}
	text := owner.Name
	if host.Region != "" {
		text += " " + host.Region
	}
	if host.Variant != "" {
		text += " " + host.Variant
	}
	if host.Public {
		text += " public"
	}
	return text
}
