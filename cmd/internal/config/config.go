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
	Registries  []Registry // in the order of the file: the first match wins
}

// A Registry is a rule: the images that it selects, who answers for them, and how.
type Registry struct {
	Pattern      provider.Pattern
	Provider     string // provider.ECR, provider.Google or provider.DockerHub
	AnonymousTry *bool  // nil if the rule does not say
	// Only the section of the rule's Provider has anything set.
	ECR       ECR
	GCR       GCR
	DockerHub DockerHub
}

// ECR is the ecr section of a rule.
type ECR struct {
	RoleARN    string
	ExternalID string // only with a RoleARN
	Profile    string
	Endpoint   string // an absolute https URL; http for a loopback host only
}

// GCR is the gcr section of a rule.
type GCR struct {
	CredentialsFile string // absolute
	Impersonate     string // e-mail address of a service account
}

// DockerHub is the dockerhub section of a rule: DockerConfig, or Username and PasswordFile,
// or nothing. Both paths are absolute.
type DockerHub struct {
	DockerConfig string
	Username     string
	PasswordFile string
}

// Load reads the config file at path as safefile.Read does. The error is one of its or of
// Parse's.
func Load(path string) (Config, error) {
	data, err := safefile.Read(path)
	if err != nil {
		return Config{}, err
	}
	return Parse(path, data)
}

// Parse reads a config file's content, YAML or JSON. The error is the first in the order of
// the file, on one line: "name:7: registries[0].ecr.rolARN: unknown field, did you mean
// roleARN?"; where there is no line or field to name, the rest stands alone.
func Parse(name string, data []byte) (Config, error) {
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
	config := w.config(strictyaml.Of(name, documents[0].Content[0], strictyaml.Fields))
	if w.first != nil {
		return Config{}, w.first
	}
	return config, nil
}
