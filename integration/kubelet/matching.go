package kubelet

import "testing"

// A Pair asks whether a pattern, such as one of matchImages, selects an image.
type Pair struct {
	Pattern string `json:"pattern"`
	Image   string `json:"image"`
}

// A Matched is the kubelet's answer to a Pair.
type Matched struct {
	Matched bool `json:"matched"`
	// Err is why the kubelet cannot read the pattern or the image. It then goes on as if
	// they did not match.
	Err string `json:"err"`
}

// Match asks the kubelet's matcher of image names about each pair, in one process.
func Match(t testing.TB, pairs []Pair) []Matched {
	t.Helper()
	return ask[Pair, Matched](t, "match", pairs)
}

// A Question asks which keys of a Docker config have the credential for an image.
type Question struct {
	// Keys are those of auths, each with a credential. Of those that mean the same, the
	// kubelet tries one or the other first, as a map has them. Here the order decides.
	Keys  []string `json:"keys"`
	Image string   `json:"image"`
}

// Keyring asks the kubelet's keyring of Docker config entries, the one for image pull secrets,
// about each question, in one process. An answer has the keys in the order in which the
// kubelet tries their credentials.
func Keyring(t testing.TB, questions []Question) [][]string {
	t.Helper()
	return ask[Question, []string](t, "keyring", questions)
}
