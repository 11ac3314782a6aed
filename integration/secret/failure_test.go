package secret_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// three are registries of Amazon, Google and Docker Hub, with a password for the last.
func (w *world) three() call {
	return call{
		env:   w.nodeEnv(),
		stdin: hubToken + "\n",
		args:  []string{"--registry", ecrHost, "--registry", googleHost, "--registry", "docker.io", "--username", "acme", "--password-stdin"},
	}
}

// A failure is a call that must fail, and the texts of its error.
type failure struct {
	call
	want []string
}

// failures are calls for three registries of which one fails, or for which something else does.
// Secrets of theirs are in what they read.
func (w *world) failures(t *testing.T) map[string]failure {
	t.Helper()
	// three, with the Hub's login from elsewhere.
	three := func(env []string, args ...string) call {
		return call{env: slices.Concat(w.nodeEnv(), env), args: append([]string{"--registry", ecrHost, "--registry", googleHost, "--registry", "docker.io"}, args...)}
	}
	docker := func(text string) call {
		return three(w.helperEnv(), "--from-docker-config="+write(t, "config.json", text))
	}
	missing := filepath.Join(t.TempDir(), "missing")
	accounts := write(t, "accounts.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: team}\n")
	account := func(file, name string) call {
		return w.three().with("-n", "team", "--service-account", name, "--service-account-file", file)
	}
	return map[string]failure{
		"Amazon refuses": {w.refused(t, awsfake.ECRError(400, "AccessDeniedException", "not authorized\n"+otherSecret)),
			[]string{ecrHost, "AccessDeniedException"}},
		"Amazon gives rubbish": {w.refused(t, script.Fail(200, `{"authorizationData": [{"authorizationToken": "`+otherSecret+`"}]}`)), []string{ecrHost}},
		"nobody at Amazon":     {call{env: w.google.MetadataEnv(), stdin: hubToken, args: w.three().args}, []string{ecrHost, "no AWS identity"}},
		"nobody at Google":     {call{env: append(w.aws.EndpointEnv(), w.aws.MetadataEnv()...), stdin: hubToken, args: w.three().args}, []string{googleHost, "no Google identity"}},
		"Google refuses":       {w.googleRefuses(t), []string{googleHost}},

		"no password":                {call{env: w.nodeEnv(), args: w.three().args}, []string{"password of stdin", "it is empty"}},
		"two lines":                  {call{env: w.nodeEnv(), stdin: hubToken + "\n" + otherSecret, args: w.three().args}, []string{"more than one line"}},
		"not UTF-8":                  {call{env: w.nodeEnv(), stdin: hubToken + "\xff", args: w.three().args}, []string{"UTF-8"}},
		"a tab in the password":      {call{env: w.nodeEnv(), stdin: hubToken + "\t", args: w.three().args}, []string{"control characters"}},
		"no password file":           {three(nil, "--username", "acme", "--password-file", missing), []string{missing, "no such file"}},
		"a directory for a password": {three(nil, "--username", "acme", "--password-file", t.TempDir()), []string{"not a regular file"}},
		"no key file":                {w.three().with("--google-key-file", missing), []string{missing, "no such file"}},
		"a key file without a key":   {w.three().with("--google-key-file", write(t, "key.json", `{"type": "service_account", "client_email": "`+otherSecret+`"}`)), []string{"no private_key"}},
		"a key file that is none":    {w.three().with("--google-key-file", write(t, "key.json", otherSecret)), []string{"not the JSON of a service account key"}},

		"no login":               {docker(`{"auths": {"ghcr.io": ` + authEntry("me", otherSecret) + `}}`), []string{"docker.io", "no login"}},
		"nothing in the helper":  {docker(`{"credsStore": "none", "auths": {"ghcr.io": ` + authEntry("me", otherSecret) + `}}`), []string{"docker.io", "no login"}},
		"a failing helper":       {docker(`{"credsStore": "broken"}`), []string{`credential helper "broken"`, "exit status 1"}},
		"an absent helper":       {docker(`{"credsStore": "absent"}`), []string{"docker-credential-absent"}},
		"a helper with a token":  {docker(`{"credsStore": "token"}`), []string{"identity"}},
		"an identity token":      {docker(`{"auths": {"https://index.docker.io/v1/": {"auth": "YWNtZTo=", "identitytoken": "` + otherSecret + `"}}}`), []string{"identity"}},
		"auth not base64":        {docker(`{"auths": {"https://index.docker.io/v1/": {"auth": "` + otherSecret + `"}}}`), []string{"auth is not base64"}},
		"a docker config broken": {docker(`{"auths": ` + otherSecret), []string{"not valid JSON"}},
		"no docker config":       {three(nil, "--from-docker-config="+missing), []string{missing, "no such file"}},

		"nobody at ECR Public": {call{env: w.google.MetadataEnv(), args: []string{"--registry", googleHost, "--registry", publicHost}}, []string{publicHost}},
		"nobody's host": {call{env: w.nodeEnv(), args: []string{"--registry", ecrHost, "--registry", googleHost, "--registry", "ghcr.io"}},
			[]string{"ghcr.io", "no provider claims the host"}},
		"two logins for one host": {call{env: w.nodeEnv(), args: []string{"--image", "docker.io/acme/a", "--image", "docker.io/shop/b",
			"--from-docker-config=" + write(t, "config.json", `{"auths": {"docker.io/acme/": `+authEntry("a", otherSecret)+`}}`)}}, []string{"docker.io/shop/b", "no login"}},
		"tokens that do not last": {w.three().with("--min-valid", "13h"), []string{ecrHost, "--min-valid 13h"}},

		"an account that is not there": {account(accounts, "other"), []string{"other"}},
		"accounts that are broken":     {account(write(t, "accounts.yaml", "kind: ["+otherSecret), "default"), []string{"not YAML"}},
		"no accounts":                  {account(missing, "default"), []string{missing, "no such file"}},
	}
}

