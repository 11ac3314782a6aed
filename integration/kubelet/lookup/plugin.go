package main

import (
	"errors"
	"strings"

	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/plugin"

	"github.com/pullpass/pullpass/integration/kubelet"
)

// askPlugins asks for the images' credentials as for a pod without a service account, each
// with a keyring of its own, as the kubelet does at every pull.
func askPlugins(config, binDir string, images []string) ([]kubelet.Answer, error) {
	if err := plugin.RegisterCredentialProviderPlugins(config, binDir, nil, nil); err != nil {
		return nil, errors.New(kubelet.RefusedPrefix + strings.ReplaceAll(err.Error(), "\n", " "))
	}
	answers := []kubelet.Answer{}
	for _, image := range images {
		keyring := plugin.NewExternalCredentialProviderDockerKeyring("default", "pod", "uid", "")
		answers = append(answers, lookup(keyring, image))
	}
	return answers, nil
}

// lookup returns all that a keyring has for an image.
func lookup(keyring credentialprovider.DockerKeyring, image string) kubelet.Answer {
	found, _ := keyring.Lookup(image)
	answer := kubelet.Answer{Image: image, Entries: []kubelet.Entry{}}
	for _, auth := range found {
		answer.Entries = append(answer.Entries, kubelet.Entry{Username: auth.Username, Password: auth.Password})
	}
	return answer
}
