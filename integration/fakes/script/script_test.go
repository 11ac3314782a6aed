package script_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

func start(t *testing.T) *script.Server {
	t.Helper()
	s := script.New()
	server, err := script.Serve(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Do("greet", w, r, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// get returns the status and the body, as far as it came.
func get(t *testing.T, url string) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func TestOrders(t *testing.T) {
	server := start(t)
	server.Always("greet", script.Fail(503, "later"))
	server.Next("greet",
		script.Order{},
		script.Fail(429, "slow down"),
		script.Fail(200, ""),
		script.Order{Status: 200, Body: "hel", Cut: true},
		script.Order{Cut: true},
		script.Order{Delay: time.Millisecond},
	)
	for i, want := range []struct {
		status int
		body   string
		broken bool
	}{
		{200, "hello", false},
		{429, "slow down", false},
		{200, "", false},
		{200, "hel", true},
		{0, "", true},
		{200, "hello", false},
		{503, "later", false},
		{503, "later", false},
	} {
		status, body, err := get(t, server.URL)
		if status != want.status || body != want.body || (err != nil) != want.broken {
			t.Errorf("call %d: got %d %q, error %v; want %+v", i+1, status, body, err, want)
		}
	}
	server.Always("greet", script.Order{})
	if status, body, err := get(t, server.URL); status != 200 || body != "hello" || err != nil {
		t.Errorf("after the orders: got %d %q %v", status, body, err)
	}
	if calls := server.Calls("greet"); calls != 9 {
		t.Errorf("counted %d calls, want 9", calls)
	}
	if calls := server.Calls("other"); calls != 0 {
		t.Errorf("counted %d calls of an operation that was not called", calls)
	}
}

func TestUntil(t *testing.T) {
	server := start(t)
	gate := make(chan struct{})
	server.Next("greet", script.Order{Until: gate}, script.Order{Until: gate})
	answers := make(chan string, 2)
	for range 2 {
		go func() {
			_, body, _ := get(t, server.URL)
			answers <- body
		}()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := server.Await(ctx, "greet", 2); err != nil {
		t.Fatal(err)
	}
	if len(answers) != 0 {
		t.Error("answered before the gate opened")
	}
	close(gate)
	for range 2 {
		if body := <-answers; body != "hello" {
			t.Errorf("got %q", body)
		}
	}
}

func TestHangEndsWithTheServer(t *testing.T) {
	server := start(t)
	server.Always("greet", script.Hang())
	done := make(chan error)
	go func() {
		_, _, err := get(t, server.URL)
		done <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := server.Await(ctx, "greet", 1); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if err := <-done; err == nil {
		t.Error("a call that hangs was answered")
	}
}

func TestAwaitGivesUp(t *testing.T) {
	server := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Await(ctx, "greet", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
