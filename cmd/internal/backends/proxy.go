package backends

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/scrub"
)

// Proxy returns a function like proxy, which uses no proxy for the metadata and credential services of
// the backends. These are at link-local addresses of the node. Behind a proxy, those of another machine
// would answer, with the identity of that machine. getenv is the environment, which can name other hosts
// for the services. A variable that is to name the proxy and does not is an error: net/http ignores it, and
// connects directly. The error shows nothing of the value, which can have a password in it.
func Proxy(list provider.Backends, getenv func(string) string, proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(request *http.Request) (*url.URL, error) {
		if isMetadata(list, getenv, request.URL) {
			return nil, nil
		}
		if name := malformedProxy(getenv, request.URL.Scheme); name != "" {
			return nil, fmt.Errorf("%s is not the URL of a proxy, such as http://proxy.example.com:3128", name)
		}
		return proxy(request)
	}
}

// malformedProxy returns the name of the variable that is to name the proxy for the scheme, if it does not.
// The first of two that is not empty counts, as in net/http.
func malformedProxy(getenv func(string) string, scheme string) string {
	for _, name := range []string{strings.ToUpper(scheme) + "_PROXY", strings.ToLower(scheme) + "_proxy"} {
		if value := getenv(name); value != "" {
			if isProxy(value) {
				return ""
			}
			return name
		}
	}
	return ""
}

// isProxy reports whether value names a proxy in one of the forms that net/http takes: a URL, or host:port.
func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	proxy, err := url.Parse(value)
	if err != nil || proxy.Hostname() == "" || scrub.IsSplit(proxy) || strings.ContainsAny(proxy.Hostname(), " \t") {
		return false
	}
	if port := proxy.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
	}
	switch proxy.Scheme {
	case "http", "https", "socks5", "socks5h":
		return true
	}
	return false
}

func isMetadata(list provider.Backends, getenv func(string) string, u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for _, backend := range list {
		if slices.Contains(backend.MetadataHosts, host) {
			return true
		}
		for _, name := range backend.MetadataVariables {
			if set := getenv(name); set != "" && hostOf(set) == host {
				return true
			}
		}
	}
	address, err := netip.ParseAddr(host)
	return err == nil && provider.IsNodeLocal(address)
}

// hostOf returns the host of a URL or of host[:port].
func hostOf(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		return strings.ToLower(u.Hostname())
	}
	if host, _, err := net.SplitHostPort(s); err == nil {
		return strings.ToLower(host)
	}
	return strings.ToLower(s)
}
