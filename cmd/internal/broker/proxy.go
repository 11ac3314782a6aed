package broker

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// proxy returns the environment's proxy for a request, but none for the metadata and
// credential services of the clouds, which live at link-local addresses of the node: asked
// through a proxy, another machine would answer for its own identity.
func (b *Broker) proxy(request *http.Request) (*url.URL, error) {
	if b.isMetadata(request.URL) {
		return nil, nil
	}
	return b.Proxy(request)
}

func (b *Broker) isMetadata(u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "metadata" || host == "metadata.google.internal" {
		return true
	}
	for _, name := range []string{"GCE_METADATA_HOST", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		if set := b.Getenv(name); set != "" && hostOf(set) == host {
			return true
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
