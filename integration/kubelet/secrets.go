package kubelet

import (
	"encoding/json"
	"testing"
)

// A Pod asks for the credentials that its pull secrets hold.
type Pod struct {
	// PullSecrets are manifests of Secrets, as JSON. They are read as the API server reads
	// them, but for its validation: there can be what Validate tells the errors of.
	PullSecrets []json.RawMessage `json:"pullSecrets"`
	// Images are names without tag or digest.
	Images []string `json:"images"`
}

// Credentials are the kubelet's answer to a Pod.
type Credentials struct {
	// Err is why the API server or the kubelet cannot read one of the pull secrets. The kubelet
	// then uses none of them.
	Err string `json:"err"`
	// Answers has an answer for each image, in order; none if there is Err.
	Answers []Answer `json:"answers"`
}

// PullSecrets asks the kubelet's code for image pull secrets about each pod, in one process, on
// a node that has no other credentials.
func PullSecrets(t testing.TB, pods []Pod) []Credentials {
	t.Helper()
	return ask[Pod, Credentials](t, "pullsecrets", pods)
}

// Validate creates each Secret, a manifest as JSON, as the API server does up to its validation,
// in the namespace default if it names none, and returns the errors: those of fields, or the one
// of what cannot be read or has an unknown field. None means that it would be stored.
func Validate(t testing.TB, secrets []json.RawMessage) [][]string {
	t.Helper()
	return ask[json.RawMessage, []string](t, "validate", secrets)
}
