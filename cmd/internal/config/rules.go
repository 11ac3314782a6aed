package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

func providers() []string {
	return []string{provider.ECR, provider.Google, provider.DockerHub}
}

// config reads the whole document.
func (w *walker) config(v value) Config {
	s := w.section(v, "apiVersion", "kind", "cache", "metrics", "registries")
	s.text("apiVersion", mustBe(apiVersion))
	s.text("kind", mustBe(kind))
	var c Config
	if cache, ok := s.fields["cache"]; ok {
		c.CacheDir = w.section(cache, "dir").text("dir", checkPath)
	}
	if metrics, ok := s.fields["metrics"]; ok {
		c.MetricsFile = w.section(metrics, "textfile").text("textfile", checkTextfile)
	}
	if registries, ok := s.fields["registries"]; ok {
		c.Registries = w.registries(registries)
	}
	s.requireAs("apiVersion", "missing, must be "+apiVersion)
	s.requireAs("kind", "missing, must be "+kind)
	return c
}

func mustBe(want string) func(string) error {
	return func(text string) error {
		if text != want {
			return fmt.Errorf("must be %s, is %s", want, strictyaml.Shown(text))
		}
		return nil
	}
}

// registries reads the rules and checks that each can be reached.
func (w *walker) registries(v value) []Registry {
	items := w.list(v)
	var rules []Registry
	for _, item := range items {
		s := w.section(item, append([]string{"match", "provider", "anonymousTry"}, providers()...)...)
		rule := s.registry()
		if i := slices.IndexFunc(rules, rule.hiddenBy()); i >= 0 {
			s.fail(s.fields["match"], "never reached, %s on line %d selects the same images first",
				items[i].Field, items[i].Line)
		}
		rules = append(rules, rule)
	}
	return rules
}

// hiddenBy returns a function that reports whether an earlier rule answers for all images of
// r. It does if its pattern matches the text of r's, since its wildcards must have taken in
// those of r. A rule of another provider may leave some of the hosts.
func (r Registry) hiddenBy() func(earlier Registry) bool {
	image := sample(r.Pattern)
	return func(earlier Registry) bool {
		return r.Pattern.String() != "" && r.Provider == earlier.Provider && earlier.Pattern.Match(image)
	}
}

// registry reads one rule.
func (s section) registry() Registry {
	var r Registry
	s.text("match", func(text string) (err error) {
		r.Pattern, err = provider.ParsePattern(text)
		return err
	})
	r.Provider = s.text("provider", func(text string) error {
		if !slices.Contains(providers(), text) {
			return fmt.Errorf("unknown provider %s, %s", strictyaml.Shown(text), strictyaml.Suggest(text, providers()))
		}
		return nil
	})
	r.AnonymousTry = s.boolean("anonymousTry")
	for _, name := range providers() {
		v, ok := s.fields[name]
		switch {
		case !ok:
		case r.Provider != "" && name != r.Provider:
			s.fail(v, "does not belong in a rule of provider %s", r.Provider)
		case name == provider.ECR:
			r.ECR = s.ecr(v)
		case name == provider.Google:
			r.GCR = s.gcr(v)
		case name == provider.DockerHub:
			r.DockerHub = s.dockerHub(v)
		}
	}
	s.require("match", "provider")
	if r.Pattern.String() != "" && r.Provider != "" && !r.Pattern.CanSelect(r.Provider) {
		s.fail(s.fields["match"], "%s selects no host of %s, the rule would never be used%s",
			strictyaml.Shown(r.Pattern.String()), r.Provider, labelHint(r.Pattern))
	}
	return r
}

func labelHint(pattern provider.Pattern) string {
	if strings.Contains(pattern.String(), "*") {
		return "; each * is one label or a part of one"
	}
	return ""
}

func (w *walker) ecr(v value) ECR {
	s := w.section(v, "roleARN", "externalID", "profile", "endpoint")
	s.together("externalID", "roleARN")
	return ECR{
		RoleARN:    s.text("roleARN", checkRoleARN),
		ExternalID: s.text("externalID", anyText),
		Profile:    s.text("profile", anyText),
		Endpoint:   s.text("endpoint", checkEndpoint),
	}
}

func (w *walker) gcr(v value) GCR {
	s := w.section(v, "credentialsFile", "impersonate")
	return GCR{
		CredentialsFile: s.text("credentialsFile", checkPath),
		Impersonate:     s.text("impersonate", checkServiceAccount),
	}
}

func (w *walker) dockerHub(v value) DockerHub {
	s := w.section(v, "dockerConfig", "username", "passwordFile")
	if dockerConfig, ok := s.fields["dockerConfig"]; ok {
		for _, other := range []string{"username", "passwordFile"} {
			if _, ok := s.fields[other]; ok {
				s.fail(dockerConfig, "a second source for the credential beside %s", other)
			}
		}
	} else {
		s.together("username", "passwordFile")
		s.together("passwordFile", "username")
	}
	return DockerHub{
		DockerConfig: s.text("dockerConfig", checkPath),
		Username:     s.text("username", checkUsername),
		PasswordFile: s.text("passwordFile", checkPath),
	}
}

// together notes that field name is of no use without the other. As with require, an error
// that is there already might be the cause.
func (s section) together(name, other string) {
	v, ok := s.fields[name]
	if _, both := s.fields[other]; ok && !both && s.first == nil {
		s.fail(v, "of no use without %s", other)
	}
}

// sample reads a pattern as if it were an image.
func sample(pattern provider.Pattern) provider.Image {
	host, repository, _ := strings.Cut(pattern.String(), "/")
	return provider.Image{Host: host, Repository: repository}
}

func anyText(string) error { return nil }
