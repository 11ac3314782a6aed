package pullsecret

import (
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// WhyNoEntry returns why Entries returns none for an image: how the key that was meant for it differs,
// or which keys there are. backends are those of pullpass.
func (s Secret) WhyNoEntry(image provider.Image, backends provider.Backends) string {
	if !s.ofPullType() {
		return "the kubelet ignores a Secret of this type"
	}
	logins := s.Logins()
	if len(logins) == 0 {
		return "it holds no entry that can be read"
	}
	var keys, near []string
	for _, login := range logins {
		keys = append(keys, login.Key)
		if difference := differenceOf(login.Key, image, backends); difference != "" {
			near = append(near, strictyaml.Quoted(login.Key)+" "+difference)
		}
	}
	if len(near) > 0 {
		return strings.Join(near, "; ")
	}
	return "its keys are " + quoted(keys)
}

// differenceOf returns how a key of auths differs from one that would match an image, "" if it is for
// another registry.
func differenceOf(key string, image provider.Image, backends provider.Backends) string {
	_, location, found := strings.Cut(key, "://")
	if !found {
		location = key
	}
	host, path, _ := strings.Cut(location, "/")
	if rest, found := strings.CutPrefix(path, "v1/"); found { // the kubelet does so, once
		path = rest
	} else {
		path = strings.TrimPrefix(path, "v2/")
	}
	keyImage := provider.Image{Host: host, Repository: path}
	name, port := keyImage.Hostname()
	imageName, imagePort := image.Hostname()
	switch {
	case imageName == provider.DockerHubHost && provider.MisnamesHub(name):
		return "is no name that the kubelet has for Docker Hub: docker.io"
	case name == imageName && port != imagePort:
		return fmt.Sprintf("is for %s, the image has %s", portName(port), portName(imagePort))
	case name == imageName && host != image.Host:
		return "differs in upper and lower case"
	case name == imageName:
		return "is for other repositories, those that begin with " + strictyaml.Quoted(path)
	case strings.Contains(name, "*"):
		return wildcardDifference(name, imageName)
	}
	return cloudDifference(keyImage, image, backends)
}

func portName(port string) string {
	if port == "" {
		return "no port"
	}
	return "port " + port
}

// wildcardDifference returns the difference if name would match with a * for any number of labels, else
// "".
func wildcardDifference(name, imageName string) string {
	tail := name[strings.LastIndexByte(name, '*')+1:]
	labels, imageLabels := strings.Count(name, ".")+1, strings.Count(imageName, ".")+1
	if tail == "" || !strings.HasSuffix(imageName, tail) || labels == imageLabels {
		return ""
	}
	return fmt.Sprintf("has %d labels, the image's host %d, and each * is one label", labels, imageLabels)
}

// cloudDifference returns how two registries of one backend differ, "" if they are not of one.
func cloudDifference(key, image provider.Image, backends provider.Backends) string {
	owner, host := backends.Owner(key)
	imageOwner, imageHost := backends.Owner(image)
	switch {
	case owner == nil || owner != imageOwner:
		return ""
	case host.Account == "" || imageHost.Account == "": // of ECR's registries, the public one
		return "is another registry of the same provider"
	case host.Region != imageHost.Region:
		return fmt.Sprintf("is ECR of region %s, the image is in %s", host.Region, imageHost.Region)
	case host.Account != imageHost.Account:
		return fmt.Sprintf("is ECR of account %s, the image is in %s", host.Account, imageHost.Account)
	}
	return "is another name of the same ECR registry, and the kubelet goes by the name"
}
