package nodeconfig_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// TestCommands: the commands that the files give, to nodes and to people, are pullpass's, with
// flags that it knows, and `config show` with names that it finds.
func TestCommands(t *testing.T) {
	command := regexp.MustCompile(`pullpass (install|uninstall|warm|secret|config kubelet|config show)\b([^\n|;&>()"` + "`" + `]*)`)
	flag := regexp.MustCompile(`--[a-z-]+`)
	used := map[string][]string{}
	for _, name := range nodeconfig.Names() {
		for _, match := range command.FindAllStringSubmatch(read(t, name), -1) {
			if words := strings.Fields(match[2]); match[1] == "config show" && len(words) > 0 {
				if _, err := nodeconfig.Read(words[0]); err != nil {
					t.Errorf("%s: %s: %v", name, match[0], err)
				}
			}
			used[match[1]] = append(used[match[1]], flag.FindAllString(match[2], -1)...)
		}
	}
	for _, directory := range []string{"base", "dry-run", "registries", "uninstall"} {
		pod := build(t, directory).daemonSet.Spec.Template.Spec
		for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
			used[container.Args[0]] = append(used[container.Args[0]], flag.FindAllString(strings.Join(container.Args, " "), -1)...)
		}
	}
	for _, name := range []string{"install", "uninstall", "wait", "config show", "config kubelet"} {
		if _, found := used[name]; !found {
			t.Errorf("no file says %s", name)
		}
	}
	for name, flags := range used {
		help := helpOf(t, name)
		for _, flag := range flags {
			if !strings.Contains(help, " "+flag+" ") {
				t.Errorf("pullpass %s has no %s", name, flag)
			}
		}
	}
}

func helpOf(t *testing.T, command string) string {
	t.Helper()
	process := pullpass.Launch(t, binaries.Tested, pullpass.Offline(t), nil, append(strings.Fields(command), "--help")...)
	run, err := process.End()
	if err != nil || run.Code != 0 || !strings.Contains(run.Stdout, "pullpass "+command+" ") {
		t.Fatalf("pullpass %s --help: %+v, %v", command, run, err)
	}
	return run.Stdout
}
