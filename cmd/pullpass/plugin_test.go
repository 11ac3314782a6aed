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
)

const ecrRequest = `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"123456789012.dkr.ecr.us-east-1.amazonaws.com/app"}`

// stuck returns a process whose request for a token hangs in a function that knows no
// context, until release is called. The clock of the test is a fake one.
func stuck(t *testing.T) (p *process, stdout, stderr *bytes.Buffer, release func()) {
	t.Helper()
	held := make(chan struct{})
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	p = &process{
		Stdin:  strings.NewReader(ecrRequest),
		Stdout: stdout,
		Stderr: stderr,
		Getenv: identity,
		Now:    time.Now,
		Guard:  func() {},
		Proxy: func(*http.Request) (*url.URL, error) {
			<-held
			return nil, io.ErrClosedPipe
		},
	}
	return p, stdout, stderr, func() { close(held) }
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
		p, stdout, stderr, release := stuck(t)
		p.Args = args
		started := time.Now()
		code := run(t.Context(), p)
		if took := time.Since(started); code != exitFailed || took < timeLimit || took > timeLimit+grace {
			t.Errorf("exit code %d after %v", code, took)
		}
		if stdout.Len() != 0 || stderr.String() != "pullpass: error: get the credential: no result in time\n" {
			t.Errorf("stdout of %d bytes, stderr %q", stdout.Len(), stderr)
		}
		release()
		synctest.Wait()
	})
}

func TestSignal(t *testing.T) {
	args := emptyConfig(t)
	synctest.Test(t, func(t *testing.T) {
		p, stdout, stderr, release := stuck(t)
		p.Args = args
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		started := time.Now()
		code := run(ctx, p)
		if took := time.Since(started); code != exitFailed || took < time.Second || took > time.Second+grace {
			t.Errorf("exit code %d after %v", code, took)
		}
		if stdout.Len() != 0 || stderr.String() != "pullpass: error: get the credential: stopped by a signal\n" {
			t.Errorf("stdout of %d bytes, stderr %q", stdout.Len(), stderr)
		}
		release()
		synctest.Wait()
	})
}

// TestClosedStdout: an answer that nobody took is a failure.
func TestClosedStdout(t *testing.T) {
	in, out := io.Pipe()
	in.Close()
	var stderr bytes.Buffer
	p := &process{
		Stdin:  strings.NewReader(strings.Replace(ecrRequest, "amazonaws", "example", 1)),
		Stdout: out,
		Stderr: &stderr,
		Getenv: func(string) string { return "" },
		Now:    time.Now,
		Guard:  func() {},
	}
	if code := run(t.Context(), p); code != exitFailed || !strings.Contains(stderr.String(), "pullpass: error: write the response: ") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
}
