package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const second = time.Second

func client(o Options) *http.Client {
	o.Connect, o.Attempt = second, 2*second
	o.Getenv, o.Hide = func(string) string { return "" }, func(...string) {}
	return New(o)
}

func get(t *testing.T, c *http.Client, address string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "canary")
	answer, err := c.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Errorf("reading a body fails: %v", err)
	}
	return string(body), nil
}

// TestAnswers has what a server can answer, in bytes.
func TestAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 canary\r\n"
	for name, c := range map[string]struct {
		answer string
		body   string
		text   string // of the error; "" for the body
		final  bool
	}{
		"whole":                  {answer: ok + "Content-Length: 2\r\n\r\nok", body: "ok"},
		"empty":                  {answer: ok + "Content-Length: 0\r\n\r\n"},
		"to its end":             {answer: ok + "\r\nok", body: "ok"},
		"chunks":                 {answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n", body: "ok"},
		"refusal":                {answer: "HTTP/1.1 403 canary\r\nContent-Length: 2\r\n\r\nno", body: "no"},
		"as long as allowed":     {answer: ok + "\r\n" + strings.Repeat("x", maxBody), body: strings.Repeat("x", maxBody)},
		"a byte longer":          {answer: ok + "\r\n" + strings.Repeat("x", maxBody+1), text: "the answer is longer than 128 KiB", final: true},
		"longer by its length":   {answer: ok + "Content-Length: 131073\r\n\r\n", text: "the answer is longer than 128 KiB", final: true},
		"longer in chunks":       {answer: ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("5\r\ncanry\r\n", maxBody/5+1), text: "the answer is longer than 128 KiB", final: true},
		"compressed":             {answer: ok + "Content-Encoding: gzip\r\n\r\ncanary", text: "the answer is compressed, which was not asked for", final: true},
		"encoded as it is":       {answer: ok + "Content-Encoding: identity\r\n\r\nok", body: "ok"},
		"cut":                    {answer: ok + "Content-Length: 10\r\n\r\ncanary", text: "the answer broke off: unexpected EOF"},
		"cut in a refusal":       {answer: "HTTP/1.1 400 x\r\nContent-Length: 10\r\n\r\ncanary", text: "the answer broke off: unexpected EOF"},
		"cut between chunks":     {answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", text: "the answer broke off: unexpected EOF"},
		"JSON cut":               {answer: ok + "\r\n{\"canary\": 1", text: "the answer broke off: unexpected EOF"},
		"JSON":                   {answer: ok + "\r\n{\"a\": 1}\n", body: "{\"a\": 1}\n"},
		"JSON cut in a refusal":  {answer: "HTTP/1.1 400 x\r\n\r\n{\"a\"", body: "{\"a\""},
		"nothing":                {text: "EOF"},
		"cut in the head":        {answer: ok + "X: ", text: "unexpected EOF"},
		"not HTTP":               {answer: "canary\r\n\r\n", text: "the answer is not HTTP/1.1, or its head is longer than 64 KiB"},
		"another status":         {answer: "HTTP/1.1 canary\r\n\r\n", text: "the answer is not HTTP/1.1, or its head is longer than 64 KiB"},
		"another encoding":       {answer: ok + "Transfer-Encoding: canary\r\n\r\n", text: "the answer is not HTTP/1.1, or its head is longer than 64 KiB"},
		"another length":         {answer: ok + "Content-Length: canary\r\n\r\n", text: "the answer is not HTTP/1.1, or its head is longer than 64 KiB"},
		"chunk of another form":  {answer: ok + "Transfer-Encoding: chunked\r\n\r\ncanary\r\n", text: "the answer is not HTTP/1.1, or its head is longer than 64 KiB"},
		"head too long":          {answer: ok + "X: " + strings.Repeat("canary", maxHead) + "\r\n\r\n", text: "the answer is not HTTP/1.1, or its head is longer than 64 KiB"},
		"protocol changed":       {answer: "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: canary\r\n\r\n", text: "status 101 Switching Protocols", final: true},
		"redirect":               {answer: "HTTP/1.1 307 x\r\nLocation: https://other.example.com:8443/canary\r\n\r\n", text: "status 307 Temporary Redirect to other.example.com:8443: redirects are not followed", final: true},
		"redirect to the path":   {answer: "HTTP/1.1 302 x\r\nLocation: /canary\r\n\r\n", text: "status 302 Found to ADDRESS: redirects are not followed", final: true},
		"redirect to a secret":   {answer: "HTTP/1.1 308 x\r\nLocation: http://Canary_+/x\r\n\r\n", text: "status 308 Permanent Redirect: redirects are not followed", final: true},
		"redirect to nowhere":    {answer: "HTTP/1.1 301 x\r\nContent-Length: 0\r\n\r\n", text: "status 301 Moved Permanently: redirects are not followed", final: true},
		"redirect of its own":    {answer: "HTTP/1.1 399 canary\r\nContent-Length: 0\r\n\r\n", text: "status 399: redirects are not followed", final: true},
		"after an informational": {answer: "HTTP/1.1 103 x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok", body: "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(conn net.Conn) { io.WriteString(conn, c.answer) })
			body, err := get(t, client(Options{}), "http://"+address+"/")
			if c.text == "" {
				if err != nil || body != c.body {
					t.Errorf("%.100q, %v", body, err)
				}
				return
			}
			want := fmt.Sprintf("Post %q: %s", "http://"+address+"/", strings.ReplaceAll(c.text, "ADDRESS", address))
			if err == nil || err.Error() != want {
				t.Fatalf("the error is %v, want %s", err, want)
			}
			var retryable interface{ RetryableError() bool }
			if final := errors.As(err, &retryable) && !retryable.RetryableError(); final != c.final {
				t.Errorf("final: %v", final)
			}
		})
	}
}

