package protocol

// The JSON forms of the protocol, https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/.
// They are written down here since the kubelet's own types bring the machinery of the Kubernetes
// API along, which costs half of a plugin's start. types_test.go holds them to the kubelet's.

// requestForm is a CredentialProviderRequest. The older versions have the same fields or fewer.
type requestForm struct {
	Kind                string `json:"kind"`
	APIVersion          string `json:"apiVersion"`
	Image               string `json:"image"`
	ServiceAccountToken string `json:"serviceAccountToken"`
}

// responseForm is a CredentialProviderResponse of any version.
type responseForm struct {
	Kind          string              `json:"kind"`
	APIVersion    string              `json:"apiVersion"`
	CacheKeyType  string              `json:"cacheKeyType"`
	CacheDuration string              `json:"cacheDuration"` // of time.ParseDuration
	Auth          map[string]authForm `json:"auth,omitempty"`
}

// What an answer of the kubelet's cache is for: the image, or all of its registry.
const (
	imageKey    = "Image"
	registryKey = "Registry"
)

// authForm is an AuthConfig, the value for a pattern of images.
type authForm struct {
	Username string `json:"username"`
	Password string `json:"password"`
}
