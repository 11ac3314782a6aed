package ecr

import (
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// A partition is a part of AWS that shares nothing with the others but the protocols.
type partition struct {
	prefix string // of its regions
	domain string // of its registries, and of the APIs of its services

	dualStackAPI      string // the domain of the APIs with IPv6
	dualStackRegistry string // the domain of registries with IPv6; "" if there are none
	fips              bool   // it has registries with a FIPS endpoint
}

// partitions says which hosts are ECR's and where its API is. The last one takes the regions
// that no other does: it stands for the commercial partition and the US government's, which
// share their domains.
//
// Hosts: https://docs.aws.amazon.com/general/latest/gr/ecr.html. Domains of the APIs and regions:
// the partitions of the SDK, which the tests compare with.
var partitions = [...]partition{
	{prefix: "cn-", domain: "amazonaws.com.cn", dualStackAPI: "api.amazonwebservices.com.cn", dualStackRegistry: "on.amazonwebservices.com.cn"},
	{prefix: "eusc-", domain: "amazonaws.eu", dualStackAPI: "api.amazonwebservices.eu", dualStackRegistry: "on.amazonwebservices.eu"},
	{prefix: "us-iso-", domain: "c2s.ic.gov", dualStackAPI: "api.aws.ic.gov"},
	{prefix: "us-isob-", domain: "sc2s.sgov.gov", dualStackAPI: "api.aws.scloud"},
	{prefix: "eu-isoe-", domain: "cloud.adc-e.uk", dualStackAPI: "api.cloud-aws.adc-e.uk"},
	{prefix: "us-isof-", domain: "csp.hci.ic.gov", dualStackAPI: "api.aws.hci.ic.gov"},
	{prefix: "", domain: "amazonaws.com", dualStackAPI: "api.aws", dualStackRegistry: "on.aws", fips: true},
}

// The variants of a registry's host. The scope shows them.
const (
	variantFIPS      = "fips"
	variantDualStack = "dual-stack"
	variantBoth      = "fips,dual-stack"
)

// hosts returns the hosts of ECR in all partitions, and of ECR Public.
func hosts() provider.Hosts {
	rows := make(provider.Hosts, 0, 2*len(partitions)+4)
	for i := range partitions {
		p := &partitions[i]
		add := func(service, domain, variant string) {
			rows = append(rows, provider.Row{
				Pattern: "{account}." + service + ".{region}." + domain,
				Regions: p.has,
				Host:    provider.Host{Variant: variant},
			})
		}
		add("dkr.ecr", p.domain, "")
		if p.fips {
			add("dkr.ecr-fips", p.domain, variantFIPS)
		}
		if p.dualStackRegistry != "" {
			add("dkr-ecr", p.dualStackRegistry, variantDualStack)
		}
		if p.fips && p.dualStackRegistry != "" {
			add("dkr-ecr-fips", p.dualStackRegistry, variantBoth)
		}
	}
	// https://docs.aws.amazon.com/AmazonECR/latest/public/public-registries.html has the hosts of ECR Public.
	public := provider.Host{Region: "us-east-1", Public: true}
	publicDualStack := provider.Host{Region: "us-east-1", Public: true, Variant: variantDualStack}
	return append(rows,
		provider.Row{Pattern: "public.ecr.aws", Host: public},
		provider.Row{Pattern: "ecr-public.aws.com", Host: publicDualStack})
}

func isFIPS(host provider.Host) bool {
	return host.Variant == variantFIPS || host.Variant == variantBoth
}

func isDualStack(host provider.Host) bool {
	return host.Variant == variantDualStack || host.Variant == variantBoth
}

// has reports whether a label is a region of the partition.
func (p *partition) has(label string) bool {
	return partitionOf(label) == p && isRegion(label)
}

// partitionOf returns the partition of a region, which need not exist yet.
func partitionOf(region string) *partition {
	i := 0
	for !strings.HasPrefix(region, partitions[i].prefix) { // the last one takes all
		i++
	}
	return &partitions[i]
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
