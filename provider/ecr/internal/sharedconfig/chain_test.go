package sharedconfig

import (
	"fmt"
	"strings"
	"testing"
)

// TestChain: a chain of profiles of hostile length is an error, not a deep recursion.
func TestChain(t *testing.T) {
	for _, length := range []int{1, maxSources, maxSources + 1, 30_000} {
		var text strings.Builder
		for i := range length {
			fmt.Fprintf(&text, "[profile p%d]\nrole_arn=x\nsource_profile=p%d\n", i, i+1)
		}
		fmt.Fprintf(&text, "[profile p%d]\naws_access_key_id=a\naws_secret_access_key=b\n", length)
		_, err := merge(parse(File{Text: []byte(text.String())}), parse(File{})).profile("p0", nil)
		if want := length > maxSources; (err != nil) != want {
			t.Errorf("%d profiles: %v", length, err)
		}
	}
}
