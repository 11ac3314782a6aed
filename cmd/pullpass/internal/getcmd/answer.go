package getcmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
)

// An answer is what the kubelet would get for an image, and where it comes from. Its fields are those of the
// JSON. Times that do not apply are left out.
type answer struct {
	Image    string `json:"image"`
	Provider string `json:"provider"`
	Rule     string `json:"rule,omitempty"` // of the config; "" for a built-in one
	// Registry is the key under which the kubelet gets the credential. AnonymousKey is a second one without
	// a credential, "" for none.
	Registry     string `json:"registry"`
	AnonymousKey string `json:"anonymousKey,omitempty"`
	// RepositoryOnly says that the kubelet may not use it for the registry's other images.
	RepositoryOnly bool               `json:"repositoryOnly"`
	Username       string             `json:"username"`
	Source         string             `json:"source"` // cache, cloud, or login: a file or a credential helper
	Issued         time.Time          `json:"issued,omitzero"`
	Expires        time.Time          `json:"expires,omitzero"`
	ID             string             `json:"id"`
	Scope          []broker.ScopeLine `json:"scope"`
	Password       string             `json:"password,omitempty"` // "" without --show-secret

	credential provider.Credential
	took       time.Duration // of a fetch
}

func newAnswer(image provider.Image, choice provider.Choice, credential provider.Credential) answer {
	a := answer{
		Image:          image.String(),
		Provider:       broker.ScopeProvider(choice.Scope),
		Registry:       image.Host,
		AnonymousKey:   choice.AnonymousKey,
		RepositoryOnly: choice.RepositoryOnly || credential.RepositoryOnly,
		Username:       credential.ShownUsername(),
		Expires:        credential.Expires.UTC(),
		ID:             cache.ID(choice.Scope),
		Scope:          broker.ScopeLines(choice.Scope),
		credential:     credential,
	}
	if choice.Pattern != nil {
		a.Rule = choice.Pattern.String()
	}
	return a
}

// write writes the answer in a format. With the secret, nothing in it is scrubbed.
func (a answer) write(stdio *cli.Stdio, format string, now time.Time) error {
	text := a.text(now)
	if format == "json" {
		var document strings.Builder
		encoder := json.NewEncoder(&document)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(a); err != nil {
			return err
		}
		text = document.String()
	}
	var err error
	switch {
	case a.Password != "":
		_, err = io.WriteString(stdio.Answer, text)
	case format == "json":
		err = stdio.WriteJSON(text)
	default:
		_, err = io.WriteString(stdio.Out, text)
	}
	return err
}

// text is the answer for people, a line for each fact.
func (a answer) text(now time.Time) string {
	var text strings.Builder
	line := func(label, value string) { fmt.Fprintf(&text, "%-10s%s\n", label, env.OneLine(value)) }
	line("image:", a.Image)
	line("provider:", a.Provider+", "+a.ruleText())
	line("registry:", a.registryText())
	line("user:", cli.TextOrDash(a.Username))
	line("from:", a.sourceText(now))
	line("expires:", a.expiryText(now))
	line("scope:", broker.ShortID(a.ID))
	for _, l := range a.Scope {
		if l.Label != "provider" { // which has a line of its own
			line("", l.Label+"="+l.Value)
		}
	}
	if a.Password != "" {
		line("secret:", a.Password)
	} else {
		line("secret:", "hidden; --show-secret prints it")
	}
	return text.String()
}

func (a answer) ruleText() string {
	if a.Rule == "" {
		return "by the built-in rule"
	}
	return "by the config's rule " + a.Rule
}

func (a answer) registryText() string {
	text := a.Registry
	if a.RepositoryOnly {
		text += ", for this image only"
	}
	if a.AnonymousKey != "" {
		text += "; if it is refused, the pull is tried without a credential"
	}
	return text
}

func (a answer) sourceText(now time.Time) string {
	switch {
	case a.Source == "cloud":
		return "the cloud's API, in " + a.took.Round(time.Millisecond).String()
	case a.Source == "login":
		return "a login file or credential helper"
	case a.Issued.IsZero() || a.Issued.After(now): // it was replaced or removed meanwhile
		return "the cache"
	}
	return "the cache, fetched " + cli.Duration(now.Sub(a.Issued)) + " ago"
}

func (a answer) expiryText(now time.Time) string {
	if a.Expires.IsZero() {
		return "no expiry is known"
	}
	return "in " + cli.Duration(max(0, a.Expires.Sub(now))) + ", at " + a.Expires.Format(time.RFC3339)
}
