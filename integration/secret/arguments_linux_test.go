package secret_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

// TestNoSecretInArguments looks at the arguments of all processes of the machine, which ps shows
// to every user, while pullpass holds its secrets and waits for a cloud and for a helper.
func TestNoSecretInArguments(t *testing.T) {
	w := newWorld(t)
	started, goOn := filepath.Join(t.TempDir(), "started"), filepath.Join(t.TempDir(), "goon")
	w.helper(t, "slow", "touch "+started+"\nwhile ! test -e "+goOn+"; do sleep 0.05; done\n"+
		`echo '{"ServerURL":"x","Username":"acme","Secret":"`+ghcrToken+`"}'`)
	answer := make(chan struct{})
	w.aws.Always(awsfake.GetAuthorizationToken, script.Order{Until: answer})
	docker := write(t, "config.json", `{"auths": {"quay.io": `+authEntry("acme", otherSecret)+`}, "credHelpers": {"ghcr.io": "slow"}}`)
	p := call{
		env:   slices.Concat(w.nodeEnv(), w.helperEnv()),
		stdin: hubToken + "\n",
		args: []string{"--registry", ecrHost, "--registry", googleHost, "--google-key-file", w.key, "--registry", "ghcr.io", "--registry", "quay.io",
			"--from-docker-config=" + docker, "-v"},
	}.launch(t)
	w.await(t, awsfake.GetAuthorizationToken, 1)
	waitFor(t, "the helper", func() bool { _, err := os.Stat(started); return err == nil })

	seen := arguments(t)
	for _, secret := range w.argumentSecrets(t) {
		if strings.Contains(seen, secret) {
			t.Errorf("a secret that begins with %.6q is among the arguments of a process", secret)
		}
	}
	for _, process := range []string{"regcred\x00--registry\x00" + ecrHost, "docker-credential-slow\x00get"} {
		if !strings.Contains(seen, process) {
			t.Errorf("there is no process %q to look at", process)
		}
	}
	close(answer)
	must(t, os.WriteFile(goOn, nil, 0o600))
	r := end(t, p)
	if r.Code != 0 || !strings.Contains(r.Stdout, "dockerconfigjson") {
		t.Errorf("exit code %d:\n%s", r.Code, r.Stderr)
	}
	checkSilent(t, r, w.secrets(t)...)
}

// TestNoPasswordInArguments is the same for a password that the flags give.
func TestNoPasswordInArguments(t *testing.T) {
	for name, args := range map[string][]string{
		"stdin": {"--password-stdin"},
		"file":  {"--password-file", write(t, "token", hubToken)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			answer := make(chan struct{})
			w.aws.Always(awsfake.GetAuthorizationToken, script.Order{Until: answer})
			c := call{env: w.nodeEnv(), args: append([]string{"--registry", ecrHost, "--registry", "docker.io", "--username", "acme"}, args...)}
			if name == "stdin" {
				c.stdin = hubToken
			}
			p := c.launch(t)
			w.await(t, awsfake.GetAuthorizationToken, 1)
			seen := arguments(t)
			if strings.Contains(seen, hubToken) || !strings.Contains(seen, "regcred\x00--registry\x00"+ecrHost) {
				t.Error("the password is among the arguments of a process, or there is no process")
			}
			close(answer)
			if r := end(t, p); r.Code != 0 {
				t.Errorf("exit code %d:\n%s", r.Code, r.Stderr)
			}
		})
	}
}

// argumentSecrets are the secrets of files, helpers and clouds, and forms that they have.
func (w *world) argumentSecrets(t *testing.T) []string {
	t.Helper()
	secrets := w.secrets(t)
	for _, secret := range []string{hubToken, ghcrToken, otherSecret} {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte("acme:"+secret)), base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	return secrets
}

// arguments returns the arguments of all processes, each with a zero byte after it.
func arguments(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	var all strings.Builder
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil { // else it has ended
			all.Write(text)
		}
	}
	return all.String()
}

// waitFor waits for what takes no long time.
func waitFor(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ready(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}
