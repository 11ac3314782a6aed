package backends

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// Proxy returns a function like proxy, which uses no proxy for the metadata and credential services of
// the backends. These are at link-local addresses of the node. Behind a proxy, those of another machine
// would answer, with the identity of that machine. getenv is the environment, which can name other hosts
// for the services.
func Proxy(list provider.Backends, getenv func(string) string, proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(request *http.Request) (*url.URL, error) {
		if isMetadata(list, getenv, request.URL) {
			return nil, nil
		}
		return proxy(request)
	}
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
	return err == nil && (address.IsLinkLocalUnicast() || address.IsLoopback() || isCloudLocal(address))
}

// isCloudLocal reports whether address is of the unique local ones that the clouds use like
// link-local ones: EC2's fd00:ec2::254, EKS's fd00:ec2::23, GCE's fd20:ce::254.
func isCloudLocal(address netip.Addr) bool {
	return netip.MustParsePrefix("fd00:ec2::/32").Contains(address) || netip.MustParsePrefix("fd20:ce::/32").Contains(address)
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
