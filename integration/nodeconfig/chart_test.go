package nodeconfig_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"

	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"

	"github.com/pullpass/pullpass/integration/chart"
)

const chartDirectory = repository + "node-config/helm"

// render is what `helm template` makes of the chart, with the Namespace.
func render(t *testing.T, kubernetes, values string) manifest {
	t.Helper()
	text, notes, err := chart.Render(chartDirectory, chart.Release{Namespace: "pullpass", Kubernetes: kubernetes, Values: "createNamespace: true\n" + values})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(notes, "kubectl rollout status daemonset/pullpass -n pullpass\n") {
		t.Errorf("the notes are %q", notes)
	}
	return decode(t, text)
}

// TestChart: the chart makes the same objects as the DaemonSet's base, overlays and components.
func TestChart(t *testing.T) {
	tainted := "tolerations: [{key: nvidia.com/gpu, operator: Exists}]\n"
	for name, test := range map[string]struct {
		values     string
		directory  string
		components []string
	}{
		"default":       {"", "base", nil},
		"canary":        {"canary: true", "canary", nil},
		"dry run":       {"mode: dry-run", "dry-run", nil},
		"uninstall":     {"mode: uninstall", "uninstall", nil},
		"control-plane": {"controlPlane: true", "base", []string{"control-plane"}},
		"tainted":       {tainted, "base", []string{"tainted"}},
		"both":          {"controlPlane: true\nmode: dry-run\n" + tainted, "dry-run", []string{"control-plane", "tainted"}},
		"registries": {`
registries: [123456789012.dkr.ecr.eu-central-1.amazonaws.com, docker.io]
env: {AWS_PROFILE: registry}`, "registries", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, "v1.37.0", test.values)
			want := build(t, test.directory, test.components...)
			if stays := &want.daemonSet.Spec.Template.Spec.Containers[0]; len(stays.VolumeMounts) == 0 {
				stays.VolumeMounts = nil // kustomize leaves an empty list
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}

// removeLog removes the log from the container that stays.
func (m *manifest) removeLog() {
	pod := &m.daemonSet.Spec.Template.Spec
	pod.Containers[0].Args, pod.Containers[0].VolumeMounts = []string{"wait"}, nil
	pod.Volumes = slices.DeleteFunc(pod.Volumes, func(v core.Volume) bool { return v.Name == "log" })
}

// TestChartValues: each value that no overlay has changes what it is for, and nothing else.
func TestChartValues(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	image := func(name string) func(*manifest) {
		return func(m *manifest) {
			pod := &m.daemonSet.Spec.Template.Spec
			pod.InitContainers[0].Image, pod.Containers[0].Image = name, name
		}
	}
	args := func(args ...string) func(*manifest) {
		return func(m *manifest) { m.daemonSet.Spec.Template.Spec.InitContainers[0].Args = args }
	}
	selector := func(labels map[string]string) func(*manifest) {
		return func(m *manifest) { m.daemonSet.Spec.Template.Spec.NodeSelector = labels }
	}
	for name, test := range map[string]struct {
		values, kubernetes string
		change             func(*manifest)
	}{
		"mirror": {values: "image: {repository: 'mirror.example.com:5000/pullpass'}", change: image("mirror.example.com:5000/pullpass:1.0")},
		"digest": {values: "image: {tag: '', digest: " + digest + "}", change: image("registry.example.com/pullpass/pullpass@" + digest)},
		"both":   {values: "image: {digest: " + digest + "}", change: image("registry.example.com/pullpass/pullpass:1.0@" + digest)},
		"pull secret": {values: "imagePullSecrets: [{name: regcred}]", change: func(m *manifest) {
			m.daemonSet.Spec.Template.Spec.ImagePullSecrets = []core.LocalObjectReference{{Name: "regcred"}}
		}},
		"arguments": {
			values: `
args: [--replace, '--arg=--config=/etc/a b: "c"']
env: {B: "{{ x }}", A: "1"}
retry: true`,
			change: args("install", "--root=/host", "--restart", "--log-file=/var/log/pullpass/pullpass.log", "--retry", "--env=A=1", "--env=B={{ x }}", "--replace", `--arg=--config=/etc/a b: "c"`),
		},
		"uninstall keeps no arguments": {
			values: `
mode: uninstall
retry: true
args: [--replace]
env: {A: "1"}
registries: [docker.io]`,
			change: func(m *manifest) {
				args("uninstall", "--root=/host", "--restart", "--retry")(m)
				m.removeLog()
			},
		},
		"nodes": {values: `nodeSelector: {pool: "7", pullpass: "on"}`, change: selector(map[string]string{"kubernetes.io/os": "linux", "pool": "7", "pullpass": "on"})},
		"canaries of a pool": {
			values: `
canary: true
nodeSelector: {pool: "7", pullpass: "on", kubernetes.io/os: linux}`,
			change: selector(map[string]string{"kubernetes.io/os": "linux", "pool": "7", "pullpass": "canary"}),
		},
		"percentage": {values: "maxUnavailable: 5%", change: func(m *manifest) {
			max := m.daemonSet.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable
			max.Type, max.IntVal, max.StrVal = 1, 0, "5%"
		}},
		"dry run before 1.30": {values: "mode: dry-run", kubernetes: "v1.29.9-eks-1", change: func(m *manifest) {
			install := &m.daemonSet.Spec.Template.Spec.InitContainers[0]
			install.Args = append(install.Args, "--dry-run")
			m.removeLog()
			none := core.MountPropagationNone
			install.VolumeMounts[0].ReadOnly, install.VolumeMounts[0].MountPropagation = true, &none
		}},
		"a chart that contains it": {values: "global: {anything: true}", change: func(*manifest) {}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.kubernetes == "" {
				test.kubernetes = "v1.37.0"
			}
			want := build(t, "base")
			test.change(&want)
			if got := render(t, test.kubernetes, test.values); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}

// TestChartRefuses: a wrong value is refused, and the message says which.
func TestChartRefuses(t *testing.T) {
	for values, want := range map[string]string{
		"mod: dry-run": `'mod' not allowed`,
		"mode: dryrun": `at '/mode': value must be one of 'install', 'dry-run', 'uninstall'`,
		"image: registry.example.com/pullpass:1.0": `at '/image': got string, want object`,
		"image: {repository: 'example.com/p:1.0'}": `at '/image/repository': 'example.com/p:1.0' does not match`,
		"image: {tag: ''}":                         `at '/image/tag': minLength: got 0, want 1`,
		"image: {tag: 1.0}":                        `at '/image/tag': got number, want string`,
		"image: {digest: 'sha256:12'}":             `at '/image/digest': 'sha256:12' does not match`,
		"imagePullSecrets: [regcred]":              `at '/imagePullSecrets/0': got string, want object`,
		"registries: docker.io":                    `at '/registries': got string, want array`,
		"registries: ['https://docker.io']":        `at '/registries/0': 'https://docker.io' does not match`,
		"env: {AWS-PROFILE: a}":                    `at '/env': additional properties 'AWS-PROFILE' not allowed`,
		"env: {RETRIES: 3}":                        `at '/env/RETRIES': got number, want string`,
		"args: [--platform, k3s]":                  `at '/args/1': 'k3s' does not match`,
		"args: [--root=/]":                         `at '/args/0': 'not' failed`,
		"args: [--env=A=1]":                        `at '/args/0': 'not' failed`,
		"retry: 'yes'":                             `at '/retry': got string, want boolean`,
		"canary: pullpass":                         `at '/canary': got string, want boolean`,
		"nodeSelector: {gpu: true}":                `at '/nodeSelector/gpu': got boolean, want string`,
		"nodeSelector: {kubernetes.io/os: a}":      `at '/nodeSelector/kubernetes.io~1os': value must be 'linux'`,
		"controlPlane: 1":                          `at '/controlPlane': got number, want boolean`,
		"tolerations: [{effects: NoSchedule}]":     `at '/tolerations/0': additional properties 'effects' not allowed`,
		"tolerations: [{operator: In}]":            `at '/tolerations/0/operator': value must be one of 'Exists', 'Equal'`,
		"maxUnavailable: 0":                        `at '/maxUnavailable': minimum: got 0, want 1`,
		"maxUnavailable: 101%":                     `at '/maxUnavailable': '101%' does not match`,
		"createNamespace: pullpass":                `at '/createNamespace': got string, want boolean`,
	} {
		_, _, err := chart.Render(chartDirectory, chart.Release{Namespace: "pullpass", Kubernetes: "v1.37.0", Values: values})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant: %s", values, err, want)
		}
	}
	for _, namespace := range []string{"default", "kube-system"} {
		_, _, err := chart.Render(chartDirectory, chart.Release{Namespace: namespace, Kubernetes: "v1.37.0"})
		if err == nil || !strings.Contains(err.Error(), "namespace "+namespace+": pullpass needs a namespace of its own") {
			t.Errorf("%s: %v", namespace, err)
		}
	}
}

// TestChartLint has the opinion of `helm lint`, which would only like an icon.
func TestChartLint(t *testing.T) {
	for _, values := range []map[string]any{
		nil,
		{"mode": "dry-run", "createNamespace": true, "controlPlane": true, "canary": true, "retry": true},
	} {
		result := lint.RunAll(chartDirectory, values, "pullpass")
		if result.HighestSeverity > support.InfoSev {
			t.Errorf("%+v: %+v", values, result.Messages)
		}
	}
}

// TestChartDocumented: the chart's README has a row for each of the values, and no other.
func TestChartDocumented(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| `([a-zA-Z.]+)` \\|")
	documented := map[string]bool{}
	for _, match := range rows.FindAllStringSubmatch(onDisk(t, chartDirectory+"/README.md"), -1) {
		documented[match[1]] = true
	}
	want := map[string]bool{}
	for name, value := range parse[map[string]any](t, onDisk(t, chartDirectory+"/values.yaml")) {
		if inner, nested := value.(map[string]any); nested && len(inner) > 0 {
			for key := range inner {
				want[name+"."+key] = true
			}
			continue
		}
		want[name] = true
	}
	if !reflect.DeepEqual(documented, want) {
		t.Errorf("README.md has %v, values.yaml %v", documented, want)
	}
}

// onDisk reads a file of the repository that is not in the binary.
func onDisk(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
