package provider

import "strings"

// The names of the backends, as the config and the scopes write them.
const (
	ECR       = "ecr"
	Google    = "gcr"
	DockerHub = "dockerhub"
)

// A Host is what a registry's host name says about it.
type Host struct {
	Provider  string // ECR, Google or DockerHub
	Region    string // ECR: the region in the name, or us-east-1 for ECR Public
	FIPS      bool   // ECR: the name asks for the FIPS endpoint
	DualStack bool   // ECR: the name asks for the dual-stack endpoint
	Public    bool   // the registry also serves images to those without a credential
}

// hostRow is a row of the table of hosts. A pattern is matched against the whole name, label
// by label: {account} is a 12-digit AWS account, {region} a region of the row's partition,
// {location} any one label.
type hostRow struct {
	pattern   string
	partition string
	host      Host
}

// hostTable is the one place that says which host belongs to whom. What is not in it, no
// built-in provider answers for.
//
// ECR: https://docs.aws.amazon.com/general/latest/gr/ecr.html and the partitions of the SDK.
// Google: https://cloud.google.com/artifact-registry/docs/transition/gcr-domains.
func hostTable() []hostRow {
	var (
		ecr     = Host{Provider: ECR}
		fips    = Host{Provider: ECR, FIPS: true}
		dual    = Host{Provider: ECR, DualStack: true}
		dualFIP = Host{Provider: ECR, FIPS: true, DualStack: true}
		public  = Host{Provider: ECR, Region: "us-east-1", Public: true}
		google  = Host{Provider: Google}
		hub     = Host{Provider: DockerHub, Public: true}
	)
	return []hostRow{
		{"{account}.dkr.ecr.{region}.amazonaws.com", "aws", ecr},
		{"{account}.dkr.ecr-fips.{region}.amazonaws.com", "aws", fips},
		{"{account}.dkr-ecr.{region}.on.aws", "aws", dual},
		{"{account}.dkr-ecr-fips.{region}.on.aws", "aws", dualFIP},
		{"{account}.dkr.ecr.{region}.amazonaws.com.cn", "aws-cn", ecr},
		{"{account}.dkr-ecr.{region}.on.amazonwebservices.com.cn", "aws-cn", dual},
		{"{account}.dkr.ecr.{region}.amazonaws.eu", "aws-eusc", ecr},
		{"{account}.dkr-ecr.{region}.on.amazonwebservices.eu", "aws-eusc", dual},
		{"{account}.dkr.ecr.{region}.c2s.ic.gov", "aws-iso", ecr},
		{"{account}.dkr.ecr.{region}.sc2s.sgov.gov", "aws-iso-b", ecr},
		{"{account}.dkr.ecr.{region}.cloud.adc-e.uk", "aws-iso-e", ecr},
		{"{account}.dkr.ecr.{region}.csp.hci.ic.gov", "aws-iso-f", ecr},
		{"public.ecr.aws", "", public},
		{"ecr-public.aws.com", "", public},
		{"gcr.io", "", google},
		{"{location}.gcr.io", "", google},
		{"{location}.pkg.dev", "", google},
		{DockerHubHost, "", hub},
	}
}

// partition names the AWS partition of a region by the region's prefix; a prefix that no
// other partition has is the commercial or the US government one, which share their hosts.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	case strings.HasPrefix(region, "us-iso-"):
		return "aws-iso"
	case strings.HasPrefix(region, "us-isob-"):
		return "aws-iso-b"
	case strings.HasPrefix(region, "eu-isoe-"):
		return "aws-iso-e"
	case strings.HasPrefix(region, "us-isof-"):
		return "aws-iso-f"
	}
	return "aws"
}

// LookupHost finds the image's host in the table. Hosts match without regard to case. A port
// other than 443 is nobody's: the registries of the table have no service there.
func LookupHost(image Image) (Host, bool) {
	name, port := image.Hostname()
	if port != "" && port != "443" || strings.HasSuffix(image.Host, ":") {
		return Host{}, false
	}
	labels := strings.Split(name, ".")
	for _, row := range hostTable() {
		if host, ok := row.match(labels); ok {
			return host, true
		}
	}
	return Host{}, false
}

func (r hostRow) match(labels []string) (Host, bool) {
	want := strings.Split(r.pattern, ".")
	if len(want) != len(labels) {
		return Host{}, false
	}
	host := r.host
	for i, label := range labels {
		if !r.matchLabel(want[i], label) {
			return Host{}, false
		}
		if want[i] == "{region}" {
			host.Region = label
		}
	}
	return host, true
}

func (r hostRow) matchLabel(want, label string) bool {
	switch want {
	case "{account}":
		return len(label) == 12 && strings.Trim(label, "0123456789") == ""
	case "{region}":
		return isRegion(label) && partition(label) == r.partition
	case "{location}":
		return isLabel(label)
	}
	return label == want
}

// isRegion reports whether name has the form of an AWS region, such as us-gov-west-1. It
// becomes part of the name of the host that is asked for a token.
func isRegion(name string) bool {
	parts := strings.Split(name, "-")
	if len(parts) < 3 {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[:last] {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") != "" {
			return false
		}
	}
	return parts[last] != "" && strings.Trim(parts[last], "0123456789") == ""
}

// isLabel reports whether name is a lower-case DNS label.
func isLabel(name string) bool {
	return name != "" && len(name) <= 63 && name[0] != '-' && name[len(name)-1] != '-' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
