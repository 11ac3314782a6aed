package main

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// A badReader panics with what it was to read.
type badReader struct{}

func (badReader) Read([]byte) (int, error) { panic("s3cret") }

// TestPanics: a panic in the plugin and in commands, in the main goroutine and in others, ends the process
// with exit code 1, one line on stderr, and nothing on stdout.
func TestPanics(t *testing.T) {
	config := emptyConfig(t)
	inProxy := func(p *process) {
		p.env.Proxy = func(*http.Request) (*url.URL, error) { panic("s3cret") }
	}
	for _, test := range []struct {
		name  string
		args  []string
		where func(p *process)
	}{
		{"plugin, stdin", nil, func(p *process) { p.stdio.In = badReader{} }},
		{"plugin, environment", nil, func(p *process) { p.env.Getenv = func(string) string { panic("s3cret") } }},
		{"plugin, fetch", nil, inProxy},
		{"warm, fetch", []string{"warm", "--registry", "123456789012.dkr.ecr.us-east-1.amazonaws.com"}, inProxy},
		{"secret, fetch", []string{"secret", "a", "--registry", "123456789012.dkr.ecr.us-east-1.amazonaws.com"}, inProxy},
		{"check, stdin", []string{"secret", "check", "-"}, func(p *process) { p.stdio.In = badReader{} }},
		{"config check, stdin", []string{"config", "check", "-"}, func(p *process) { p.stdio.In = badReader{} }},
		{"cache, environment", []string{"cache", "list"}, func(p *process) { p.env.Getenv = func(string) string { panic("s3cret") } }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newProcess()
			test.where(p)
			code := run(t.Context(), append(test.args, append(config, "--cache-dir", filepath.Join(t.TempDir(), "cache"))...), p.env, p.stdio)
			stderr := p.stderr.String()
			if code != cli.ExitFailed || p.stdout.Len() > 0 {
				t.Errorf("exit code %d, stdout %q", code, p.stdout.String())
			}
			line := regexp.MustCompile(`^pullpass: error: .*a bug in pullpass: panic of string in (main|pullpass)\.\S+, panic_test\.go:[0-9]+\n$`)
			if !line.MatchString(stderr) || strings.Contains(stderr, "s3cret") {
				t.Errorf("stderr is %q", stderr)
			}
		})
	}
}
