// Package script is what the fake servers have in common: they count the calls of each of
// their operations and answer them late, wrongly or not at all when a test orders it.
package script

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// An Order says how to answer one call. The zero Order is the fake's own answer at once.
type Order struct {
	// Delay and Until put the answer off, by a time or until the channel is closed. A client
	// that gives up or a server that is closed ends the wait.
	Delay time.Duration
	Until <-chan struct{}
	// Status, if not 0, replaces the fake's own answer by this status and Body.
	Status int
	Body   string
	// Cut breaks the connection off in the middle of the ordered answer, or without a single
	// byte if Status is 0.
	Cut bool
	// Raw, if not nil, is given the client's connection in place of any answer, when the request has been
	// read. The connection is closed when it returns.
	Raw func(net.Conn)
	// Answer, if not nil, replaces the fake's own answer.
	Answer http.HandlerFunc
}

// Fail orders an answer of this status and body.
func Fail(status int, body string) Order { return Order{Status: status, Body: body} }

// Hang orders no answer at all: the call waits until its client gives up or the server closes.
func Hang() Order { return Order{Until: make(chan struct{})} }

// A Script counts the calls of operations and holds the orders for them. It is safe for use
// by several goroutines; New makes one.
type Script struct {
	closed chan struct{}

	mu     sync.Mutex
	calls  map[string]int
	called chan struct{} // closed and replaced at every call
	next   map[string][]Order
	always map[string]Order
}

// New returns a Script without orders.
func New() *Script {
	return &Script{
		closed: make(chan struct{}),
		calls:  map[string]int{},
		called: make(chan struct{}),
		next:   map[string][]Order{},
		always: map[string]Order{},
	}
}

// Next orders how the coming calls of operation are answered, one order a call, after those
// ordered before. Then Always's order holds again.
func (s *Script) Next(operation string, orders ...Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next[operation] = append(s.next[operation], orders...)
}

// Always orders how all calls of operation are answered; the zero Order ends that.
func (s *Script) Always(operation string, order Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always[operation] = order
}

// Called returns the operations of which a call has arrived, in their alphabetical order.
func (s *Script) Called() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.calls))
}

// Calls returns how many calls of operation have arrived.
func (s *Script) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Await returns once n calls of operation have arrived, or with an error when ctx ends.
func (s *Script) Await(ctx context.Context, operation string, n int) error {
	for {
		s.mu.Lock()
		calls, called := s.calls[operation], s.called
		s.mu.Unlock()
		if calls >= n {
			return nil
		}
		select {
		case <-called:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d calls of %s arrived: %w", calls, n, operation, ctx.Err())
		}
	}
}

// Do counts a call of operation and answers it as ordered, if not otherwise with answer.
func (s *Script) Do(operation string, w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
	order := s.take(operation)
	if !s.wait(r, order) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case order.Raw != nil:
		raw(w, r, order.Raw)
	case order.Answer != nil:
		order.Answer(w, r)
	case order.Status != 0:
		order.Write(w)
	case order.Cut:
		panic(http.ErrAbortHandler)
	default:
		answer(w, r)
	}
}

func (s *Script) take(operation string) Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[operation]++
	close(s.called)
	s.called = make(chan struct{})
	if next := s.next[operation]; len(next) > 0 {
		s.next[operation] = next[1:]
		return next[0]
	}
	return s.always[operation]
}

// wait puts the answer off as ordered. It returns false if nobody waits for it any more.
func (s *Script) wait(r *http.Request, order Order) bool {
	if order.Delay == 0 && order.Until == nil {
		return true
	}
	// With the body still to come, the server would not notice that the client gives up.
	if _, err := Body(r); err != nil {
		return false
	}
	delay := time.NewTimer(order.Delay)
	defer delay.Stop()
	delayed, until := delay.C, order.Until
	for delayed != nil || until != nil {
		select {
		case <-delayed:
			delayed = nil
		case <-until:
			until = nil
		case <-r.Context().Done():
			return false
		case <-s.closed:
			return false
		}
	}
	return true
}

// raw gives the connection to write.
func raw(w http.ResponseWriter, r *http.Request, write func(net.Conn)) {
	if _, err := Body(r); err != nil {
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	write(conn)
}

// Write answers with the order's status and body.
func (o Order) Write(w http.ResponseWriter) {
	if !o.Cut {
		w.WriteHeader(o.Status)
		io.WriteString(w, o.Body)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(o.Body)+1))
	w.WriteHeader(o.Status)
	io.WriteString(w, o.Body)
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
