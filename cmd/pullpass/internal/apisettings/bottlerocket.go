package apisettings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/pluginflags"
	"github.com/pullpass/pullpass/provider"
)

// bottlerocketSettings returns settings in TOML:
// https://bottlerocket.dev/en/os/latest/api/settings/kubernetes/
func bottlerocketSettings(entry kubeletconfig.Entry) ([]byte, error) {
	if len(entry.Args) > 0 {
		return nil, provider.WithHint(errors.New("print the settings of bottlerocket: they have no place for plugin arguments"),
			"use variables: --env "+broker.ConfigVariable+"=PATH instead of "+pluginflags.Config+", "+broker.CacheDirVariable+" instead of "+pluginflags.CacheDir+"; the log is set in that configuration instead of by "+pluginflags.LogFile)
	}
	if _, err := kubeletconfig.New(entry, kubeletconfig.YAML); err != nil { // what cannot be in an entry
		return nil, err
	}
	var text strings.Builder
	fmt.Fprintf(&text, `# User data, or for apiclient. Only for images of your own that hold the binary: Bottlerocket's have
# ecr-credential-provider alone, and the kubelet does not start with this and without the binary. See
# pullpass config show bottlerocket.
[settings.kubernetes.credential-providers.%s]
enabled = true
cache-duration = "5m"
image-patterns = [
`, entry.Name)
	for _, pattern := range entry.MatchImages {
		fmt.Fprintf(&text, "  \"%s\",\n", pattern) // a pattern has nothing that TOML would escape
	}
	text.WriteString("]\n")
	if len(entry.Env) > 0 {
		fmt.Fprintf(&text, "[settings.kubernetes.credential-providers.%s.environment]\n", entry.Name)
	}
	seen := map[string]bool{}
	for _, variable := range entry.Env {
		if err := bottlerocketTakes(variable); err != nil {
			return nil, fmt.Errorf("print the settings of bottlerocket: %w", err)
		}
		if seen[variable.Name] {
			return nil, fmt.Errorf("print the settings of bottlerocket: the variable %s is given twice", variable.Name)
		}
		seen[variable.Name] = true
		fmt.Fprintf(&text, "\"%s\" = \"%s\"\n", variable.Name, strings.ReplaceAll(variable.Value, `\`, `\\`))
	}
	return []byte(text.String()), nil
}

// bottlerocketTakes returns an error for a variable that would not survive Bottlerocket's template
// of the kubelet's config. The template writes the name as it is and the value in single quotes, and
// it escapes characters as HTML does:
// https://github.com/bottlerocket-os/bottlerocket/blob/5098fc57784c48093a6078aabd53427c1f3e7dea/packages/kubernetes-1.30/credential-provider-config-yaml
func bottlerocketTakes(variable kubeletconfig.Env) error {
	const name = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
	switch {
	case strings.Trim(variable.Name, name) != "":
		return errors.New("the name of a variable must be of letters, digits and _")
	case strings.ContainsAny(variable.Value, "'\"`&<>=\r\n"):
		return fmt.Errorf("its template cannot write the value of %s: there must be no line break and none of ' \" ` & < > = in it", variable.Name)
	}
	return nil
}
