package provider

import (
	"errors"
	"strings"
	"unicode"
)

// An Image is an image reference without its tag and digest, split into the parts that decide about its
// credential.
type Image struct {
	// Host is the registry's host with its port, letter for letter as in the reference;
	// docker.io for Docker Hub's short forms.
	Host string
	// Repository is the path below the host, such as library/nginx.
	Repository string
}

// String returns the image's name as the kubelet writes it.
func (i Image) String() string { return i.Host + "/" + i.Repository }

// Hostname returns the lower-case host without its port, and the port ("" for none).
func (i Image) Hostname() (host, port string) {
	return splitPort(LowerHost(i.Host))
}

// LowerHost returns a host with its ASCII letters in lower case. Other characters stay: strings.ToLower
// turns the Kelvin sign into a k.
func LowerHost(host string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, host)
}

// splitPort cuts a port off a host. A bracketed IPv6 address keeps its brackets.
func splitPort(hostport string) (host, port string) {
	colon := strings.LastIndexByte(hostport, ':')
	if colon < 0 || strings.IndexByte(hostport[colon:], ']') >= 0 {
		return hostport, ""
	}
	return hostport[:colon], hostport[colon+1:]
}

// DockerHubHost is the host of Docker Hub's images, whatever the reference calls it.
const DockerHubHost = "docker.io"

// MisnamesHub reports whether a host is one that people mistake for the host of Docker Hub's images: that
// of another service of Docker Hub, or a pattern for these.
func MisnamesHub(host string) bool {
	switch LowerHost(host) {
	case "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com", "docker.com", "*.docker.io":
		return true
	}
	return false
}

// repositoryBytes can stand in a repository. Docker has more rules, and refuses capitals.
const repositoryBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"

// ParseImage splits an image reference. It expects the kubelet's normalised form
// (docker.io/library/nginx) and takes Docker's short forms (nginx, acme/app:1.2) as well.
// It does not check whether the host is plausible: no provider claims a strange one. The error says what
// the reference lacks.
func ParseImage(reference string) (Image, error) {
	if reference == "" {
		return Image{}, errors.New("the image is empty")
	}
	if strings.ContainsFunc(reference, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return Image{}, errors.New("the image contains white space or control characters")
	}
	host, repository := splitHost(reference)
	repository = cutTag(repository)
	if host == "" {
		return Image{}, errors.New("the image names no registry host")
	}
	if strings.Trim(repository, "/") == "" {
		return Image{}, errors.New("the image names no repository")
	}
	if strings.Trim(repository, repositoryBytes) != "" {
		return Image{}, errors.New("the image's repository holds other characters than letters, digits and . _ - /")
	}
	if host == DockerHubHost && !strings.Contains(repository, "/") {
		repository = "library/" + repository
	}
	return Image{Host: host, Repository: repository}, nil
}

// splitHost cuts a reference at the end of its host. As in Docker, the first part is a host
// if it is localhost or cannot be the name of a Docker Hub account.
func splitHost(reference string) (host, rest string) {
	first, rest, found := strings.Cut(reference, "/")
	switch {
	case !found:
		return DockerHubHost, reference
	case first == "index.docker.io":
		return DockerHubHost, rest
	case first != "" && first != "localhost" && strings.Trim(first, "abcdefghijklmnopqrstuvwxyz0123456789_-") == "":
		return DockerHubHost, reference
	}
	return first, rest
}

// cutTag removes :tag and @digest from a repository.
func cutTag(repository string) string {
	repository, _, _ = strings.Cut(repository, "@")
	if colon := strings.LastIndexByte(repository, ':'); colon > strings.LastIndexByte(repository, '/') {
		repository = repository[:colon]
	}
	return repository
}
