package provider

import (
	"path"
	"strings"
)

// Sample returns an image that the pattern selects and whose host is one of hosts. It makes up an AWS
// account and a Google location: no credential depends on them. It also makes up the repository, on which
// a credential of Docker Hub can depend. It returns false if the pattern selects none of the hosts, or
// leaves the region open.
func (p Pattern) Sample(hosts Hosts) (Image, bool) {
	for i := range hosts {
		if host, ok := p.sampleHost(&hosts[i]); ok {
			image := Image{Host: host, Repository: p.sampleRepository()}
			_, served := hosts.Lookup(image)
			return image, served && p.Match(image)
		}
	}
	return Image{}, false
}

// Image returns an image that the pattern selects, false if the pattern has a wildcard. The repository may
// be made up, as in Sample.
func (p Pattern) Image() (Image, bool) {
	host, _, _ := strings.Cut(p.text, "/")
	return Image{Host: host, Repository: p.sampleRepository()}, !strings.Contains(p.text, "*")
}

// sampleHost returns a host of row that the pattern matches.
func (p Pattern) sampleHost(row *Row) (string, bool) {
	want := strings.Split(row.Pattern, ".")
	if len(want) != len(p.labels) {
		return "", false
	}
	labels := make([]string, len(want))
	for i, glob := range p.labels {
		labels[i] = sampleLabel(glob, want[i])
		if !row.matchLabel(want[i], labels[i]) {
			return "", false
		}
	}
	host := strings.Join(labels, ".")
	if p.port != "" {
		host += ":" + p.port
	}
	return host, true
}

// sampleLabel returns a label that matches glob, for a row that has want in its place. If there is none, it
// returns one that the row does not match.
func sampleLabel(glob, want string) string {
	if !strings.Contains(glob, "*") {
		return glob
	}
	switch want {
	case "{account}":
		return strings.ReplaceAll(strings.Replace(glob, "*", strings.Repeat("0", max(0, 12-literals(glob))), 1), "*", "")
	case "{location}":
		if label := strings.ReplaceAll(glob, "*", ""); isLabel(label) {
			return label
		}
		return strings.ReplaceAll(glob, "*", "us")
	case "{region}":
		return ""
	}
	if matched, err := path.Match(glob, want); err == nil && matched {
		return want
	}
	return ""
}

// literals is the number of bytes in glob that are no wildcards.
func literals(glob string) int { return len(glob) - strings.Count(glob, "*") }

// sampleRepository returns a repository that begins with the pattern's path. A path with a slash inside
// may be a whole repository.
func (p Pattern) sampleRepository() string {
	repository := strings.TrimPrefix(p.path, "/")
	switch {
	case repository == "":
		return "any/image"
	case strings.HasSuffix(repository, "/"):
		return repository + "image"
	case !strings.Contains(repository, "/"):
		return repository + "/image"
	}
	return repository
}
