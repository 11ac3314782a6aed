package nodeconfig_test

import (
	"slices"
	"strings"
	"testing"
)

// instructions returns a Dockerfile's, without comments.
func instructions(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			found = append(found, line)
		}
	}
	return found
}

// TestImages: what is built for a read-only node has the binary of the image in the directory in which
// that node's kubelet looks for plugins.
func TestImages(t *testing.T) {
	const image, inImage = "registry.example.com/pullpass/pullpass:1.0", "/usr/local/bin/pullpass"
	for name, want := range map[string][]string{
		"talos/Dockerfile": {
			"FROM " + image + " AS pullpass",
			"FROM scratch",
			"COPY manifest.yaml /manifest.yaml",
			"COPY --from=pullpass " + inImage + " /rootfs/usr/local/lib/kubelet/credentialproviders/pullpass",
		},
		"openshift/Containerfile": {
			"FROM configs AS final",
			"COPY --from=" + image + " " + inImage + " /usr/libexec/kubelet-image-credential-provider-plugins/pullpass",
			"RUN ostree container commit",
		},
	} {
		if got := instructions(read(t, name)); !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if !strings.Contains(read(t, "daemonset"), "image: "+image+"\n") {
		t.Errorf("the DaemonSet has another image than %s", image)
	}
}

// TestTalosExtension: the fields are those that Talos reads of an extension.
func TestTalosExtension(t *testing.T) {
	extension := parse[struct {
		Version  string `json:"version"`
		Metadata struct {
			Name, Version, Author, Description string
			Compatibility                      struct {
				Talos struct {
					Version string `json:"version"`
				} `json:"talos"`
			} `json:"compatibility"`
		} `json:"metadata"`
	}](t, read(t, "talos/manifest.yaml"))
	if m := extension.Metadata; extension.Version != "v1alpha1" || m.Name != "pullpass" || m.Version == "" || m.Author == "" || m.Description == "" {
		t.Errorf("the extension is %+v", extension)
	}
}
