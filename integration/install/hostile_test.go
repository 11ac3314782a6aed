package install_test

import (
	"strings"
	"testing"
)

const provider = `- name: other
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  defaultCacheDuration: 5m
  matchImages: [registry.example.com]
`

const configHead = "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\n"

// TestHostileConfig: a config of the kubelet that cannot be understood is refused in two lines, and stays.
func TestHostileConfig(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"keys on one line":       strings.Repeat("a: ", 1100000/3),
		"a second list, block":   configHead + "providers:\n" + provider + "providers:\n" + provider,
		"a second list, flow":    configHead + "providers: [{name: other}]\nproviders: []\n",
		"a second list, both":    configHead + "providers:\n" + provider + "providers: []\n",
		"a second list, empty":   configHead + "providers:\n" + provider + "providers:\n",
		"a second list, in JSON": `{"kind": "CredentialProviderConfig", "providers": [{"name": "other"}], "providers": []}`,
		"a second list, merged":  configHead + "<<: {providers: [{name: other}]}\nproviders: []\n",
		"brackets":               strings.Repeat("[", 1000000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.write("/etc/own.yaml", config)
			for _, args := range [][]string{nil, {"--dry-run"}, {"--replace"}} {
				r := m.install(append(args, "--kubelet-config", "/etc/own.yaml")...)
				if lines := strings.Count(r.Stderr, "\n"); r.Code != 1 || lines > 2 || !strings.HasPrefix(r.Stderr, "pullpass: error: ") || strings.Contains(r.Stderr, "a bug in pullpass") {
					t.Errorf("%v: exit code %d, stderr %.500s", args, r.Code, r.Stderr)
				}
			}
			if m.read("/etc/own.yaml") != config {
				t.Error("the config has changed")
			}
		})
	}
}

// TestMisspelt: a dry run shows no value of other providers that may be a secret, however it is written.
func TestMisspelt(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write("/usr/local/lib/pullpass/other", "#!/bin/sh\n")
	for _, extra := range []string{
		"  env:\n  - {name: TOKEN, value:hunter2}\n",
		"  env:\n  - {name: TOKEN, hunter2}\n",
		"  env:\n  - name: TOKEN\n    values: hunter2\n",
		"  envs:\n  - name: TOKEN\n    value: hunter2\n",
		"  arg: [hunter2]\n",
		"  Env: {TOKEN: hunter2}\n",
		"  # - {name: TOKEN, value: hunter2}\n",
		"  x: &hunter2 [a]\n  args: *hunter2\n",
		"  env: [{name: TOKEN, value: !hunter2 x}]\n",
		"  env:\n  - name: TOKEN\n    value: >-\n      a\n      hunter2\n",
	} {
		for _, version := range []string{"v1", "v1alpha1"} { // the kubelet of v1alpha1 takes unknown fields, too
			m.write("/etc/own.yaml", strings.Replace(configHead, "/v1", "/"+version, 1)+"providers:\n"+provider+extra)
			for _, args := range [][]string{{"--dry-run"}, {"--dry-run", "--replace", "--registry", "docker.io"}} {
				r := m.install(append(args, "--kubelet-config", "/etc/own.yaml")...)
				if strings.Contains(r.Stdout+r.Stderr, "hunter2") || !strings.Contains(r.Stdout, "other") && r.Code == 0 {
					t.Errorf("%v of\n%s: exit code %d\n%s%s", args, extra, r.Code, r.Stdout, r.Stderr)
				}
			}
		}
	}
}
