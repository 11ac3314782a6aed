package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/metrics"
	"github.com/pullpass/pullpass/provider"
)

// metricsLimit is how long a process may take for the metrics of others beside its own, some
// milliseconds. They are written after the answer and cost nothing of its time limits, but the
// kubelet waits for our end.
const metricsLimit = time.Second

// A fetchLog notes the fetches that are not in the metrics yet. It is safe for use by several
// goroutines: one that was given up may still end.
type fetchLog struct {
	mu      sync.Mutex
	fetches []*metrics.Fetch
}

// fetch asks the provider of choice, and notes that.
func (n *node) fetch(ctx context.Context, choice provider.Choice, request provider.Request) (provider.Credential, error) {
	if n.config.MetricsFile == "" {
		return choice.Provider.Fetch(ctx, request)
	}
	note := n.fetches.begin(choice.Scope, n.Now())
	credential, err := choice.Provider.Fetch(ctx, request)
	n.fetches.end(note, credential, err, n.Now())
	return credential, err
}

// begin notes a fetch, as one that has failed until it ends.
func (l *fetchLog) begin(scope provider.Scope, now time.Time) *metrics.Fetch {
	note := &metrics.Fetch{Provider: scopeProvider(scope), Scope: cache.ID(scope)[:shortID], Result: metrics.Failure, Took: -1, At: now}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fetches = append(l.fetches, note)
	return note
}

func (l *fetchLog) end(note *metrics.Fetch, credential provider.Credential, err error, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	note.Took, note.At, note.Expires = now.Sub(note.At), now, credential.Expires
	switch {
	case err == nil:
		note.Result = metrics.Success
	case errors.Is(err, provider.ErrNone):
		note.Result = metrics.None
	}
}

// take returns what was noted, and begins anew. What has not ended by now was given up.
func (l *fetchLog) take(now time.Time) []metrics.Fetch {
	l.mu.Lock()
	defer l.mu.Unlock()
	var taken []metrics.Fetch
	for _, note := range l.fetches {
		fetch := *note
		if fetch.Took < 0 {
			fetch.Took, fetch.At = now.Sub(fetch.At), now
		}
		taken = append(taken, fetch)
	}
	l.fetches = nil
	return taken
}

// writeMetrics puts the fetches since the last time into the file of the config, if it names
// one. Nothing fails if that does. What a signal ended says nothing about the authority.
func (n *node) writeMetrics(ctx context.Context) {
	fetches := n.fetches.take(n.Now())
	if len(fetches) == 0 || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, metricsLimit)
	defer cancel()
	file := metrics.Textfile{Path: n.config.MetricsFile, Now: n.Now, Warn: n.messages.warn}
	if err := file.Add(ctx, fetches...); err != nil {
		n.messages.warn("the metrics are not written to " + file.Path + ": " + err.Error())
	}
}
