package pullsecret

import "github.com/pullpass/pullpass/provider/dockerconfig"

// Logins returns the entries of the Docker configuration, sorted by key: all that the kubelet could try
// for some image. The result is empty if the kubelet cannot read them.
func (s Secret) Logins() []dockerconfig.KubeletEntry {
	key := s.key()
	content, err := s.content(key)
	if err != nil {
		return nil
	}
	logins, err := dockerconfig.Entries(content, key == keyDockercfg)
	if err != nil {
		return nil
	}
	return logins
}
