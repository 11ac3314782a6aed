// Package kubename checks the names of Kubernetes objects, labels and annotations.
package kubename

import (
	"errors"
	"fmt"
	"strings"
)

// The rules are those of the API server: k8s.io/apimachinery/pkg/api/validate/content, and
// pkg/api/validation for annotations. The tests hold them to it.
const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	letters = lower + upper

	maxLabel        = 63  // bytes of a DNS label, a name part of a key, a label's value
	maxSubdomain    = 253 // bytes
	subdomainSyntax = "must be lower-case letters, digits, - and ., each part between dots beginning and ending with a letter or digit"
	labelSyntax     = "must be lower-case letters, digits and -, beginning and ending with a letter or digit"
	nameSyntax      = "must be letters, digits, -, _ and ., beginning and ending with a letter or digit"
)

// CheckName returns an error for what the API server refuses as the name of a Secret or a service account.
func CheckName(name string) error {
	if err := checkSubdomain(name); err != nil {
		return fmt.Errorf("name %.80q: %w", name, err)
	}
	return nil
}

// CheckNamespace returns an error for what cannot be the name of a namespace.
func CheckNamespace(namespace string) error {
	switch {
	case len(namespace) > maxLabel:
		return fmt.Errorf("namespace %.80q: %w", namespace, tooLong(maxLabel))
	case !isDNSLabel(namespace):
		return fmt.Errorf("namespace %.80q: "+labelSyntax, namespace)
	}
	return nil
}

// CheckLabel returns an error for what the API server refuses as a label. The value may be empty.
func CheckLabel(key, value string) error {
	if err := checkQualifiedName(key); err != nil {
		return fmt.Errorf("label %.80q: %w", key, err)
	}
	switch {
	case len(value) > maxLabel:
		return fmt.Errorf("label %s: the value %.80q %w", key, value, tooLong(maxLabel))
	case value != "" && !isQualifiedPart(value):
		return fmt.Errorf("label %s: the value %.80q "+nameSyntax, key, value)
	}
	return nil
}

// CheckAnnotationKey returns an error for what the API server refuses as the key of an annotation. Unlike
// the key of a label, it may have capitals before the slash.
func CheckAnnotationKey(key string) error {
	if err := checkQualifiedName(strings.ToLower(key)); err != nil {
		return fmt.Errorf("annotation %.80q: %w", key, err)
	}
	return nil
}

// checkQualifiedName returns an error unless key is a name, or a DNS subdomain, a slash and a name.
func checkQualifiedName(key string) error {
	prefix, name, found := strings.Cut(key, "/")
	if !found {
		name = key
	} else if err := checkSubdomain(prefix); err != nil {
		return fmt.Errorf("the part before the slash %w", err)
	}
	switch {
	case strings.Contains(name, "/"):
		return errors.New("must not have more than one slash")
	case len(name) > maxLabel:
		return fmt.Errorf("the name %w", tooLong(maxLabel))
	case !isQualifiedPart(name):
		return fmt.Errorf("the name %s", nameSyntax)
	}
	return nil
}

func checkSubdomain(name string) error {
	if len(name) > maxSubdomain {
		return tooLong(maxSubdomain)
	}
	for part := range strings.SplitSeq(name, ".") {
		if !isDNSLabel(part) {
			return errors.New(subdomainSyntax)
		}
	}
	return nil
}

func tooLong(limit int) error { return fmt.Errorf("must not be longer than %d bytes", limit) }

// isDNSLabel does not check the length: a part of a subdomain may have any.
func isDNSLabel(label string) bool {
	const inner = lower + digits + "-"
	return label != "" && strings.Trim(label, inner) == "" && label[0] != '-' && label[len(label)-1] != '-'
}

func isQualifiedPart(name string) bool {
	const ends, inner = letters + digits, letters + digits + "-_."
	return name != "" && strings.Trim(name, inner) == "" &&
		strings.Contains(ends, name[:1]) && strings.Contains(ends, name[len(name)-1:])
}
