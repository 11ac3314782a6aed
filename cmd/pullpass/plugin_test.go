package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

const ecrRequest = `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"123456789012.dkr.ecr.us-east-1.amazonaws.com/app"}`

// A process is one that a test runs, with a request for an image of ECR.
type process struct {
	env            *env.Env
	stdio          *cli.Stdio
	stdout, stderr bytes.Buffer
}

func newProcess() *process {
	p := &process{}
	p.env = &env.Env{
		Getenv:       identity,
		Now:          time.Now,
		Log:          &env.Log{Out: &p.stderr},
		CatchSignals: func() {},
		HideStdio:    func() {},
	}
	p.stdio = &cli.Stdio{In: strings.NewReader(ecrRequest), Answer: &p.stdout}
	return p
}

// stuck returns a process whose request for a token hangs in a function that knows no context,
// until release is called.
func stuck() (p *process, release func()) {
	held := make(chan struct{})
	p = newProcess()
	p.env.Proxy = func(*http.Request) (*url.URL, error) {
		<-held
		return nil, io.ErrClosedPipe
	}
	return p, func() { close(held) }
}

// identity is an environment with an AWS identity and nothing else, so that the token comes
// next, and with nobody to ask for another one.
func identity(name string) string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9",
	}[name]
}

// emptyConfig returns the arguments that name a config without a setting.
func emptyConfig(t *testing.T) (args []string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: pullpass/v1\nkind: Config\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--config", config}
}

func TestTimeLimit(t *testing.T) {
	args := emptyConfig(t)
	synctest.Test(t, func(t *testing.T) {
		p, release := stuck()
		started := time.Now()
		code := run(t.Context(), args, p.env, p.stdio)
		if took := time.Since(started); code != cli.ExitFailed || took < broker.TimeLimit || took > broker.TimeLimit+broker.Grace {
			t.Errorf("exit code %d after %v", code, took)
		}
		if p.stdout.Len() != 0 || p.stderr.String() != "pullpass: error: get the credential: no result in time\n" {
			t.Errorf("stdout of %d bytes, stderr %q", p.stdout.Len(), p.stderr.String())
		}
		release()
		synctest.Wait()
	})
}

func TestSignal(t *testing.T) {
	args := emptyConfig(t)
	synctest.Test(t, func(t *testing.T) {
		p, release := stuck()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		started := time.Now()
		code := run(ctx, args, p.env, p.stdio)
		if took := time.Since(started); code != cli.ExitFailed || took < time.Second || took > time.Second+broker.Grace {
			t.Errorf("exit code %d after %v", code, took)
		}
		if p.stdout.Len() != 0 || p.stderr.String() != "pullpass: error: get the credential: stopped by a signal\n" {
			t.Errorf("stdout of %d bytes, stderr %q", p.stdout.Len(), p.stderr.String())
		}
		release()
		synctest.Wait()
	})
}

// TestClosedStdout: an answer that nobody took is a failure.
func TestClosedStdout(t *testing.T) {
	in, out := io.Pipe()
	in.Close()
	p := newProcess()
	p.env.Getenv = func(string) string { return "" }
	p.stdio.In, p.stdio.Answer = strings.NewReader(strings.Replace(ecrRequest, "amazonaws", "example", 1)), out
	if code := run(t.Context(), nil, p.env, p.stdio); code != cli.ExitFailed || !strings.Contains(p.stderr.String(), "pullpass: error: write the response: ") {
		t.Errorf("exit code %d, stderr %q", code, p.stderr.String())
	}
}

// TestMetricsOfTheGivenUp: a fetch that takes all the time is a failure in the metrics, and
// what the metrics take comes after that.
func TestMetricsOfTheGivenUp(t *testing.T) {
	args := emptyConfig(t)
	textfile := filepath.Join(t.TempDir(), "pullpass.prom")
	config := "apiVersion: pullpass/v1\nkind: Config\nmetrics: {textfile: " + textfile + "}\n"
	if err := os.WriteFile(args[1], []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		p, release := stuck()
		if code := run(t.Context(), args, p.env, p.stdio); code != cli.ExitFailed || p.stderr.String() != "pullpass: error: get the credential: no result in time\n" {
			t.Errorf("exit code %d, stderr %q", code, p.stderr.String())
		}
		release()
		synctest.Wait()
	})
	data, err := os.ReadFile(textfile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`pullpass_fetches_total{provider="ecr",result="failure"} 1`, `pullpass_fetch_duration_seconds_sum{provider="ecr"} 45`} {
		if !strings.Contains(string(data), line+"\n") {
			t.Errorf("no line %s in\n%s", line, data)
		}
	}
}
