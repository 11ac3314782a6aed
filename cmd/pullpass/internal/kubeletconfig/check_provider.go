package kubeletconfig

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// maxName is how long the name of a file can be.
const maxName = 255 // bytes

// provider checks one entry.
func (c *checker) provider(v value, at string) {
	known := []string{"name", "matchImages", "defaultCacheDuration", "apiVersion", "args", "env"}
	if c.version == versions()[0] {
		known = append(known, "tokenAttributes")
	}
	if !c.known(v, at, known...) {
		return
	}
	name := c.name(v, at)
	var protocols []string
	for _, version := range versions() {
		protocols = append(protocols, protocolGroup+"/"+version)
	}
	c.oneOf(v, at, "apiVersion", protocols)
	patterns := c.patterns(v, at, name)
	c.duration(v, at, patterns)
	for _, argument := range c.texts(v, at, "args") {
		if strings.ContainsRune(argument.text, 0) {
			c.note(argument.value, argument.at, "the plugin is never started: an argument cannot hold a NUL", "")
		}
	}
	c.env(v, at)
	if tokens, ok := v.field("tokenAttributes"); ok && tokens.kind != strictyaml.Null && slices.Contains(known, "tokenAttributes") {
		c.tokenAttributes(tokens, v.fieldText("apiVersion"), strictyaml.Join(at, "tokenAttributes"))
		if name == EntryName {
			c.note(tokens, strictyaml.Join(at, "tokenAttributes"), "pullpass does not use the pods' tokens: it uses the node's identity for all pods", "")
		}
	}
	c.claims = append(c.claims, claim{name, c.file, at, v.line, patterns})
}

// name checks the name, which is also that of the binary. It returns "" if it cannot be one.
func (c *checker) name(v value, at string) string {
	name, of, ok := c.required(v, at, "name", "")
	at = strictyaml.Join(at, "name")
	if !ok {
		return ""
	}
	reason := ""
	switch {
	case strings.Contains(name, "/"):
		reason = "must be the name of a file in the bin dir, not a path"
	case strings.Contains(name, " "):
		reason = "must not contain spaces"
	case name == "." || name == "..":
		reason = "must be the name of a file, is that of a directory"
	case strings.ContainsRune(name, 0) || len(name) > maxName:
		reason = "cannot be the name of a file"
	}
	if reason != "" {
		c.fault(of, at, reason, "")
		return ""
	}
	if other, twice := c.names[name]; twice {
		where := fmt.Sprintf("%s on line %d", other.at, other.line)
		if other.file != c.file {
			where += " of " + other.file
		}
		c.fault(of, at, "given twice: "+strictyaml.Shown(name)+" is also the name of "+where, "")
		return name
	}
	if c.names == nil {
		c.names = map[string]claim{}
	}
	c.names[name] = claim{file: c.file, at: strings.TrimSuffix(at, ".name"), line: v.line}
	if c.checkBinary != nil {
		if err := c.checkBinary(name); err != nil {
			c.fault(of, at, "the kubelet cannot run the binary: "+err.Error(), provider.Hint(err))
		}
	}
	return name
}

// patterns checks matchImages and returns what the kubelet can read of it.
func (c *checker) patterns(v value, at, name string) []value {
	f, given := v.field("matchImages")
	if !given || len(f.items) == 0 && (f.kind == strictyaml.List || f.kind == strictyaml.Null) {
		if !given {
			f.line = v.line
		}
		c.fault(f, strictyaml.Join(at, "matchImages"), "must have at least one pattern", "")
		return nil
	}
	var patterns []value
	for _, pattern := range c.texts(v, at, "matchImages") {
		g, err := parseGlob(pattern.text)
		if err != nil {
			c.fault(pattern.value, pattern.at, "must be a host with or without a path"+strictyaml.Word(", is ", pattern.text), "")
			continue
		}
		patterns = append(patterns, pattern.value)
		if strings.Contains(pattern.text, "@") { // a password may be before it: nothing is quoted
			text := "the kubelet reads it as a URL, and ignores what is before the @"
			if reason := g.never(); reason != "" {
				text = "never matches an image: " + reason
			}
			c.note(pattern.value, pattern.at, text, "")
			continue
		}
		for _, remark := range g.remarks(name, c.backends, c.served) {
			c.note(pattern.value, pattern.at, remark.text, remark.hint)
		}
	}
	return patterns
}