// refused is three with an Amazon that answers so.
func (w *world) refused(t *testing.T, order script.Order) call {
	t.Helper()
	other := startAWS(t)
	other.Always(awsfake.GetAuthorizationToken, order)
	c := w.three()
	c.env = slices.Concat(c.env, other.EndpointEnv(), other.MetadataEnv())
	return c
}

func (w *world) googleRefuses(t *testing.T) call {
	t.Helper()
	other := startGoogle(t)
	other.Always(googlefake.MetadataToken, script.Fail(404, otherSecret))
	c := w.three()
	c.env = slices.Concat(c.env, other.MetadataEnv())
	return c
}

// secrets are all that the failures could tell.
func (w *world) secrets(t *testing.T) []string {
	t.Helper()
	_, private, found := strings.Cut(read(t, w.key), "BEGIN PRIVATE KEY-----\\n")
	if !found {
		t.Fatal("the key file holds no private key")
	}
	return slices.Concat(w.aws.Secrets(), w.google.Secrets(), []string{hubToken, ghcrToken, "canary", private[:40], private[100:140]})
}

// TestAllOrNothing: if one registry fails, nothing is written, to stdout or to a file, and a file
// that is there stays as it is. What is said, even with -v, holds no secret.
func TestAllOrNothing(t *testing.T) {
	w := newWorld(t)
	w.three().written(t) // without a failure it works
	for name, f := range w.failures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			kept := filepath.Join(directory, "kept.yaml")
			must(t, os.WriteFile(kept, []byte("a good Secret\n"), 0o640))
			before := state(t, directory)
			for _, args := range [][]string{nil, {"--out", filepath.Join(directory, "new.yaml")}, {"--out", kept}} {
				r := f.with(append(args, "-v")...).run(t)
				checkFailed(t, r, f.want...)
				checkSilent(t, r, w.secrets(t)...)
				if after := state(t, directory); !slices.Equal(after, before) {
					t.Errorf("with %q the directory has %q, before %q", args, after, before)
				}
			}
		})
	}
}

// TestWithoutACache: a cache that cannot be used costs a warning, and one call for all registries
// of a scope.
func TestWithoutACache(t *testing.T) {
	w := newWorld(t)
	directory := t.TempDir()
	must(t, os.Chmod(directory, 0o777))
	c := call{env: append(w.nodeEnv(), "PULLPASS_CACHE_DIR="+directory), args: []string{"-o", "json",
		"--registry", "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
		"--image", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app",
		"--registry", "210987654321.dkr.ecr.eu-central-1.amazonaws.com",
	}}
	r := c.run(t)
	if r.Code != 0 || !strings.Contains(r.Stderr, "warning: the cache is not used") {
		t.Fatalf("exit code %d, stderr:\n%s", r.Code, r.Stderr)
	}
	keys := parse(t, r.Stdout).config(t).keys()
	if calls := w.aws.Calls(awsfake.GetAuthorizationToken); len(keys) != 2 || calls != 1 {
		t.Errorf("%d calls for %q", calls, keys)
	}
}

// state tells what is in a directory: names, modes, contents, and of which files.
func state(t *testing.T, directory string) []string {
	t.Helper()
	files, err := os.ReadDir(directory)
	must(t, err)
	var list []string
	for _, file := range files {
		info, err := file.Info()
		must(t, err)
		list = append(list, file.Name()+" "+info.Mode().String()+" "+info.ModTime().String()+" "+read(t, filepath.Join(directory, file.Name())))
	}
	return list
}

// checkFailed checks that the run failed, wrote nothing, and said the texts in its errors.
func checkFailed(t *testing.T, r pullpass.Run, texts ...string) {
	t.Helper()
	var errors string
	for line := range strings.Lines(r.Stderr) {
		if strings.HasPrefix(line, "pullpass: error: ") {
			errors += line
		}
	}
	if r.Code != 1 || r.Stdout != "" || errors == "" {
		t.Fatalf("exit code %d, %d bytes on stdout, stderr:\n%s", r.Code, len(r.Stdout), r.Stderr)
	}
	for _, text := range texts {
		if !strings.Contains(errors, text) {
			t.Errorf("no error says %q:\n%s", text, errors)
		}
	}
}

// checkSilent checks that stderr holds none of the secrets.
func checkSilent(t *testing.T, r pullpass.Run, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(r.Stderr, secret) {
			t.Errorf("stderr holds a secret:\n%s", r.Stderr)
		}
	}
}
