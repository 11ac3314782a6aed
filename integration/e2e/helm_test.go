//go:build e2e

package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/pullpass/pullpass/integration/chart"
	"github.com/pullpass/pullpass/integration/cluster"
	"github.com/pullpass/pullpass/integration/fakes/registry"
)

const chartDirectory = repository + "node-config/helm"

// charts returns what the chart makes of values, by a name for each, as manifests does of files.
func charts(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for name, values := range map[string]string{
		"default": "",
		"dry-run": "mode: dry-run",
		"all": `
image: {digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}
imagePullSecrets: [{name: regcred}]
registries: [docker.io]
env: {AWS_PROFILE: registry}
args: [--replace]
retry: true
canary: true
nodeSelector: {pool: a}
controlPlane: true
tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoExecute, tolerationSeconds: 60}]
maxUnavailable: 5%`,
	} {
		text, _, err := chart.Render(chartDirectory, chart.Release{
			Namespace: "pullpass", Kubernetes: "v1.37.0", Values: "createNamespace: true\n" + values,
		})
		if err != nil {
			t.Fatal(err)
		}
		found["node-config/helm/"+name] = text
	}
	return found
}

// testHelm runs the commands of the chart's README with Helm itself, with the chart in a registry.
func testHelm(t *testing.T, c *cluster.Cluster) {
	const namespace = "helm"
	server, err := registry.Start(func(user, _ string) bool { return user == "acme" })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.AllowPush("acme")
	server.MakePublic("charts/pullpass")
	host := strings.TrimPrefix(server.URL, "http://")

	readme, err := os.ReadFile(chartDirectory + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("the README has no values")
	}
	if err := os.WriteFile(filepath.Join(home, "values.yaml"), block[1], 0o600); err != nil {
		t.Fatal(err)
	}
	directory, err := filepath.Abs(chartDirectory)
	if err != nil {
		t.Fatal(err)
	}
	helm := func(args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), cluster.Binary(t, "helm"), args...)
		command.Dir = home
		command.Env = []string{"HOME=" + home, "KUBECONFIG=" + c.Admin.Kubeconfig}
		var stderr bytes.Buffer
		command.Stderr = &stderr
		output, err := command.Output()
		if err != nil {
			t.Fatalf("helm %s: %v\n%s%s", args, err, output, &stderr)
		}
		return string(output)
	}
	helm("package", directory)
	helm("registry", "login", host, "--plain-http", "--username", "acme", "--password", "secret")
	helm("push", "pullpass-0.0.0.tgz", "oci://"+host+"/charts", "--plain-http")

	// What the DaemonSet has after each of the commands.
	const log = "--log-file=/var/log/pullpass/pullpass.log"
	registries := []string{"--registry=123456789012.dkr.ecr.eu-central-1.amazonaws.com", "--registry=docker.io", "--env=AWS_PROFILE=registry"}
	steps := []struct {
		command, mode string
		args          []string
	}{
		{"install", "dry-run", slices.Concat([]string{"install", "--root=/host", "--restart", log, "--dry-run"}, registries)},
		{"upgrade", "", slices.Concat([]string{"install", "--root=/host", "--restart", log}, registries)},
		{"upgrade", "uninstall", []string{"uninstall", "--root=/host", "--restart"}},
		{"uninstall", "", nil},
		{"template", "", nil},
	}
	place := strings.NewReplacer("ghcr.io/pullpass", host, "--version VERSION", "--version 0.0.0 --plain-http", "--namespace pullpass", "--namespace "+namespace)
	commands := regexp.MustCompile(`(?m)^ *helm (.*)$`).FindAllSubmatch(readme, -1)
	if len(commands) != len(steps) {
		t.Fatalf("the README has the commands %q", commands)
	}
	for i, step := range steps {
		args := strings.Fields(place.Replace(string(commands[i][1])))
		if args[0] != step.command || step.mode != "" && !slices.Contains(args, "mode="+step.mode) {
			t.Fatalf("the README says helm %q, not to %s, %s", args, step.command, step.mode)
		}
		output := helm(args...)
		switch step.command {
		case "uninstall":
			if left := c.Admin.Kubectl(t, "", "get", "daemonset,serviceaccount,networkpolicy,resourcequota", "-n", namespace, "-o", "name"); left != "" {
				t.Errorf("left are %s", left)
			}
		case "template":
			if objects := strings.Count(output, "\nkind: "); objects != 5 {
				t.Errorf("helm template prints %d objects\n%s", objects, output)
			}
		default:
			set := parse[appsv1.DaemonSet](t, c.Admin.Kubectl(t, "", "get", "daemonset", "pullpass", "-n", namespace, "-o", "json"))
			if got := set.Spec.Template.Spec.InitContainers[0].Args; !slices.Equal(got, step.args) {
				t.Errorf("helm %s: the arguments are %q", args, got)
			}
			if !strings.Contains(output, "kubectl rollout status daemonset/pullpass -n "+namespace+"\n") {
				t.Errorf("helm %s says\n%s", args, output)
			}
		}
	}
}
