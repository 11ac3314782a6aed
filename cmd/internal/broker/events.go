package broker

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/internal/eventlog"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/await"
)

const (
	// eventsLimit is when a process gives up on a log that does not take its events. That is after the answer, but
	// the kubelet waits until the process ends.
	eventsLimit = 400 * time.Millisecond
	// maxEvents is how many events a process keeps, the first ones.
	maxEvents = 100
)

// events are what a process has to log. They are safe for use by several goroutines: a fetch that was abandoned may
// still warn.
type events struct {
	mu       sync.Mutex
	keeps    bool
	fetched  bool
	registry string // what messages are about; "" if they say it themselves
	provider string
	list     []eventlog.Event
}

func (e *events) add(event eventlog.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if event.Registry == "" {
		event.Registry, event.Provider = e.registry, e.provider
	}
	if e.keeps && len(e.list) < maxEvents {
		e.list = append(e.list, event)
	}
}

// KeepEvents makes WriteEvents write the messages from now on. It is for commands that work for the kubelet or a
// timer, where nobody may look at stderr.
func (b *Broker) KeepEvents() {
	b.events.keeps = true
	b.Log.Keep = func(kind, text, hint string) {
		level := eventlog.Info
		switch kind {
		case env.KindError:
			level = eventlog.Error
		case env.KindWarning:
			level = eventlog.Warning
		}
		b.events.add(eventlog.Event{At: b.Now(), Level: level, Text: text, Hint: hint})
	}
}

// SetSubject says what the messages from now on are about. scope is "" if no provider claims the image.
func (b *Broker) SetSubject(image provider.Image, scope provider.Scope) {
	b.events.mu.Lock()
	defer b.events.mu.Unlock()
	b.events.registry, b.events.provider = image.Host, ScopeProvider(scope)
}

// DropIfCached drops the messages so far if this process has fetched no credential: an answer from the cache must not
// pay for a log.
func (b *Broker) DropIfCached() {
	b.events.mu.Lock()
	defer b.events.mu.Unlock()
	if !b.events.fetched {
		b.events.list = nil
	}
}

// beginFetch notes that a provider is asked.
func (e *events) beginFetch() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fetched = true
}

// keepFetch keeps that a provider gave a credential.
func (b *Broker) keepFetch(choice provider.Choice, request provider.Request, credential provider.Credential) {
	text := "fetched a credential without an expiry"
	if !credential.Expires.IsZero() {
		text = "fetched a credential that expires at " + credential.Expires.UTC().Format(time.RFC3339)
	}
	b.events.add(eventlog.Event{At: b.Now(), Level: eventlog.Info, Registry: request.Image.Host, Provider: ScopeProvider(choice.Scope), Text: text})
}

// WriteEvents writes the events since KeepEvents to the file that LogFile or the config names, and to the system's
// log if the config says so. If that fails, it warns. An event is also written after the end of ctx, which it may be
// about.
func (b *Broker) WriteEvents(ctx context.Context) {
	b.events.mu.Lock()
	list := b.events.list
	b.events.list = nil
	b.events.mu.Unlock()
	if len(list) == 0 {
		return
	}
	var lines []string
	for i, event := range list {
		list[i].Registry = b.Log.Scrubber.Scrub(event.Registry) // messages are scrubbed already
		lines = append(lines, list[i].String())
	}
	if path := cmp.Or(b.LogFile, b.Config.LogFile); path != "" {
		b.writeEvents(ctx, path, func() error { return eventlog.Append(path, lines) })
	}
	if b.Config.Syslog {
		b.writeEvents(ctx, "syslog", func() error { return eventlog.Send(list) })
	}
}

// writeEvents calls write, and gives up on it in time.
func (b *Broker) writeEvents(ctx context.Context, place string, write func() error) {
	limited, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), eventsLimit, errors.New("it does not answer in time"))
	defer cancel()
	if _, err := await.Result(limited, func() (struct{}, error) { return struct{}{}, write() }, nil); err != nil {
		b.Log.Warn("the log is not written to " + place + ": " + err.Error())
	}
}