// duration checks defaultCacheDuration. It notes one that is longer than tokens for these patterns live.
func (c *checker) duration(v value, at string, patterns []value) {
	const name = "defaultCacheDuration"
	at = strictyaml.Join(at, name)
	f, ok := v.field(name)
	if !ok || f.kind == strictyaml.Null {
		if !ok {
			f.line = v.line
		}
		c.fault(f, at, "missing, must be a duration such as 5m or 12h", "")
		return
	}
	duration, err := time.ParseDuration(f.text)
	switch {
	case f.kind != strictyaml.Text:
		c.fault(f, at, "must be a duration such as 5m or 12h, is "+f.kind.String(), durationHint(f))
	case err != nil:
		c.fault(f, at, "must be a duration such as 5m or 12h"+strictyaml.Word(", is ", f.text), durationHint(f))
	case duration < 0:
		c.fault(f, at, "must not be negative"+strictyaml.Word(", is ", f.text), "")
	case duration == 0:
		c.note(f, at, "an answer without a cache duration is not cached: the plugin runs for each pull", "")
	default:
		for _, pattern := range patterns {
			if issuer, life := tokenLife(c.backends, pattern.text); life > 0 && duration > life {
				c.note(f, at, fmt.Sprintf("an answer without a cache duration is cached for %s, and a token of %s expires after %gh", f.text, issuer, life.Hours()), "")
				break
			}
		}
	}
}

// durationHint guesses what was meant: days, or a number of seconds.
func durationHint(v value) string {
	number, days := strings.CutSuffix(v.text, "d")
	count, err := time.ParseDuration(number + "h")
	switch {
	case err != nil || strings.Trim(number, "0123456789") != "":
		return ""
	case days:
		return "did you mean " + fmt.Sprintf("%dh?", int64(count.Hours())*24)
	}
	return "did you mean " + number + "s?"
}

// tokenLife returns the life of the tokens for the registries that a pattern can select, and who issues
// them. If there are several backends, it is the shortest life. It is 0 if no life is known.
func tokenLife(backends provider.Backends, pattern string) (issuer string, life time.Duration) {
	p, err := provider.ParsePattern(pattern)
	if err != nil {
		return "", 0
	}
	for _, backend := range backends {
		if backend.TokenLife > 0 && (life == 0 || backend.TokenLife < life) && p.CanSelect(backend.Hosts) {
			issuer, life = backend.TokenIssuer, backend.TokenLife
		}
	}
	return issuer, life
}

func (c *checker) env(v value, at string) {
	first := map[string]int{}
	for i, variable := range c.list(v, at, "env") {
		at := strictyaml.Index(strictyaml.Join(at, "env"), i)
		if !c.knownOnly(variable, at, true, []string{"name", "value"}) {
			continue
		}
		name, of := c.text(variable, at, "name")
		text, valueOf := c.text(variable, at, "value")
		at = strictyaml.Join(at, "name")
		switch reason := badVariable(name); {
		case of.line == 0:
		case strings.ContainsRune(name+text, 0):
			if !strings.ContainsRune(name, 0) {
				of, at = valueOf, strings.TrimSuffix(at, "name")+"value"
			}
			c.note(of, at, "the plugin is never started: a variable cannot hold a NUL", "")
		case reason != "":
			c.note(of, at, reason, "")
		case first[name] > 0:
			c.note(of, at, fmt.Sprintf("given twice, first on line %d: the last one counts", first[name]), "")
		default:
			first[name] = of.line
		}
	}
}

// badVariable returns why a name cannot be that of a variable, "" if it can.
func badVariable(name string) string {
	switch {
	case name == "":
		return "must not be empty: the plugin does not see the variable"
	case strings.Contains(name, "="):
		return "must not contain =: the plugin sees a variable of another name"
	case hasControl(name):
		return "must not contain control characters"
	}
	return ""
}
