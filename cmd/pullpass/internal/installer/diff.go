package installer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
)

// diff describes a change. known is for kubeletconfig.Redact.
func (c change) diff(known func(name, value string) bool) []byte {
	oldName, newName := c.Path, c.Path
	if c.old.Snapshot == nil {
		oldName = "/dev/null"
	}
	if c.new.Snapshot == nil {
		newName = "/dev/null"
	}
	var text []byte
	switch c.Kind {
	case kindConfig:
		text = diff.Diff(oldName, redactConfig(c.Path, c.old.Data, known), newName, redactConfig(c.Path, c.new.Data, known))
	case kindFlags:
		text = diff.Diff(oldName, c.Flags.Redact(c.old.Data), newName, c.Flags.Redact(c.new.Data))
	}
	switch {
	case len(text) > 0:
		return text
	case c.new.Snapshot == nil:
		return fmt.Appendf(nil, "remove %s\n", c.Path)
	case c.Kind == kindLink:
		return fmt.Appendf(nil, "link %s to %s\n", c.Path, c.new.Data)
	}
	// Only what is not shown differs.
	return fmt.Appendf(nil, "write %s, %d bytes, sha256:%s\n", c.Path, len(c.new.Data), c.new.SHA256)
}

func redactConfig(path string, data []byte, known func(name, value string) bool) []byte {
	if len(data) == 0 {
		return nil
	}
	return kubeletconfig.Redact(path, data, known)
}

// given returns a function that reports whether a value may be shown. It may if it is in this entry, which is
// from the command line, and its name does not look like a secret's. Variables that every entry has may be
// shown as well.
func given(e kubeletconfig.Entry) func(name, value string) bool {
	return func(name, value string) bool {
		if strings.Contains(value, "@") { // as in the URL of a proxy
			return false
		}
		if name != "" {
			variable := kubeletconfig.Env{Name: name, Value: value}
			return variable.IsUsual() || !secretName(name) && slices.Contains(e.Env, variable)
		}
		flag, _, _ := strings.Cut(value, "=")
		isFlag := strings.HasPrefix(flag, "--") || strings.HasPrefix(flag, "-") && len(value) == 2
		return isFlag && !secretName(flag) && slices.Contains(e.Args, value)
	}
}

// secretName reports whether something of this name is likely to be a secret.
func secretName(name string) bool {
	name = strings.ToUpper(name)
	return slices.ContainsFunc([]string{"KEY", "SECRET", "TOKEN", "PASS", "PWD", "CREDENTIAL", "AUTH"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}
