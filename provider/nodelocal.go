package provider

import "net/netip"

// IsNodeLocal reports whether what is sent to the address stays on this machine or goes to the metadata
// services of its cloud: loopback, the unspecified address, which leads to loopback, link-local addresses, and
// the unique local ones that the clouds use like these: EC2's fd00:ec2::254, EKS's fd00:ec2::23, GCE's
// fd20:ce::254.
func IsNodeLocal(address netip.Addr) bool {
	address = address.Unmap()
	return address.IsLoopback() || address.IsUnspecified() || address.IsLinkLocalUnicast() ||
		netip.MustParsePrefix("fd00:ec2::/32").Contains(address) || netip.MustParsePrefix("fd20:ce::/32").Contains(address)
}
