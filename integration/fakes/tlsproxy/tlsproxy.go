// Package tlsproxy is an HTTP proxy on loopback that is the end of the requests sent through
// it: it terminates TLS with certificates of its own authority and hands the requests to
// handlers chosen by host name. A program whose environment names the proxy and trusts the
// authority asks for the real hosts of an API, and a test sees which.
package tlsproxy

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
)

// A Proxy is a running proxy.
type Proxy struct {
	URL string
	// CAFile holds the certificate of the proxy's authority, as PEM.
	CAFile string

	routes    map[string]http.Handler
	authority *authority
	outer     *http.Server // what the clients see: a proxy
	inner     *http.Server // what stands at the other end of the tunnels
	tunnels   *tunnels

	mu    sync.Mutex
	hosts []string
}

// Start starts a proxy. The routes are by host name without a port: exactly, or for all names
// that end so if it starts with a dot; the longest wins. Other hosts are refused with 502.
func Start(routes map[string]http.Handler) (*Proxy, error) {
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	caFile, err := writeTemp(authority.pem)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Remove(caFile)
		return nil, err
	}
	p := &Proxy{
		URL:       "http://" + listener.Addr().String(),
		CAFile:    caFile,
		routes:    routes,
		authority: authority,
		tunnels:   newTunnels(listener.Addr()),
	}
	silent := log.New(io.Discard, "", 0)
	p.outer = &http.Server{Handler: http.HandlerFunc(p.serveProxy), ErrorLog: silent}
	p.inner = &http.Server{Handler: http.HandlerFunc(p.serveTunnelled), ErrorLog: silent, ConnContext: withTunnelHost}
	go p.outer.Serve(listener)
	go p.inner.Serve(p.tunnels)
	return p, nil
}

// Close ends all connections and removes CAFile.
func (p *Proxy) Close() error {
	outer, inner := p.outer.Close(), p.inner.Close()
	os.Remove(p.CAFile)
	if outer != nil {
		return outer
	}
	return inner
}

// Env returns the variables that make a program ask through the proxy and trust its
// authority. The AWS SDK also has AWS_CA_BUNDLE for the latter.
func (p *Proxy) Env() []string {
	return []string{"HTTP_PROXY=" + p.URL, "HTTPS_PROXY=" + p.URL, "SSL_CERT_FILE=" + p.CAFile}
}

// Hosts returns the names of the hosts that the proxy was asked for, in order, those of a
// tunnel once for all the requests in it. Ports other than 80 and 443 are part of them.
func (p *Proxy) Hosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.hosts)
}

func (p *Proxy) record(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hosts = append(p.hosts, host)
}

// serveProxy takes what a client sends to a proxy: CONNECT for https, absolute URLs for http.
func (p *Proxy) serveProxy(w http.ResponseWriter, r *http.Request) {
	host, ok := strings.CutSuffix(r.Host, ":443")
	if !ok {
		host, _ = strings.CutSuffix(r.Host, ":80")
	}
	p.record(host)
	handler := p.route(host)
	switch {
	case handler == nil:
		http.Error(w, "the proxy has no route to "+host, http.StatusBadGateway)
	case r.Method == http.MethodConnect:
		p.connect(w, host)
	case !r.URL.IsAbs():
		http.Error(w, "this is a proxy", http.StatusBadRequest)
	default:
		handler.ServeHTTP(w, r)
	}
}

// route returns the handler of a host, or nil.
func (p *Proxy) route(host string) http.Handler {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if handler, ok := p.routes[host]; ok {
		return handler
	}
	var longest string
	for suffix := range p.routes {
		if strings.HasPrefix(suffix, ".") && strings.HasSuffix(host, suffix) && len(suffix) > len(longest) {
			longest = suffix
		}
	}
	return p.routes[longest]
}

// connect makes the client's connection a tunnel to host, whose end is the inner server.
func (p *Proxy) connect(w http.ResponseWriter, host string) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if buffered.Reader.Buffered() > 0 { // nobody may speak TLS before the tunnel stands
		conn.Close()
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		conn.Close()
		return
	}
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return p.authority.certificate(host)
	}}
	p.tunnels.add(tunnel{tls.Server(conn, config), host})
}

// serveTunnelled takes the requests that come through a tunnel.
func (p *Proxy) serveTunnelled(w http.ResponseWriter, r *http.Request) {
	host := r.Context().Value(tunnelHost{}).(string)
	if r.Host != host {
		http.Error(w, "the request is for another host than the tunnel", http.StatusMisdirectedRequest)
		return
	}
	r.Header.Set("X-Forwarded-Proto", "https")
	p.route(host).ServeHTTP(w, r)
}

// A tunnel is the proxy's end of a TLS connection that a client believes to have with host.
type tunnel struct {
	net.Conn
	host string
}

type tunnelHost struct{}

func withTunnelHost(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, tunnelHost{}, conn.(tunnel).host)
}

// tunnels is the listener that accepts the tunnels.
type tunnels struct {
	address net.Addr
	conns   chan net.Conn
	closed  chan struct{}
	close   sync.Once
}

func newTunnels(address net.Addr) *tunnels {
	return &tunnels{address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (t *tunnels) add(conn net.Conn) {
	select {
	case t.conns <- conn:
	case <-t.closed:
		conn.Close()
	}
}

// Accept implements net.Listener.
func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case conn := <-t.conns:
		return conn, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (t *tunnels) Close() error {
	t.close.Do(func() { close(t.closed) })
	return nil
}

// Addr implements net.Listener.
func (t *tunnels) Addr() net.Addr { return t.address }
