package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// config reads the whole document.
func (w *walker) config(v value, backends provider.Backends) Config {
	s := w.section(v, "apiVersion", "kind", "cache", "metrics", "log", "registries")
	s.text("apiVersion", mustBe(apiVersion))
	s.text("kind", mustBe(kind))
	var c Config
	if cache, ok := s.fields["cache"]; ok {
		c.CacheDir = w.section(cache, "dir").text("dir", provider.CheckPath)
	}
	if metrics, ok := s.fields["metrics"]; ok {
		c.MetricsFile = w.section(metrics, "textfile").text("textfile", checkTextfile)
	}
	if log, ok := s.fields["log"]; ok {
		c.LogFile, c.Syslog = w.section(log, "file", "syslog").log(runtime.GOOS)
	}
	if registries, ok := s.fields["registries"]; ok {
		c.Registries = w.registries(registries, backends)
	}
	s.requireAs("apiVersion", "missing, must be "+apiVersion)
	s.requireAs("kind", "missing, must be "+kind)
	return c
}

// log reads the section log, for a system of Go's.
func (s section) log(system string) (file string, syslog bool) {
	file = s.text("file", provider.CheckPath)
	if set := s.boolean("syslog"); set != nil {
		syslog = *set
	}
	if syslog && system == "windows" {
		s.fail(s.fields["syslog"], "Windows has no syslog, use file")
	}
	return file, syslog
}

func mustBe(want string) func(string) error {
	return func(text string) error {
		if text != want {
			return fmt.Errorf("must be %s%s", want, strictyaml.Word(", is ", text))
		}
		return nil
	}
}

// maxRules is how many rules a config has at most. Each is compared with all before it.
const maxRules = 1000

// registries reads the rules and checks that each can be reached.
func (w *walker) registries(v value, backends provider.Backends) []Registry {
	items := w.list(v)
	if len(items) > maxRules {
		w.fail(v, "%d rules, more than %d", len(items), maxRules)
		return nil
	}
	var rules []Registry
	for _, item := range items {
		s := w.section(item, append([]string{"match", "provider", "anonymousTry"}, backends.Names()...)...)
		rule := s.registry(backends)
		if i := slices.IndexFunc(rules, rule.hiddenBy()); i >= 0 {
			s.fail(s.fields["match"], "never reached, %s on line %d selects the same images first",
				items[i].Field, items[i].Line)
		}
		rules = append(rules, rule)
	}
	return rules
}

// hiddenBy returns a function that reports whether an earlier rule answers for all images of r. It does if
// its pattern matches the text of r's pattern: then each wildcard of r is within one of its own. A rule
// with another provider hides none: that provider may leave some of the hosts to r.
func (r Registry) hiddenBy() func(earlier Registry) bool {
	image := sample(r.Pattern)
	return func(earlier Registry) bool {
		return r.Pattern.String() != "" && r.Backend == earlier.Backend && earlier.Pattern.Match(image)
	}
}

// registry reads one rule.
func (s section) registry(backends provider.Backends) Registry {
	var r Registry
	s.text("match", func(text string) (err error) {
		r.Pattern, err = provider.ParsePattern(text)
		return err
	})
	s.text("provider", func(text string) error {
		if r.Backend = backends.Named(text); r.Backend == nil {
			return fmt.Errorf("unknown provider%s, %s", strictyaml.Word(" ", text), strictyaml.Suggest(text, backends.Names()))
		}
		return nil
	})
	r.AnonymousTry = s.boolean("anonymousTry")
	for i := range backends {
		backend := &backends[i]
		v, ok := s.fields[backend.Name]
		switch {
		case !ok:
		case r.Backend != nil && r.Backend != backend:
			s.fail(v, "does not belong in a rule of provider %s", r.Backend.Name)
		default:
			r.Settings = s.settings(v, backend.Fields)
		}
	}
	s.require("match", "provider")
	if r.Pattern.String() != "" && r.Backend != nil && !r.Pattern.CanSelect(r.Backend.Hosts) {
		s.fail(s.fields["match"], "%s selects no host of %s, the rule would never be used%s",
			strictyaml.Shown(r.Pattern.String()), r.Backend.Name, labelHint(r.Pattern))
	}
	return r
}

func labelHint(pattern provider.Pattern) string {
	if strings.Contains(pattern.String(), "*") {
		return "; each * is one label or a part of one"
	}
	return ""
}

// settings reads the section of a backend with those fields.
func (w *walker) settings(v value, fields []provider.Field) provider.Settings {
	var names []string
	for _, field := range fields {
		names = append(names, field.Name)
	}
	s := w.section(v, names...)
	for _, field := range fields {
		s.apart(field.Name, field.Excludes)
	}
	for _, field := range fields {
		if field.Needs != "" {
			s.together(field.Name, field.Needs)
		}
	}
	settings := provider.Settings{}
	for _, field := range fields {
		check := field.Check
		if check == nil {
			check = anyText
		}
		if text := s.text(field.Name, check); text != "" {
			settings[field.Name] = text
		}
	}
	return settings
}

// apart reports field name as a second source for a credential if one of the others is set as well.
func (s section) apart(name string, others []string) {
	v, ok := s.fields[name]
	for _, other := range others {
		if _, both := s.fields[other]; ok && both {
			s.fail(v, "a second source for the credential beside %s", other)
		}
	}
}

// together reports field name if it is set without the other one, which it needs. Like require, it does
// nothing after an error, which might be the cause.
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

// checkTextfile refuses names that node_exporter's textfile collector does not read.
func checkTextfile(path string) error {
	if filepath.Ext(path) != ".prom" {
		return errors.New("must end in .prom, or node_exporter does not read it")
	}
	return provider.CheckPath(path)
}
