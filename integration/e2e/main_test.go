//go:build e2e

// Package e2e_test tests the built binary against a real Kubernetes: an API server with etcd,
// and a kubelet with containerd. make e2e runs it.
package e2e_test

import (
	"flag"
	"os"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// binaries are the pullpass under test.
var binaries pullpass.Binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(pullpass.Main(m, &binaries))
}
