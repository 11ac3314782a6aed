package provider

import (
	"strings"
	"time"
)

// A Rule gives the images that a pattern selects to a provider.
type Rule struct {
	// Pattern is nil for the built-in rules, which leave the choice to Hosts.
	Pattern *Pattern
	// Hosts are those of the provider's backend. The provider is not asked about any other.
	Hosts    Hosts
	Provider Provider
	// MaxTokenLife is the backend's.
	MaxTokenLife time.Duration
	// AnonymousTry says whether the answer lets the runtime try without a credential after the
	// registry has refused it. If it is nil, Host.Public decides.
	AnonymousTry *bool
}

// A Choice is the outcome of dispatch for an image.
type Choice struct {
	Provider Provider
	Scope    Scope
	// MaxTokenLife is how long a credential lives at the most; 0 if that is not known.
	MaxTokenLife time.Duration
	// Pattern is that of the rule, nil for a built-in one.
	Pattern *Pattern
	// RepositoryOnly says that the answer is only for the requested repository, because a rule
	// distinguishes between repositories of the host.
	RepositoryOnly bool
	// AnonymousKey is the pattern under which the answer adds the anonymous try; "" for none.
	AnonymousKey string
}

// Choose returns the choice for the first rule that matches the image and whose provider claims it, false
// if there is none.
func Choose(rules []Rule, request Request) (Choice, bool) {
	for _, rule := range rules {
		if rule.Pattern != nil && !rule.Pattern.Match(request.Image) {
			continue
		}
		host, known := rule.Hosts.Lookup(request.Image)
		if !known {
			continue
		}
		scope, claimed := rule.Provider.Scope(request)
		if !claimed {
			continue
		}
		choice := Choice{
			Provider:       rule.Provider,
			MaxTokenLife:   rule.MaxTokenLife,
			Scope:          scope,
			Pattern:        rule.Pattern,
			RepositoryOnly: splitsHost(rules, request.Image),
		}
		anonymousTry := host.Public
		if rule.AnonymousTry != nil {
			anonymousTry = *rule.AnonymousTry
		}
		if anonymousTry {
			choice.AnonymousKey = lessSpecific(request.Image.Host)
		}
		return choice, true
	}
	return Choice{}, false
}

// splitsHost reports whether some rule treats repositories of the image's host differently.
// The kubelet looks an image up under its registry as well, so that one answer for the whole
// registry would be used where another rule should have been.
func splitsHost(rules []Rule, image Image) bool {
	for _, rule := range rules {
		if rule.Pattern != nil && rule.Pattern.HasPath() && rule.Pattern.MatchHost(image) {
			return true
		}
	}
	return false
}

// lessSpecific returns a pattern that matches host as well and that the kubelet tries after
// it: its keys are tried in reverse order of their bytes, and * sorts before what can stand
// in a host name.
func lessSpecific(host string) string {
	_, rest, found := strings.Cut(host, ".")
	if !found {
		return ""
	}
	return "*." + rest
}
