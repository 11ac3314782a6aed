package provider

import "strings"

// Hosts are the forms that the host names of a backend's registries have. The backend answers for no
// other hosts.
type Hosts []Row

// A Row is one form of host names.
type Row struct {
	// Pattern is matched against the whole name, label by label: {account} is a 12-digit AWS
	// account, {region} one of Regions, {location} any one label.
	Pattern string
	// Regions reports whether {region} can stand for a label. Nil if there is no {region}.
	Regions func(label string) bool
	// Host is what all hosts of this form have in common.
	Host Host
}

// A Host is what a registry's host name says about it.
type Host struct {
	Account string // the AWS account in the name; "" for none
	Region  string // the region in the name, or the one of the row; "" for none
	Variant string // which of its API's endpoints the name asks for, as the backend calls it; "" for the usual one
	Public  bool   // the registry also serves images to those without a credential
}

// Lookup returns what the image's host name says, false if none of the rows has that form. Hosts match
// without regard to case. With a port other than 443, no host matches: these registries have no service
// there.
func (h Hosts) Lookup(image Image) (Host, bool) {
	name, port := image.Hostname()
	if port != "" && port != "443" || strings.HasSuffix(image.Host, ":") {
		return Host{}, false
	}
	for i := range h {
		if host, ok := h[i].match(name); ok {
			return host, true
		}
	}
	return Host{}, false
}

// Patterns returns a pattern for each row: *.dkr.ecr.*.amazonaws.com.
func (h Hosts) Patterns() []string {
	var patterns []string
	for _, row := range h {
		labels := strings.Split(row.Pattern, ".")
		for i, label := range labels {
			if label[0] == '{' {
				labels[i] = "*"
			}
		}
		patterns = append(patterns, strings.Join(labels, "."))
	}
	return patterns
}

// match returns what a name says, false if it has not the form of the row. It allocates nothing, since it
// runs for each row before each pull.
func (r *Row) match(name string) (Host, bool) {
	host := r.Host
	pattern, more := r.Pattern, true
	for more {
		var want, label string
		var moreLabels bool
		want, pattern, more = strings.Cut(pattern, ".")
		label, name, moreLabels = strings.Cut(name, ".")
		if more != moreLabels || !r.matchLabel(want, label) {
			return Host{}, false
		}
		switch want {
		case "{account}":
			host.Account = label
		case "{region}":
			host.Region = label
		}
	}
	return host, true
}

func (r *Row) matchLabel(want, label string) bool {
	switch want {
	case "{account}":
		return len(label) == 12 && strings.Trim(label, "0123456789") == ""
	case "{region}":
		return r.Regions != nil && r.Regions(label)
	case "{location}":
		return isLabel(label)
	}
	return label == want
}

// isLabel reports whether name is a lower-case DNS label.
func isLabel(name string) bool {
	return name != "" && len(name) <= 63 && name[0] != '-' && name[len(name)-1] != '-' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
