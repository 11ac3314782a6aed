package main

import (
	"k8s.io/kubernetes/pkg/credentialprovider"

	"github.com/pullpass/pullpass/integration/kubelet"
)

// match asks what decides about matchImages and about the keys of auth in a plugin's answer.
func match(pair kubelet.Pair) kubelet.Matched {
	matched, err := credentialprovider.URLsMatchStr(pair.Pattern, pair.Image)
	answer := kubelet.Matched{Matched: matched}
	if err != nil {
		answer.Err = err.Error()
	}
	return answer
}

// askKeyring returns the keys in the order in which their credentials are tried. Each key's
// username is the key itself.
func askKeyring(question kubelet.Question) []string {
	var keyring credentialprovider.BasicDockerKeyring
	for _, key := range question.Keys {
		// One by one, since a map of them all has no order.
		keyring.Add(nil, credentialprovider.DockerConfig{key: {Username: key}})
	}
	found, _ := keyring.Lookup(question.Image)
	keys := []string{}
	for _, auth := range found {
		keys = append(keys, auth.Username)
	}
	return keys
}
