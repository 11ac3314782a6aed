package kubeletconfig

import (
	"errors"

	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// tokenAttributes checks the tokenAttributes of a provider with this version of the protocol.
func (c *checker) tokenAttributes(v value, protocol, at string) {
	const required, optional = "requiredServiceAccountAnnotationKeys", "optionalServiceAccountAnnotationKeys"
	if !c.known(v, at, "serviceAccountTokenAudience", "cacheType", "requireServiceAccount", required, optional) {
		return
	}
	if want := protocolGroup + "/" + versions()[0]; protocol != want {
		c.fault(v, at, "needs a provider with apiVersion "+want, "")
	}
	c.required(v, at, "serviceAccountTokenAudience", "")
	c.oneOf(v, at, "cacheType", []string{"ServiceAccount", "Token"})
	keys := c.annotationKeys(v, at, required)
	isRequired := map[string]bool{}
	for _, key := range keys {
		isRequired[key.text] = true
	}
	for _, key := range c.annotationKeys(v, at, optional) {
		if isRequired[key.text] {
			c.fault(key.value, key.at, "is in "+required+" as well", "")
		}
	}
	const accountField = "requireServiceAccount"
	switch account, ok := v.field(accountField); {
	case !ok:
		c.fault(v, strictyaml.Join(at, accountField), "missing", "")
	case account.kind == strictyaml.Null:
		c.fault(account, strictyaml.Join(at, accountField), "missing", "")
	case account.kind != strictyaml.Bool:
		c.fault(account, strictyaml.Join(at, accountField), "must be true or false, is "+account.kind.String(), "")
	case !account.yes && len(keys) > 0:
		c.fault(account, strictyaml.Join(at, accountField), "must be true with "+required, "")
	}
}

func (c *checker) annotationKeys(v value, at, name string) []item {
	keys := c.texts(v, at, name)
	seen := map[string]bool{}
	for _, key := range keys {
		if err := kubename.CheckAnnotationKey(key.text); err != nil {
			c.fault(key.value, key.at, errors.Unwrap(err).Error(), "") // without the key
		}
		if seen[key.text] {
			c.fault(key.value, key.at, "given twice", "")
		}
		seen[key.text] = true
	}
	return keys
}
