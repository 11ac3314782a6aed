package manifests

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/provider"
)

// A Rotation is a kind of CronJob that rotates pull secrets.
type Rotation struct {
	Name     string // of its file in node-config/rotation, and of its directory in examples/rotation
	backend  string // the one whose tokens it renews
	host     string // the end of the registries' names; "" for all of the backend
	identity *setting
	audience *setting
}

// A setting is a value that only the user knows.
type setting struct {
	form    string // a regular expression for the whole value
	example string
	in      string // a regular expression for its places: what is before, the value, what is after
}

// Rotations returns all kinds.
func Rotations() []Rotation {
	account := `[a-z][a-z0-9-]*@[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*\.gserviceaccount\.com`
	pool := `//iam\.googleapis\.com/projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+`
	return []Rotation{
		{Name: "eks-irsa", backend: "ecr", identity: &setting{
			form:    `arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+`,
			example: "arn:aws:iam::123456789012:role/pull",
			in:      `( eks\.amazonaws\.com/role-arn: )(\S+)()`,
		}},
		{Name: "eks-pod-identity", backend: "ecr"},
		{Name: "gke-workload-identity", backend: "gcr", host: ".pkg.dev", identity: &setting{
			form: account, example: "puller@my-project.iam.gserviceaccount.com", in: `( impersonate: )(\S+)( # yours)?`,
		}},
		{Name: "google-federation", backend: "gcr", identity: &setting{
			form: account, example: "puller@my-project.iam.gserviceaccount.com", in: `(/serviceAccounts/)([^/:]+)(:generateAccessToken)`,
		}, audience: &setting{
			form:    pool,
			example: "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/clusters/providers/my-cluster",
			in:      `(audience"?: "?(?:https:)?)(//iam\.googleapis\.com/[a-zA-Z0-9/-]+)()`,
		}},
	}
}

// Render returns a rotation's manifests with values, from those of its file. missing names the flags whose values are
// still placeholders.
func (r Rotation) Render(text string, v Values, backends provider.Backends) (manifest string, missing []string, err error) {
	if err := v.Check(); err != nil {
		return "", nil, err
	}
	text, flag := setImage(text, v.Image)
	if flag != "" {
		missing = append(missing, flag)
	}
	if v.Namespace != "" {
		text = regexp.MustCompile(`(?m)^( +namespace: )team$`).ReplaceAllString(text, "${1}"+v.Namespace)
	} else {
		missing = append(missing, "--namespace")
	}
	if len(v.Registries) == 0 {
		missing = append(missing, "--registry")
	} else if text, err = r.setRegistries(text, v.Registries, backends); err != nil {
		return "", nil, err
	}
	for _, value := range []struct {
		flag, value string
		setting     *setting
	}{{"--identity", v.Identity, r.identity}, {"--audience", strings.TrimPrefix(v.Audience, "https:"), r.audience}} {
		switch {
		case value.value == "" && value.setting != nil:
			missing = append(missing, value.flag)
		case value.value == "":
		case value.setting == nil:
			return "", nil, fmt.Errorf("%s does not apply to %s", value.flag, r.Name)
		case !regexp.MustCompile(`^` + value.setting.form + `$`).MatchString(value.value):
			return "", nil, provider.WithHint(fmt.Errorf("%s %.80q: %s needs another form", value.flag, value.value, r.Name), "such as "+value.setting.example)
		default:
			text = regexp.MustCompile(value.setting.in).ReplaceAllStringFunc(text, func(place string) string {
				parts := regexp.MustCompile(value.setting.in).FindStringSubmatch(place)
				return parts[1] + value.value + strings.TrimSuffix(parts[3], " # yours")
			})
		}
	}
	return text, missing, nil
}

// setRegistries replaces the registries of a CronJob. The error names one whose tokens it would not renew.
func (r Rotation) setRegistries(text string, registries []string, backends provider.Backends) (string, error) {
	for _, registry := range registries {
		image, err := broker.ParseRegistry(registry)
		if err != nil {
			return "", fmt.Errorf("--registry %q: %w", registry, err)
		}
		host, _ := image.Hostname()
		if owner, _ := backends.Owner(image); owner == nil || owner.Name != r.backend || !strings.HasSuffix(host, r.host) {
			return "", provider.WithHint(fmt.Errorf("--registry %q: %s does not renew its tokens", registry, r.Name), r.serves())
		}
	}
	lines, err := items("            ", flagsOf("--registry", registries))
	if err != nil {
		return "", err
	}
	return regexp.MustCompile(`(?m)(?:^ +- --registry=.*\n)+`).ReplaceAllLiteralString(text, lines), nil
}

// serves says which registries are right.
func (r Rotation) serves() string {
	if r.backend == "ecr" {
		return "it is for Amazon ECR; passwords that never expire need no rotation: see pullpass secret"
	}
	return "it is for Artifact Registry (*.pkg.dev); for GHCR as well, see examples/rotation/google-and-ghcr"
}
