package dockerconfig

import (
	"bytes"
	"encoding/json"

	"github.com/pullpass/pullpass/provider"
)

// A Fault is what makes a config, or an entry of it, of no use to the kubelet.
type Fault struct {
	// Key is that of the entry in auths, without user and password if it is a URL with them;
	// "" for the config as a whole, and for the entry with the empty key.
	Key  string
	Text string // what is wrong and what the kubelet makes of it; no secret
	Hint string // what to do; may be ""
	Note bool   // it works, but not as one may think: not a fault
}

// refused says what content leads to that the kubelet cannot read: MakeDockerKeyring in
// k8s.io/kubernetes/pkg/credentialprovider/secrets returns an error, and its caller does not pull.
const refused = ": the kubelet refuses this secret, and with it all pull secrets of the pod"

// Check returns what is wrong with the content of a pull secret: of .dockerconfigjson, or with legacy of
// .dockercfg, which is the same without "auths" around it. Faults of the whole come first, then those of
// the entries in their order.
func Check(data []byte, legacy bool) []Fault {
	if len(data) == 0 {
		return []Fault{{Text: "it is empty, and the kubelet passes over it"}}
	}
	secret, err := readPullSecret(data, legacy)
	switch {
	case err != nil:
		return []Fault{unreadable(data, err)}
	case legacy && hasAuths(data):
		return []Fault{{
			Text: "it has auths around the registries, which a .dockercfg does not have: the kubelet finds no credential in it",
			Hint: "make it a secret of type kubernetes.io/dockerconfigjson, with the key .dockerconfigjson",
		}}
	case len(secret.entries) == 0:
		return []Fault{withoutEntries(data, secret)}
	}
	var faults []Fault
	if secret.helpers {
		faults = append(faults, Fault{Text: "the kubelet ignores credsStore and credHelpers: only the credentials in auths count", Note: true})
	}
	return append(faults, secret.entryFaults()...)
}

// unreadable explains why the kubelet can read nothing of data.
func unreadable(data []byte, err error) Fault {
	decoded, notBase64 := decodeBase64(string(bytes.TrimSpace(data)))
	switch {
	case notBase64 == nil && json.Valid([]byte(decoded)):
		return Fault{
			Text: "it is base64-encoded once more than it should be" + refused,
			Hint: "in a manifest, data holds the base64 of the JSON and stringData the JSON itself",
		}
	case bytes.HasPrefix(data, []byte("\ufeff")):
		return Fault{Text: "it begins with a byte order mark, which JSON has not" + refused, Hint: "save it as UTF-8 without one"}
	}
	return Fault{Text: err.Error() + refused}
}

func withoutEntries(data []byte, secret pullSecret) Fault {
	switch {
	case isDockercfg(data):
		return Fault{
			Text: "it has the old format of a .dockercfg, without auths: the kubelet finds no credential in it",
			Hint: `put its content into {"auths": …}`,
		}
	case secret.helpers:
		return Fault{Text: "it has no entry in auths, and the kubelet asks no credential helper", Hint: helperHint}
	}
	return Fault{Text: "it has no entry in auths: the kubelet finds no credential in it"}
}

// helperHint is for a credential that a config.json leaves to a helper.
const helperHint = "the credential is with the helper on the machine of the docker login; pullpass secret --from-docker-config takes it from there"

func hasAuths(data []byte) bool {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(data, &fields)
	_, has := fields["auths"]
	return err == nil && has
}

func (s pullSecret) entryFaults() []Fault {
	var faults []Fault
	rivals := s.rivalNotes()
	for i, entry := range s.entries {
		for _, fault := range append(entry.faults(s.helpers), rivals[i]...) {
			fault.Key = shownKey(entry.key)
			faults = append(faults, fault)
		}
	}
	return faults
}

// faults returns what is wrong with an entry by itself. helpers says that the config names credential
// helpers.
func (e pullEntry) faults(helpers bool) []Fault {
	switch {
	case e.err != nil:
		return []Fault{{Text: e.err.Error() + refused, Hint: provider.Hint(e.err)}}
	case e.replaced:
		return []Fault{{Text: "the key is in auths more than once: the last entry counts", Note: true}}
	}
	return append(keyFaults(e.key), e.credentialFaults(helpers)...)
}
