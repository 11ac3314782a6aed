package main

import (
	"encoding/json"
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // the types of the core group, with their defaults
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"

	"github.com/pullpass/pullpass/integration/kubelet"
)

// askPullSecrets asks what decides about the credentials of a pull, without those of the node
// and of plugins.
func askPullSecrets(pod kubelet.Pod) kubelet.Credentials {
	var pullSecrets []v1.Secret
	for _, manifest := range pod.PullSecrets {
		secret, err := stored(manifest)
		if err != nil {
			return kubelet.Credentials{Err: err.Error()}
		}
		pullSecrets = append(pullSecrets, secret)
	}
	keyring, err := secrets.MakeDockerKeyring(pullSecrets, &credentialprovider.BasicDockerKeyring{})
	if err != nil {
		return kubelet.Credentials{Err: err.Error()}
	}
	var answers []kubelet.Answer
	for _, image := range pod.Images {
		answers = append(answers, lookup(keyring, image))
	}
	return kubelet.Credentials{Answers: answers}
}

// stored returns a Secret as the API server gives it out after its manifest was applied.
func stored(manifest json.RawMessage) (v1.Secret, error) {
	secret, err := read(manifest)
	if err != nil {
		return v1.Secret{}, err
	}
	var out v1.Secret
	err = legacyscheme.Scheme.Convert(secret, &out, nil)
	return out, err
}

// read reads a manifest as the API server does for kubectl, with the field validation Strict.
func read(manifest json.RawMessage) (*core.Secret, error) {
	codecs := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)
	object, _, err := codecs.UniversalDecoder().Decode(manifest, nil, nil)
	if err != nil {
		return nil, err
	}
	secret, ok := object.(*core.Secret)
	if !ok {
		return nil, fmt.Errorf("not a Secret but a %T", object)
	}
	return secret, nil
}

// validate returns the errors with which the API server refuses to create a Secret.
func validate(manifest json.RawMessage) []string {
	secret, err := read(manifest)
	if err != nil {
		return []string{err.Error()}
	}
	if secret.Namespace == "" {
		secret.Namespace = metav1.NamespaceDefault
	}
	texts := []string{}
	for _, err := range validation.ValidateSecret(secret) {
		texts = append(texts, err.Error())
	}
	return texts
}
