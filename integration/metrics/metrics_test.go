// Package metrics tests the metrics of the built binary with Prometheus's own parser,
// pullpass warm, which writes them, against fakes of the clouds, and the alerts and the dashboard
// of node-config/monitoring with Prometheus's own rules and query language.
package metrics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// binary is the pullpass under test, and peak the program that measures memory. Both are built once.
var binary, peak string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		directory, err := os.MkdirTemp("", "pullpass-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(directory)
		binary = filepath.Join(directory, "pullpass")
		build := exec.Command("go", "build", "-o", binary, "./cmd/pullpass")
		build.Dir = "../.."
		if output, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build pullpass: %v\n%s", err, output)
			return 1
		}
		if peak, err = pullpass.BuildPeak(directory); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// A node is a directory with what pullpass has on a node, and the environment that it runs in.
type node struct {
	directory string
	env       []string
}

// newNode makes a node whose config has these rules, without a way to a real cloud. What env
// adds counts.
func newNode(t *testing.T, rules string, env ...string) node {
	t.Helper()
	n := node{directory: t.TempDir()}
	n.env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + n.directory,
		"PULLPASS_CONFIG=" + n.path("config.yaml"),
		"PULLPASS_CACHE_DIR=" + n.path("cache"),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9",
		"GCE_METADATA_HOST=127.0.0.1:9",
	}, env...)
	if err := os.Mkdir(n.path("textfiles"), 0o755); err != nil {
		t.Fatal(err)
	}
	n.write(t, "config.yaml", "apiVersion: pullpass/v1\nkind: Config\nmetrics: {textfile: "+n.path("textfiles/pullpass.prom")+"}\nregistries:\n"+rules)
	return n
}

func (n node) path(name string) string { return filepath.Join(n.directory, name) }

func (n node) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(n.path(name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs pullpass, which must end with code.
func (n node) run(t *testing.T, code int, stdin string, args ...string) (stdout, stderr string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Env = n.env
	command.Stdin = strings.NewReader(stdin)
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	err := command.Run()
	if command.ProcessState == nil || command.ProcessState.ExitCode() != code {
		t.Fatalf("pullpass %q: %v, want exit code %d\n%s", args, err, code, &messages)
	}
	return out.String(), messages.String()
}

// pull asks for the credential of image as the kubelet does.
func (n node) pull(t *testing.T, image string) {
	t.Helper()
	request, err := json.Marshal(map[string]string{
		"kind": "CredentialProviderRequest", "apiVersion": "credentialprovider.kubelet.k8s.io/v1", "image": image,
	})
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := n.run(t, 0, string(request))
	if !strings.Contains(stdout, `"password":"`) || stderr != "" {
		t.Errorf("no credential for %s, stderr %q", image, stderr)
	}
}

// metrics reads the textfile with Prometheus's parser, and has its linter look at it. The keys
// are as in "pullpass_fetches_total ecr success"; for the scopes' own metrics, without the scope.
func (n node) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	data, err := os.ReadFile(n.path("textfiles/pullpass.prom"))
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.New(bytes.NewReader(data)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	found := map[string]float64{}
	for name, family := range families {
		if family.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		for _, metric := range family.GetMetric() {
			key := name
			for _, label := range metric.GetLabel() {
				if label.GetName() != "scope" {
					key += " " + label.GetValue()
				} else if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(label.GetValue()) {
					t.Errorf("%s has the scope %q", name, label.GetValue())
				}
			}
			found[key] += metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + metric.GetUntyped().GetValue() +
				float64(metric.GetSummary().GetSampleCount())
			if metric.GetSummary() != nil {
				found[key+" sum"] = metric.GetSummary().GetSampleSum()
			}
			found["scopes of "+key]++
		}
	}
	return found
}

// check compares some of the metrics.
func (n node) check(t *testing.T, want map[string]float64) {
	t.Helper()
	got := n.metrics(t)
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s is %v, want %v", key, got[key], value)
		}
	}
}

