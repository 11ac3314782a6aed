package broker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// TestEvents: what is in the log after some messages.
func TestEvents(t *testing.T) {
	image := provider.Image{Host: "docker.io", Repository: "acme/app"}
	choice := provider.Choice{Scope: "provider=dockerhub\n"}
	expires := time.Date(2026, 10, 5, 18, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		do   func(b *Broker)
		want []string // after the time
	}{
		"nothing": {func(*Broker) {}, nil},
		"not kept": {func(b *Broker) {
			b.events.keeps, b.Log.Keep = false, nil
			b.Log.Warn("a")
			b.keepFetch(choice, provider.Request{Image: image}, provider.Credential{})
		}, nil},
		"messages": {func(b *Broker) {
			b.Log.Verbose = true
			b.Log.Debug("debug")
			b.Log.Warn("a b")
			b.SetSubject(image, choice.Scope)
			b.Log.Note("%s\nmore", "c")
			b.Log.Error(provider.WithHint(errors.New("s3cret-s3cret d"), "e f"))
		}, []string{`level=warning msg="a b"`, `level=info registry=docker.io provider=dockerhub msg=c`, `level=error registry=docker.io provider=dockerhub msg="REDACTED d" hint="e f"`}},
		"no provider": {func(b *Broker) {
			b.SetSubject(provider.Image{Host: "s3cret-s3cret"}, "")
			b.Log.Note("a")
		}, []string{"level=info registry=REDACTED msg=a"}},
		"fetches": {func(b *Broker) {
			b.SetSubject(provider.Image{Host: "gcr.io"}, "provider=gcr\n")
			b.Log.Warn("a")
			b.events.beginFetch()
			b.keepFetch(choice, provider.Request{Image: image}, provider.Credential{Expires: expires})
			b.keepFetch(choice, provider.Request{Image: image}, provider.Credential{})
			b.DropIfCached()
		}, []string{"level=warning registry=gcr.io provider=gcr msg=a",
			`level=info registry=docker.io provider=dockerhub msg="fetched a credential that expires at 2026-10-05T18:00:00Z"`,
			`level=info registry=docker.io provider=dockerhub msg="fetched a credential without an expiry"`}},
		"from the cache": {func(b *Broker) {
			b.Log.Warn("a")
			b.DropIfCached()
			b.Log.Warn("b")
		}, []string{"level=warning msg=b"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := &Broker{Env: &env.Env{Log: &env.Log{Out: new(bytes.Buffer)}, Now: func() time.Time { return time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC) }},
				LogFile: filepath.Join(t.TempDir(), "pullpass.log")}
			b.Log.Scrubber.Hide("s3cret-s3cret")
			b.KeepEvents()
			test.do(b)
			b.WriteEvents(t.Context())
			b.WriteEvents(t.Context()) // writes nothing twice
			want := ""
			for _, line := range test.want {
				want += "time=2026-10-05T12:00:00Z " + line + "\n"
			}
			if data, err := os.ReadFile(b.LogFile); string(data) != want || (err == nil) != (want != "") {
				t.Errorf("the log holds\n%s%v, want\n%s", data, err, want)
			}
		})
	}
}

// TestManyEvents: what a process keeps is bounded.
func TestManyEvents(t *testing.T) {
	b := &Broker{Env: &env.Env{Log: &env.Log{Out: new(bytes.Buffer)}, Now: time.Now}}
	b.KeepEvents()
	for i := range 2 * maxEvents {
		b.Log.Note("%d", i)
	}
	if n := len(b.events.list); n != maxEvents || b.events.list[n-1].Text != fmt.Sprint(maxEvents-1) {
		t.Errorf("%d events", n)
	}
}

// TestLogThatHangs: a log that does not answer costs a moment and a warning.
func TestLogThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stderr bytes.Buffer
		b := &Broker{Env: &env.Env{Log: &env.Log{Out: &stderr}, Now: time.Now}}
		release := make(chan struct{})
		begun := time.Now()
		b.writeEvents(t.Context(), "/log", func() error { <-release; return nil })
		if took := time.Since(begun); took != eventsLimit || !strings.Contains(stderr.String(), "the log is not written to /log: it does not answer in time") {
			t.Errorf("after %v, stderr is %q", took, &stderr)
		}
		close(release)
	})
}
