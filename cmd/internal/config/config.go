// Package config reads pullpass's config file. It is strict: what it does not understand is
// an error, since the file decides where a node's credentials come from and go.
package config

import (
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

const (
	apiVersion = "pullpass/v1"
	kind       = "Config"
)

// A Config is the content of the file. What the file leaves out is zero.
type Config struct {
	CacheDir    string
	MetricsFile string     // absolute, ends in .prom
	LogFile     string     // absolute
	Syslog      bool       // log to the system's log
	Registries  []Registry // in the order of the file: the first match wins
}

// A Registry is a rule: the images that it selects, who answers for them, and how.
type Registry struct {
	Pattern      provider.Pattern
	Backend      *provider.Backend // of the list that Parse was given
	AnonymousTry *bool             // nil if the rule does not say
	Settings     provider.Settings // those of the backend's section, checked; empty if it sets nothing
}

// Load reads the config file at path, with rules for backends. The error is one of safefile.ReadRules or of
// Parse.
func Load(path string, backends provider.Backends) (Config, error) {
	data, err := safefile.ReadRules(path)
	if err != nil {
		return Config{}, err
	}
	return Parse(path, data, backends)
}

// Parse reads the content of a config file, YAML or JSON, with rules for backends. name is the file's, for
// errors. The error is the first one in the order of the file, on one line: "name:7:
// registries[0].ecr.rolARN: unknown field, did you mean roleARN?". It has no line or no field if there is
// none to name.
func Parse(name string, data []byte, backends provider.Backends) (Config, error) {
	documents, err := strictyaml.Decode(name, data)
	switch {
	case err != nil:
		return Config{}, err
	case len(documents) == 0:
		return Config{}, strictyaml.ErrorAt(name, 1, "the file is empty; it must say apiVersion: "+apiVersion+" and kind: "+kind)
	}
	w := new(walker)
	if len(documents) > 1 {
		w.fail(strictyaml.Of(name, documents[1], strictyaml.Fields), "a second document; a config file is one")
	}
	config := w.config(strictyaml.Of(name, documents[0].Content[0], strictyaml.Fields), backends)
	if w.first != nil {
		return Config{}, w.first
	}
	return config, nil
}
