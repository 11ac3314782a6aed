package kubelet_test

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
