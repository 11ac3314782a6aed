// Package manifests puts a user's values into the manifests of node-config: the DaemonSet, and the CronJobs that
// rotate pull secrets. It edits their text, so that comments stay.
package manifests

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/provider"
)

// Values are what a user puts into a manifest. An empty value leaves what is there.
type Values struct {
	Image      string
	Namespace  string
	Registries []string
	Identity   string // in the cloud: an IAM role or a Google service account
	Audience   string // of a provider of a workload identity pool
	Arguments  []string
}

// placeholder is the image in the files of a repository; a release has its own there.
const placeholder = "registry.example.com/pullpass/pullpass"

// Check returns an error for an image or a namespace that cannot be one, with the flag's name.
func (v Values) Check() error {
	if v.Image != "" && !isImage(v.Image) {
		return provider.WithHint(fmt.Errorf("--image %.80q: not the name of an image", v.Image), "such as registry.example.com/pullpass/pullpass:1.0, best with @sha256:…")
	}
	if v.Namespace != "" {
		if err := kubename.CheckNamespace(v.Namespace); err != nil {
			return fmt.Errorf("--namespace: %w", err)
		}
	}
	return nil
}

// isImage reports whether text names an image as a container runtime takes it.
func isImage(text string) bool {
	const (
		host = `(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?/)?`
		part = `[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`
		tag  = `(?::[0-9A-Za-z_][0-9A-Za-z_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?`
	)
	return regexp.MustCompile(`^` + host + part + `(?:/` + part + `)*` + tag + `$`).MatchString(text)
}

// setImage replaces the image of pullpass in a manifest. Without one, it returns a remark if that is a placeholder.
func setImage(text, image string) (changed, missing string) {
	pattern := regexp.MustCompile(`(?m)^( +image: )\S*/pullpass/pullpass\S*$`)
	switch {
	case image != "":
		return pattern.ReplaceAllString(text, "${1}"+image), ""
	case strings.Contains(text, " image: "+placeholder):
		return text, "--image"
	}
	return text, ""
}

// scalar returns an argument as an item of YAML. In arguments, Kubernetes replaces $(NAME) by a variable of the
// container, unless the dollar is doubled.
func scalar(argument string) (string, error) {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-=./_@*+,"
	argument = strings.ReplaceAll(argument, "$", "$$")
	if strings.Trim(argument, plain) == "" {
		return argument, nil
	}
	if strings.ContainsFunc(argument, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffd || r == 0xfeff || r == 0x2028 || r == 0x2029
	}) {
		return "", fmt.Errorf("control characters, or bytes that are no text")
	}
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(argument); err != nil {
		return "", err
	}
	return strings.TrimSuffix(quoted.String(), "\n"), nil
}

// items returns arguments as a sequence of YAML with an indentation. The error names the flag, and shows no value.
func items(indent string, arguments []string) (string, error) {
	var text strings.Builder
	for _, argument := range arguments {
		item, err := scalar(argument)
		if err != nil {
			flag, _, _ := strings.Cut(argument, "=")
			return "", fmt.Errorf("%s: %w", flag, err)
		}
		text.WriteString(indent + "- " + item + "\n")
	}
	return text.String(), nil
}

// flagsOf returns a flag with each value.
func flagsOf(flag string, values []string) []string {
	var flags []string
	for _, value := range values {
		flags = append(flags, flag+"="+value)
	}
	return slices.Clip(flags)
}
