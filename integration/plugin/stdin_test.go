package plugin

import (
	"os"
	"strings"
	"testing"
)

// TestStdinNeverClosed gives a whole request, and keeps the pipe open.
func TestStdinNeverClosed(t *testing.T) {
	t.Parallel()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	if _, err := out.WriteString(`{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"gcr.io/p/a"}`); err != nil {
		t.Fatal(err)
	}
	start(t, nil, in).failed(t, "pullpass: error: read the request on stdin: stdin was not closed within 10s")
}

// TestStdinTooLarge gives 2 MiB.
func TestStdinTooLarge(t *testing.T) {
	start(t, nil, strings.NewReader(strings.Repeat(" ", 2<<20))).failed(t, "read the request on stdin: it is larger than 1 MiB")
}

// TestDevNull: as for an operator who runs it in a script, where stdin is a device, not a terminal.
func TestDevNull(t *testing.T) {
	start(t, nil, nil).failed(t, "read the request on stdin: it is empty")
}
