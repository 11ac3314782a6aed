package hostile

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

// TestRedirects: none is followed, to another host or another port, and nobody else is sent anything.
func TestRedirects(t *testing.T) {
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(other.Close)
	_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
	for _, c := range calls(t) {
		for _, code := range []int{301, 302, 303, 307, 308} {
			for _, host := range []string{"127.0.0.1", "localhost"} {
				t.Run(fmt.Sprintf("%s/%s/%d to %s", c.flow, c.operation, code, host), func(t *testing.T) {
					t.Parallel()
					flow := flows()[c.flow]
					site := flow.start(t)
					site.fake.Always(c.operation, written(fmt.Sprintf("HTTP/1.1 %d x\r\nMetadata-Flavor: Google\r\nLocation: http://%s:%s/%s\r\n\r\n",
						code, host, port, script.Canary)))
					r := flow.ask(t, site)
					want := fmt.Sprintf("status %d %s to %s:%s: redirects are not followed", code, http.StatusText(code), host, port)
					if line := r.errorLine(); r.Exit != 1 || r.stdout != "" || !strings.Contains(line, want) || strings.Contains(line, script.Canary) {
						t.Errorf("exit code %d, error %q, want %q", r.Exit, line, want)
					}
					if n := site.fake.Calls(c.operation); n != 1 {
						t.Errorf("%d calls", n)
					}
				})
			}
		}
	}
	t.Cleanup(func() {
		if n := reached.Load(); n > 0 {
			t.Errorf("the other server was sent %d requests", n)
		}
	})
}

// TestAttempts: what can be over in a moment gets three attempts, at every call.
func TestAttempts(t *testing.T) {
	cut := func(code int, body string) script.Order {
		return written(fmt.Sprintf("HTTP/1.1 %d x\r\nMetadata-Flavor: Google\r\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: 300\r\nContent-Length: 1000\r\n\r\n%s", code, body))
	}
	orders := map[string]script.Order{
		"429 without a body":    written("HTTP/1.1 429 x\r\nMetadata-Flavor: Google\r\nContent-Length: 0\r\n\r\n"),
		"429 of a proxy":        written("HTTP/1.1 429 x\r\nMetadata-Flavor: Google\r\n\r\n<html>slow down</html>"),
		"503 without a body":    written("HTTP/1.1 503 x\r\nMetadata-Flavor: Google\r\nContent-Length: 0\r\n\r\n"),
		"cut in an answer":      cut(200, `{"access_token":"`),
		"cut in a refusal":      cut(400, `{"error":"`),
		"cut after the head":    cut(200, ""),
		"cut between chunks":    written("HTTP/1.1 200 x\r\nMetadata-Flavor: Google\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"),
		"cut in the head":       written("HTTP/1.1 200 x\r\nMetadata-"),
		"cut before the answer": written(""),
		"reset": {Raw: func(conn net.Conn) {
			if tcp, ok := conn.(*net.TCPConn); ok {
				tcp.SetLinger(0)
			}
		}},
	}
	const head = "HTTP/1.1 200 x\r\nMetadata-Flavor: Google\r\n\r\n"
	for _, c := range calls(t) {
		orders := maps.Clone(orders)
		switch c.operation {
		case awsfake.IMDSToken, awsfake.IMDSRole: // a shorter text is no less of one
		case awsfake.AssumeRole, awsfake.AssumeRoleWithWebIdentity:
			orders["cut to its end"] = written(head + "<AssumeRoleResponse><Assume")
		default:
			orders["cut to its end"] = written(head + `{"access_token":"x`)
		}
		for name, order := range orders {
			t.Run(c.flow+"/"+c.operation+"/"+name, func(t *testing.T) {
				t.Parallel()
				flow := flows()[c.flow]
				site := flow.start(t)
				site.fake.Always(c.operation, order)
				r := flow.ask(t, site)
				n := site.fake.Calls(c.operation)
				if n == 4 && strings.HasPrefix(c.operation, "imds:") {
					n = 3 // package http itself repeats a GET on a connection that it had kept
				}
				if n != 3 || r.Exit != 1 || strings.Contains(r.errorLine(), ": : ") {
					t.Errorf("%d calls, exit code %d: %s", n, r.Exit, r.errorLine())
				}
			})
		}
	}
}

// TestRecovery: the last of three attempts is as good as the first.
func TestRecovery(t *testing.T) {
	for _, c := range calls(t) {
		t.Run(c.flow+"/"+c.operation, func(t *testing.T) {
			t.Parallel()
			flow := flows()[c.flow]
			site := flow.start(t)
			site.fake.Next(c.operation, script.Fail(429, ""), written("HTTP/1.1 200 x\r\nMetadata-Flavor: Google\r\nContent-Length: 9\r\n\r\n{"))
			if r := flow.ask(t, site); r.Exit != 0 || !strings.Contains(r.stdout, `"password":`) {
				t.Errorf("exit code %d: %s", r.Exit, r.stderr)
			}
		})
	}
}

// written orders an answer byte by byte.
func written(answer string) script.Order {
	return script.Order{Raw: func(conn net.Conn) { io.WriteString(conn, answer) }}
}
