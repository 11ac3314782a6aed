package provider

import (
	"net/netip"
	"testing"
)

func TestIsNodeLocal(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": true, "127.8.8.8": true, "::1": true, "::ffff:127.0.0.1": true, "0.0.0.0": true, "::": true,
		"169.254.169.254": true, "169.254.170.2": true, "169.254.170.23": true, "fe80::1": true, "fe80::1%eth0": true,
		"fd00:ec2::254": true, "fd00:ec2::23": true, "fd20:ce::254": true, "::ffff:169.254.169.254": true,
		"10.0.0.1": false, "172.16.0.1": false, "192.168.0.1": false, "100.64.0.1": false, "192.0.2.1": false, "224.0.0.1": false,
		"fd00::1": false, "fd00:ec3::1": false, "fd20:cf::1": false, "2001:db8::1": false, "::ffff:10.0.0.1": false,
	} {
		if got := IsNodeLocal(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if IsNodeLocal(netip.Addr{}) {
		t.Error("no address is local")
	}
}
