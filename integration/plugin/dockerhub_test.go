package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const hubImage = "docker.io/acme/app"

// TestDockerHubHelpers gets the credential from a helper program, by credsStore and by
// credHelpers, and from one that goes wrong.
func TestDockerHubHelpers(t *testing.T) {
	const secret = "dckr_pat_canary"
	bin := t.TempDir()
	for name, script := range map[string]string{
		"good":     `read server; test "$server" = https://index.docker.io/v1/ && echo '{"ServerURL":"x","Username":"me","Secret":"` + secret + `"}'`,
		"none":     `echo "credentials not found in native keychain"; exit 1`,
		"broken":   `echo '{"Username":"me","Secret":"` + secret + `"'; echo ` + secret + ` >&2; exit 1`,
		"identity": `echo '{"Username":"<token>","Secret":"` + secret + `"}'`,
		"noisy":    `echo noise >&2; echo '{"Username":"me","Secret":"` + secret + `"}'; (sleep 60) &`,
	} {
		if err := os.WriteFile(filepath.Join(bin, "docker-credential-"+name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		config string
		want   []string // of the error
		none   bool
	}{
		"credsStore":      {config: `{"auths": {"https://index.docker.io/v1/": {}}, "credsStore": "good"}`},
		"credHelpers":     {config: `{"credHelpers": {"docker.io": "good"}, "credsStore": "broken"}`},
		"a child is left": {config: `{"credsStore": "noisy"}`},
		"nothing stored":  {config: `{"credsStore": "none"}`, none: true},
		"failing":         {config: `{"credsStore": "broken"}`, want: []string{`ask credential helper "broken"`, "exit status 1"}},
		"identity token":  {config: `{"credsStore": "identity"}`, want: []string{"identity", "pullpass: hint: log in with a username and a personal access token"}},
		"not installed":   {config: `{"credsStore": "absent"}`, want: []string{"no program docker-credential-absent in PATH"}},
		"path as a name":  {config: `{"credsStore": "../good"}`, want: []string{"can stand in its name"}},
		"malformed":       {config: `{"auths": {"docker.io": {"auth": "` + secret + `"}}}`, want: []string{"config.json", `auths["docker.io"]`}},
		"not JSON":        {config: `{"auths": ` + secret, want: []string{"config.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := filepath.Dir(write(t, "config.json", c.config))
			r := ask(t, []string{"DOCKER_CONFIG=" + directory, "PATH=" + bin + ":" + os.Getenv("PATH")}, hubImage)
			r.silent(t, secret)
			switch {
			case c.none:
				if r.code != 0 || len(r.response.Auth) != 0 || r.response.CacheDuration != "1m0s" {
					t.Errorf("exit code %d, %s", r.code, r.stderr)
				}
			case c.want != nil:
				r.failed(t, c.want...)
			default:
				found := r.answered(t, "docker.io")
				if found != (login{"me", secret}) || r.response.CacheDuration != "5m0s" {
					t.Errorf("user %s for %s", found.Username, r.response.CacheDuration)
				}
				if anonymous, ok := r.response.Auth["*.io"]; !ok || anonymous != (login{}) {
					t.Errorf("the anonymous try is missing")
				}
			}
		})
	}
}

// TestNoSecretInArguments: ps shows arguments to every user of the node.
func TestNoSecretInArguments(t *testing.T) {
	bin := t.TempDir()
	seen := filepath.Join(t.TempDir(), "seen")
	script := "#!/bin/sh\necho \"$0 $*\" > " + seen + "\ncat >> " + seen + "\necho '{\"Username\":\"me\",\"Secret\":\"x\"}'\n"
	if err := os.WriteFile(filepath.Join(bin, "docker-credential-seen"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	directory := filepath.Dir(write(t, "config.json", `{"credsStore": "seen"}`))
	ask(t, []string{"DOCKER_CONFIG=" + directory, "PATH=" + bin + ":" + os.Getenv("PATH")}, hubImage).answered(t, "docker.io")
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(text)); len(got) != 3 || got[1] != "get" || got[2] != "https://index.docker.io/v1/" {
		t.Errorf("the helper was run as %q", got)
	}
}
