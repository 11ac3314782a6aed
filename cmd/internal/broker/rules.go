package broker

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

// HelperLimit is how long a Docker credential helper may take.
const HelperLimit = 20 * time.Second

// backends are the names of those that there are.
func backends() []string { return []string{provider.ECR, provider.Google, provider.DockerHub} }

// newRules returns the rules of the config file, and after them the built-in ones: each backend
// with its defaults, for the hosts that the table gives to it.
func (b *Broker) newRules() []provider.Rule {
	if folder := b.Getenv("DOCKER_CONFIG"); folder != "" && !filepath.IsAbs(folder) {
		b.Log.Warn("DOCKER_CONFIG is not an absolute path and is not used")
	}
	var rules []provider.Rule
	for _, registry := range b.Config.Registries {
		rules = append(rules, provider.Rule{
			Pattern:      &registry.Pattern,
			Provider:     b.provider(registry),
			AnonymousTry: registry.AnonymousTry,
		})
	}
	for _, name := range backends() {
		rules = append(rules, provider.Rule{Provider: b.provider(config.Registry{Provider: name})})
	}
	return rules
}

// provider makes the backend that a rule names.
func (b *Broker) provider(registry config.Registry) provider.Provider {
	switch registry.Provider {
	case provider.ECR:
		return &ecr.Provider{
			RoleARN:    registry.ECR.RoleARN,
			ExternalID: registry.ECR.ExternalID,
			Profile:    registry.ECR.Profile,
			Endpoint:   registry.ECR.Endpoint,
			Home:       b.Home,
			Getenv:     b.Getenv,
			Now:        b.Now,
			Proxy:      b.proxy,
			Warn:       b.Log.Warn,
		}
	case provider.Google:
		return &gcr.Provider{
			CredentialsFile: registry.GCR.CredentialsFile,
			Impersonate:     registry.GCR.Impersonate,
			Getenv:          b.Getenv,
			DefaultFile:     defaultGoogleFile(b.Getenv, b.Home),
			Now:             b.Now,
			Proxy:           b.proxy,
			Warn:            b.Log.Warn,
		}
	default:
		return &dockerhub.Provider{
			Username:       registry.DockerHub.Username,
			PasswordFile:   registry.DockerHub.PasswordFile,
			DockerConfig:   registry.DockerHub.DockerConfig,
			DefaultConfigs: defaultDockerConfigs(b.Getenv, b.Home),
			Helper:         dockerconfig.Programs{Environ: b.Environ, Timeout: HelperLimit},
			HelperHome:     b.Getenv("HOME"),
			HelperPath:     b.Getenv("PATH"),
			Warn:           b.Log.Warn,
		}
	}
}
