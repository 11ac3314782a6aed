package main

import (
	"path/filepath"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
	"github.com/pullpass/pullpass/provider/dockerhub"
	"github.com/pullpass/pullpass/provider/ecr"
	"github.com/pullpass/pullpass/provider/gcr"
)

// helperLimit is how long a Docker credential helper may take.
const helperLimit = 20 * time.Second

// backends are the names of those that there are.
func backends() []string { return []string{provider.ECR, provider.Google, provider.DockerHub} }

// newRules returns the rules of the config file, and after them the built-in ones: each backend
// with its defaults, for the hosts that the table gives to it.
func (n *node) newRules() []provider.Rule {
	if folder := n.Getenv("DOCKER_CONFIG"); folder != "" && !filepath.IsAbs(folder) {
		n.messages.warn("DOCKER_CONFIG is not an absolute path and is not used")
	}
	var rules []provider.Rule
	for _, registry := range n.config.Registries {
		rules = append(rules, provider.Rule{
			Pattern:      &registry.Pattern,
			Provider:     n.provider(registry),
			AnonymousTry: registry.AnonymousTry,
		})
	}
	for _, name := range backends() {
		rules = append(rules, provider.Rule{Provider: n.provider(config.Registry{Provider: name})})
	}
	return rules
}

// provider makes the backend that a rule names.
func (n *node) provider(registry config.Registry) provider.Provider {
	switch registry.Provider {
	case provider.ECR:
		return &ecr.Provider{
			RoleARN:    registry.ECR.RoleARN,
			ExternalID: registry.ECR.ExternalID,
			Profile:    registry.ECR.Profile,
			Endpoint:   registry.ECR.Endpoint,
			Home:       n.Home,
			Getenv:     n.Getenv,
			Now:        n.Now,
			Proxy:      n.proxy,
			Warn:       n.messages.warn,
		}
	case provider.Google:
		return &gcr.Provider{
			CredentialsFile: registry.GCR.CredentialsFile,
			Impersonate:     registry.GCR.Impersonate,
			Getenv:          n.Getenv,
			DefaultFile:     defaultGoogleFile(n.Getenv, n.Home),
			Now:             n.Now,
			Proxy:           n.proxy,
			Warn:            n.messages.warn,
		}
	default:
		return &dockerhub.Provider{
			Username:       registry.DockerHub.Username,
			PasswordFile:   registry.DockerHub.PasswordFile,
			DockerConfig:   registry.DockerHub.DockerConfig,
			DefaultConfigs: defaultDockerConfigs(n.Getenv, n.Home),
			Helper:         dockerconfig.Programs{Environ: n.Environ, Timeout: helperLimit},
			HelperHome:     n.Getenv("HOME"),
			HelperPath:     n.Getenv("PATH"),
			Warn:           n.messages.warn,
		}
	}
}
