// Package synonym knows what other tools call the commands of pullpass.
package synonym

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
)

// NoCommand is cli.NoArguments for the root. Its error suggests commands by their meaning as well.
func NoCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if meant := All()[strings.ToLower(args[0])]; meant != nil {
		return provider.WithHint(fmt.Errorf("unknown command %q", args[0]), "did you mean: "+strings.Join(meant, ", ")+"?")
	}
	return cli.NoArguments(cmd, args)
}

// All returns the words that are no commands, and the commands that each of them can mean.
func All() map[string][]string {
	return map[string][]string{
		"add":         {"install", "secret"},
		"apply":       {"install", "secret"},
		"ask":         {"get"},
		"check":       {"install --status", "config check", "secret check"},
		"clean":       {"cache clear", "uninstall"},
		"clear":       {"cache clear"},
		"create":      {"secret"},
		"credential":  {"get"},
		"credentials": {"get", "cache list"},
		"daemonset":   {"config show daemonset"},
		"delete":      {"uninstall", "cache clear"},
		"describe":    {"get", "cache list", "install --status"},
		"diagnose":    {"install --status", "config check", "secret check"},
		"doctor":      {"install --status", "config check", "secret check"},
		"fetch":       {"get", "warm"},
		"flush":       {"cache clear"},
		"generate":    {"config kubelet", "secret"},
		"init":        {"install"},
		"kubelet":     {"config kubelet", "install"},
		"list":        {"cache list", "config show"},
		"login":       {"secret --from-docker-config", "get"},
		"ls":          {"cache list", "config show"},
		"print":       {"get", "config show", "config kubelet"},
		"prune":       {"cache clear"},
		"pull":        {"get", "warm"},
		"purge":       {"cache clear", "uninstall"},
		"refresh":     {"warm"},
		"remove":      {"uninstall", "cache clear"},
		"renew":       {"warm"},
		"restart":     {"install --restart"},
		"rm":          {"uninstall", "cache clear"},
		"rollback":    {"uninstall"},
		"rotate":      {"secret", "config show rotation"},
		"rotation":    {"config show rotation"},
		"setup":       {"install"},
		"show":        {"get", "cache list", "config show"},
		"status":      {"install --status", "cache list", "get"},
		"test":        {"get", "config check", "secret check"},
		"token":       {"get"},
		"update":      {"install"},
		"upgrade":     {"install"},
		"validate":    {"config check", "secret check"},
		"verify":      {"install --status", "config check", "secret check"},
		"view":        {"cache list", "config show"},
	}
}