// TestWarm: after pullpass warm, pulls ask no cloud, and neither does a second run. The metrics
// tell what was fetched.
func TestWarm(t *testing.T) {
	aws, err := awsfake.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer aws.Close()
	google, err := googlefake.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer google.Close()
	environment := append(append(aws.EndpointEnv(), aws.MetadataEnv()...), google.MetadataEnv()...)
	n := newNode(t, `- {match: "*.dkr.ecr.eu-central-1.amazonaws.com", provider: ecr}
- {match: "*-docker.pkg.dev", provider: gcr}
- {match: "*.gcr.io", provider: gcr}
`, environment...)

	started := time.Now().Truncate(time.Second)
	stdout, stderr := n.run(t, 0, "", "warm")
	const day = `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z`
	want := regexp.MustCompile(`^\*\.dkr\.ecr\.eu-central-1\.amazonaws\.com: ecr, good until ` + day + `\n\*-docker\.pkg\.dev: gcr, good until ` + day + `\n$`)
	if !want.MatchString(stdout) || stderr != "" {
		t.Errorf("stderr %q, stdout\n%s", stderr, stdout)
	}
	n.pull(t, "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app")
	n.pull(t, "210987654321.dkr.ecr.eu-central-1.amazonaws.com/team/app")
	n.pull(t, "us-docker.pkg.dev/project/repository/app")
	if again, _ := n.run(t, 0, "", "warm"); again != stdout {
		t.Errorf("the second run says\n%s", again)
	}
	if calls := aws.Calls(awsfake.GetAuthorizationToken); calls != 1 {
		t.Errorf("%d calls of ECR", calls)
	}
	if calls := google.Calls(googlefake.MetadataToken); calls != 1 {
		t.Errorf("%d calls of the metadata server", calls)
	}

	n.check(t, map[string]float64{
		"pullpass_fetches_total ecr success":                         1,
		"pullpass_fetches_total ecr none":                            0,
		"pullpass_fetches_total ecr failure":                         0,
		"pullpass_fetches_total gcr success":                         1,
		"pullpass_fetch_duration_seconds ecr":                        1,
		"scopes of pullpass_credential_expiry_timestamp_seconds ecr": 1,
	})
	got := n.metrics(t)
	if took := got["pullpass_fetch_duration_seconds ecr sum"]; took <= 0 || took > 45 {
		t.Errorf("the fetch took %v s", took)
	}
	for key, life := range map[string]time.Duration{
		"pullpass_last_success_timestamp_seconds ecr":      0,
		"pullpass_credential_expiry_timestamp_seconds ecr": 12 * time.Hour,
		"pullpass_credential_expiry_timestamp_seconds gcr": time.Hour,
	} {
		earliest := float64(started.Add(life).Unix())
		if got[key] < earliest-1 || got[key] > earliest+60 {
			t.Errorf("%s is %v, not soon after %v", key, got[key], earliest)
		}
	}

	// Upstream fails: the run does as well, and goes on.
	aws.Always(awsfake.GetAuthorizationToken, script.Fail(400, `{"__type": "AccessDeniedException", "message": "no"}`))
	n.run(t, 0, "", "cache", "clear")
	stdout, stderr = n.run(t, 1, "", "warm")
	if !strings.HasPrefix(stdout, "*-docker.pkg.dev: gcr, good until ") ||
		!strings.HasPrefix(stderr, "pullpass: error: warm *.dkr.ecr.eu-central-1.amazonaws.com: get an ECR token for eu-central-1: ECR GetAuthorizationToken: AccessDeniedException: no\npullpass: hint: ") {
		t.Errorf("stderr %q, stdout %q", stderr, stdout)
	}
	n.check(t, map[string]float64{"pullpass_fetches_total ecr failure": 1, "pullpass_fetches_total gcr success": 2})
}

// TestProcesses: of many processes that fetch at once, none's fetch is lost.
func TestProcesses(t *testing.T) {
	n := newNode(t, "")
	n.write(t, "config.yaml", "apiVersion: pullpass/v1\nkind: Config\nmetrics: {textfile: "+n.path("textfiles/pullpass.prom")+"}\nregistries:\n"+
		"- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: "+n.path("docker.json")+"}}\n")
	n.write(t, "docker.json", `{"auths": {"docker.io": {"username": "me", "password": "hunter2"}}}`)
	const processes = 50
	var wait sync.WaitGroup
	for i := range processes {
		wait.Go(func() { n.pull(t, fmt.Sprintf("docker.io/acme/app%d", i)) })
	}
	wait.Wait()
	n.pull(t, "docker.io/acme/last") // which counts what a process with too little time has left
	n.check(t, map[string]float64{
		"pullpass_fetches_total dockerhub success":                         processes + 1,
		"pullpass_fetch_duration_seconds dockerhub":                        processes + 1,
		"scopes of pullpass_last_success_timestamp_seconds dockerhub":      processes + 1,
		"scopes of pullpass_credential_expiry_timestamp_seconds dockerhub": 0,
	})
	files, err := os.ReadDir(n.path("textfiles"))
	if err != nil || len(files) != 1 {
		t.Errorf("the directory holds %v, %v", files, err)
	}
}
