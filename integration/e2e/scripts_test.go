//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/cluster"
)

// testScripts runs each script of examples/pull-secret, and checks what Secret there is then.
func testScripts(t *testing.T, admin *cluster.Client) {
	i := newIssuer(t)
	key, token := filepath.Join(t.TempDir(), "key.json"), filepath.Join(t.TempDir(), "token")
	if err := i.google.WriteKeyFile(key, "puller@my-project.iam.gserviceaccount.com", ""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(token, []byte(accessToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	prepare(t, admin, `{"metadata": {"namespace": "attach"}}`)
	setPullSecrets(t, admin, "attach", others)
	run := scriptRunner(i, admin)
	scripts := map[string]struct {
		stdin     string
		args      []string
		namespace string
		hosts     []string // for which the Secret has a login
	}{
		"ecr.sh":             {"", nil, "default", []string{ecrHost}},
		"google.sh":          {"", nil, "default", []string{googleHost}},
		"google-key-file.sh": {"", []string{key}, "default", []string{googleHost}},
		"docker-hub.sh":      {accessToken + "\n", []string{"acme"}, "default", []string{hubHost}},
		"merged.sh":          {"", []string{"acme", token}, "default", []string{ecrHost, strings.Replace(ecrHost, "eu-central-1", "us-east-1", 1), hubHost, googleHost}},
		"attach-default.sh":  {"", []string{"attach"}, "attach", []string{ecrHost}},
		"check.sh":           {"", []string{"regcred", ecrHost + "/team/app"}, "default", []string{ecrHost}},
	}
	paths, err := filepath.Glob(filepath.Join(examplesDirectory, "pull-secret", "*.sh"))
	if err != nil || len(paths) != len(scripts) {
		t.Fatalf("%d scripts, %d expectations, %v", len(paths), len(scripts), err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			c := scripts[name]
			defer deleteSecret(t, admin, c.namespace, "regcred")
			if name == "check.sh" {
				admin.Kubectl(t, i.secret(t, c.namespace), "apply", "-f", "-")
			}
			said := run(t, c.stdin, path, c.args...)
			if name == "check.sh" && !strings.Contains(said, ecrHost) {
				t.Errorf("it does not name the entry:\n%s", said)
			}
			logins := get[secret](t, admin, "Secret", c.namespace, "regcred").logins(t)
			if got := slices.Sorted(maps.Keys(logins)); !slices.Equal(got, c.hosts) {
				t.Errorf("the Secret has logins for %q, want %q", got, c.hosts)
			}
			for host, l := range logins {
				if !i.login(l) && l != (login{"acme", accessToken}) && !(l.Username == "_json_key" && json.Valid([]byte(l.Password))) {
					t.Errorf("the login for %s is not a good one", host)
				}
			}
		})
	}
	has(t, admin, "attach", others+" regcred")
}

const accessToken = "dckr_pat_example"

// scriptRunner returns a function that runs a script on the issuer's machine, which has kubectl
// too, and returns what it prints. Its failure is the test's.
func scriptRunner(i *issuer, admin *cluster.Client) func(t *testing.T, stdin, path string, args ...string) string {
	return func(t *testing.T, stdin, path string, args ...string) string {
		t.Helper()
		directories := []string{filepath.Dir(binaries.Released), filepath.Dir(cluster.Binary(t, "kubectl")), os.Getenv("PATH")}
		script := exec.CommandContext(t.Context(), path, args...)
		script.Env = append(slices.Clone(i.env), "PATH="+strings.Join(directories, ":"), "KUBECONFIG="+admin.Kubeconfig)
		script.Stdin = strings.NewReader(stdin)
		var output bytes.Buffer
		script.Stdout, script.Stderr = &output, &output
		if err := script.Run(); err != nil {
			t.Fatalf("%s: %v\n%s", path, err, &output)
		}
		return output.String()
	}
}
