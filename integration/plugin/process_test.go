package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// end waits for the process's end. The error is about the test, or of a stdout that is
// neither empty nor one response.
func end(p *pullpass.Process) (run, error) {
	ended, err := p.End()
	if err != nil {
		return run{}, err
	}
	r := run{code: ended.Code, stdout: ended.Stdout, stderr: ended.Stderr}
	if r.stdout == "" {
		return r, nil
	}
	decoder := json.NewDecoder(strings.NewReader(r.stdout))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r.response); err != nil || decoder.More() {
		return run{}, fmt.Errorf("stdout is not one response: %v", err)
	}
	return r, nil
}

// A call is what a process is started with.
type call struct {
	image string
	env   []string // added to offline's
	args  []string
}

// startLimit is how long those of a burst that have been started wait for the others: less than
// they do for their stdin, and little of the time that they have for everything.
const startLimit = 2 * time.Second

// burst runs a process for each call, verbosely and all at once: none gets its request before
// all have been started, within startLimit.
func burst(t *testing.T, binary string, calls []call) []run {
	t.Helper()
	nothing := pullpass.Offline(t)
	started := make(chan struct{})
	start := sync.OnceFunc(func() { close(started) })
	defer start()
	time.AfterFunc(startLimit, start)
	processes := make([]*pullpass.Process, len(calls))
	for i, c := range calls {
		stdin := &lateReader{started, strings.NewReader(requestFor(c.image))}
		processes[i] = pullpass.Launch(t, binary, join(nothing, c.env), stdin, append([]string{"-v"}, c.args...)...)
	}
	start()
	begun := time.Now()
	runs := make([]run, len(calls))
	for i, p := range processes {
		var err error
		if runs[i], err = end(p); err != nil {
			t.Fatalf("process %d of %d: %v", i+1, len(calls), err)
		}
	}
	t.Logf("%d processes were done after %v", len(calls), time.Since(begun).Round(time.Millisecond))
	return runs
}

// A lateReader reads nothing until a channel is closed.
type lateReader struct {
	from <-chan struct{}
	io.Reader
}

func (r *lateReader) Read(p []byte) (int, error) {
	<-r.from
	return r.Reader.Read(p)
}