// serve answers each connection once, when the request has come, and returns its address.
func serve(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.Read(make([]byte, 4096))
				answer(conn)
				conn.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// TestTimes: the time is for the whole answer, and its end is not that of the caller's time.
func TestTimes(t *testing.T) {
	for name, begin := range map[string]string{"nothing comes": "", "headers trickle": "HTTP/1.1 200 OK\r\n", "body trickles": "HTTP/1.1 200 OK\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(conn net.Conn) {
				_, err := io.WriteString(conn, begin)
				for err == nil {
					time.Sleep(second / 10)
					if begin != "" {
						_, err = io.WriteString(conn, "x")
					}
				}
			})
			start := time.Now()
			_, err := get(t, client(Options{}), "http://"+address)
			var late net.Error
			if !errors.As(err, &late) || !late.Timeout() || !errors.As(err, new(*timeoutError)) || !strings.HasSuffix(err.Error(), "answer within 2s") {
				t.Errorf("the error is %v", err)
			}
			if began := errors.As(err, new(*AnswerError)); began != (name == "body trickles") {
				t.Errorf("an answer began: %v", began)
			}
			if took := time.Since(start); took > 3*second {
				t.Errorf("it took %v", took)
			}
			ctx, cancel := context.WithTimeout(t.Context(), second/5)
			defer cancel()
			request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
			if _, err := client(Options{}).Do(request); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("at the end of the caller's time the error is %v", err)
			}
		})
	}
}

// TestPlainHTTP: it goes to this machine alone, whatever the name, and to no proxy.
func TestPlainHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	c := client(Options{Proxy: func(r *http.Request) (*url.URL, error) {
		return nil, errors.New("a proxy is asked for " + r.URL.String())
	}})
	for host, want := range map[string]error{"127.0.0.1": nil, "localhost": nil, "0.0.0.0": nil, "192.0.2.1": ErrPlainHTTP, "[2001:db8::1]": ErrPlainHTTP, "10.1.2.3": ErrPlainHTTP} {
		if _, err := get(t, c, "http://"+host+":"+port); !errors.Is(err, want) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, address := range []string{"ftp://127.0.0.1/", "file:///etc/passwd", "unix://x/"} {
		if _, err := get(t, c, address); !errors.Is(err, errScheme) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestRedirects: no server is sent what was for another, by any status.
func TestRedirects(t *testing.T) {
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Location", other.URL)
		w.Header().Set("Refresh", "0; url="+other.URL)
		w.Header().Set("Content-Location", other.URL)
		w.WriteHeader(status)
	}))
	defer server.Close()
	for status := 200; status < 600; status++ {
		_, err := get(t, client(Options{}), fmt.Sprintf("%s/%d", server.URL, status))
		if redirects := status >= 300 && status < 400; redirects != (err != nil) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if reached.Load() > 0 {
		t.Errorf("the other server was asked %d times", reached.Load())
	}
}

// TestSecure: https is spoken as HTTP/1.1, with the authorities that are given, and through the proxy.
func TestSecure(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto, r.Header.Get("Accept-Encoding"))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	if body, err := get(t, client(Options{Roots: roots}), server.URL); err != nil || body != "HTTP/1.1" {
		t.Errorf("%q, %v", body, err)
	}
	if _, err := get(t, client(Options{}), server.URL); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("of an unknown authority: %v", err)
	}
	for answer, want := range map[string]string{
		"HTTP/1.1 407 canary\r\n\r\n":                       "the proxy answers 407 Proxy Authentication Required",
		"HTTP/1.1 302 canary\r\nLocation: http://x\r\n\r\n": "the proxy answers 302 Found",
		"canary\r\n\r\n":                                    "the answer is not HTTP/1.1, or its head is longer than 64 KiB",
		"HTTP/1.1 200 " + strings.Repeat("canary", maxHead): "unexpected EOF",
		"": "unexpected EOF",
	} {
		address := serve(t, func(conn net.Conn) { io.WriteString(conn, answer) })
		proxy := func(*http.Request) (*url.URL, error) { return url.Parse("http://user:canary@" + address) }
		_, err := get(t, client(Options{Proxy: proxy}), server.URL)
		if err == nil || !strings.HasSuffix(err.Error(), ": "+want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%.30q: %v, want %s", answer, err, want)
		}
	}
}
