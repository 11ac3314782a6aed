package kubeletconfig

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/provider"
)

// TestNear: of patterns that end like a served host's, those with too few or too many labels are known,
// and no others.
func TestNear(t *testing.T) {
	all := backends.All()
	served, err := servedPatterns(all)
	if err != nil {
		t.Fatal(err)
	}
	near := func(pattern string) string {
		g, err := parseGlob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		return g.near(served)
	}
	for pattern, want := range map[string]string{
		"*.dkr.ecr.amazonaws.com":                  "*.dkr.ecr.*.amazonaws.com",
		"123456789012.dkr.ecr.amazonaws.com/team/": "*.dkr.ecr.*.amazonaws.com",
		"*.ecr.us-east-1.amazonaws.com":            "*.dkr.ecr.*.amazonaws.com",
		"dkr.ecr.us-east-1.amazonaws.com":          "*.dkr.ecr.*.amazonaws.com",
		"*.dkr.us-east-1.amazonaws.com":            "*.dkr.ecr.*.amazonaws.com",
		"*.*.dkr.ecr.us-east-1.amazonaws.com":      "*.dkr.ecr.*.amazonaws.com",
		"*.DKR.ecr.amazonaws.com":                  "*.dkr.ecr.*.amazonaws.com",
		"*.dkr.ecr-fips.amazonaws.com":             "*.dkr.ecr-fips.*.amazonaws.com",
		"*.amazonaws.com":                          "*.dkr.ecr.*.amazonaws.com",
		"*.dkr.ecr.amazonaws.com.cn":               "*.dkr.ecr.*.amazonaws.com.cn",
		"*.dkr-ecr.on.aws":                         "*.dkr-ecr.*.on.aws",
		"*.public.ecr.aws":                         "public.ecr.aws",
		"pkg.dev":                                  "*.pkg.dev",
		"*.docker.pkg.dev":                         "*.pkg.dev",
		"*.*.gcr.io":                               "*.gcr.io",
		"*.dkr.ecr.*.amazonaws.com":                "",
		"123456789012.dkr.ecr.*.amazonaws.com":     "",
		"*.*.*.*.amazonaws.com":                    "",
		"*.s3.amazonaws.com":                       "",
		"*.elb.amazonaws.com":                      "",
		"*.us-east-1.elb.amazonaws.com":            "",
		"*.dkr.ecr.us-east-1.vpce.amazonaws.com":   "",
		"*.ecr.example.com":                        "",
		"*.pkg.dev.example.com":                    "",
		"us-docker.pkg.dev":                        "",
		"xgcr.io":                                  "",
		"us.gcr.io":                                "",
		"*.io":                                     "",
		"*.*.*":                                    "",
		"io":                                       "",
	} {
		if got := near(pattern); got != want {
			t.Errorf("%s is near %q, want %q", pattern, got, want)
		}
		if want == "" {
			continue
		}
		if parsed, err := provider.ParsePattern(pattern); err != nil || all.Serve(parsed) {
			t.Errorf("%s selects images that are served, or is no pattern: %v", pattern, err)
		}
	}
	for _, pattern := range served {
		for _, text := range []string{pattern, strings.ReplaceAll(pattern, "*", "x"), strings.ReplaceAll(pattern, "*", "us-*")} {
			if got := near(text); got != "" {
				t.Errorf("%s is near %s", text, got)
			}
		}
	}
}

// TestSelectHints: a registry that is not named as in images gets a hint how it is.
func TestSelectHints(t *testing.T) {
	for registry, want := range map[string]string{
		"index.docker.io":         "did you mean docker.io?",
		"https://docker.io":       "did you mean docker.io?",
		"docker.io/acme/app:1":    "did you mean docker.io/acme/app?",
		"*.dkr.ecr.amazonaws.com": "did you mean *.dkr.ecr.*.amazonaws.com?",
		"ghcr.io":                 "it serves Amazon ECR, Google Artifact Registry and Docker Hub; for others see pullpass secret",
		"":                        "",
	} {
		if _, err := Select([]string{registry}, backends.All(), nil); err == nil || provider.Hint(err) != want {
			t.Errorf("%q: %v, hint %q, want %q", registry, err, provider.Hint(err), want)
		}
	}
}
