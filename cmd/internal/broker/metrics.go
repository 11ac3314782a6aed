package broker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/metrics"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/await"
)

const (
	// metricsTime is for how long a process adds metrics. Its own take some milliseconds; it may write those
	// of others as well. They are written after the answer, outside of its time limit, but the kubelet waits
	// until the process ends.
	metricsTime = 400 * time.Millisecond
	// metricsLimit is when it gives up on a file system that does not answer.
	metricsLimit = 800 * time.Millisecond
)

// A fetchLog notes the fetches that are not in the metrics yet. It is safe for use by several
// goroutines: a fetch that was abandoned may still end.
type fetchLog struct {
	mu      sync.Mutex
	fetches []*metrics.Fetch
}

// measured asks the chosen provider, and notes the fetch for the metrics if there are any.
func (b *Broker) measured(ctx context.Context, choice provider.Choice, request provider.Request) (provider.Credential, error) {
	if b.Config.MetricsFile == "" {
		return b.ask(ctx, choice, request)
	}
	note := b.fetches.begin(choice.Scope, b.Now())
	credential, err := b.ask(ctx, choice, request)
	b.fetches.end(note, credential, err, b.Now())
	return credential, err
}

// begin notes a fetch, as one that has failed until it ends.
func (l *fetchLog) begin(scope provider.Scope, now time.Time) *metrics.Fetch {
	note := &metrics.Fetch{Provider: ScopeProvider(scope), Scope: shortID(scope), Result: metrics.Failure, Took: -1, At: now}
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

// take returns the fetches that were noted, and forgets them. A fetch that has not ended by now was
// abandoned.
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

// WriteMetrics adds the fetches since its last call to the metrics file, if the config names one. If that
// fails, it warns. It writes nothing if ctx has ended: a fetch that a signal stopped says nothing about
// the authority.
func (b *Broker) WriteMetrics(ctx context.Context) {
	fetches := b.fetches.take(b.Now())
	if len(fetches) == 0 || ctx.Err() != nil {
		return
	}
	file := metrics.Textfile{Path: b.Config.MetricsFile, Now: b.Now, Warn: b.Log.Warn}
	limited, cancel := context.WithTimeoutCause(ctx, metricsLimit, errors.New("the file system does not answer in time"))
	defer cancel()
	_, err := await.Result(limited, func() (struct{}, error) {
		adding, cancel := context.WithTimeout(limited, metricsTime)
		defer cancel()
		return struct{}{}, file.Add(adding, fetches...)
	}, nil)
	if err != nil {
		b.Log.Warn("the metrics are not written to " + file.Path + ": " + err.Error())
	}
}
