package config

import (
	"errors"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
)

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	letters = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// consists reports whether text is not empty and has only bytes of alphabet.
func consists(text, alphabet string) bool {
	return text != "" && strings.Trim(text, alphabet) == ""
}

func checkPath(path string) error {
	if !filepath.IsAbs(path) {
		return errors.New("must be an absolute path")
	}
	return nil
}

// checkTextfile refuses names that node_exporter's textfile collector does not read.
func checkTextfile(path string) error {
	if filepath.Ext(path) != ".prom" {
		return errors.New("must end in .prom, or node_exporter does not read it")
	}
	return checkPath(path)
}

func checkUsername(name string) error {
	if strings.Contains(name, ":") {
		return errors.New("must not contain a colon: the registry would take what follows for the password")
	}
	return nil
}

func checkRoleARN(arn string) error {
	parts := strings.Split(arn, ":")
	if len(parts) == 6 && parts[0] == "arn" &&
		strings.HasPrefix(parts[1], "aws") && consists(parts[1], lower+"-") &&
		parts[2] == "iam" && parts[3] == "" &&
		len(parts[4]) == 12 && consists(parts[4], digits) {
		name, isRole := strings.CutPrefix(parts[5], "role/")
		if isRole && consists(name, letters+digits+"+=,.@_-/") && !strings.HasSuffix(name, "/") {
			return nil
		}
	}
	return errors.New("must look like arn:aws:iam::123456789012:role/NAME")
}

func checkServiceAccount(email string) error {
	name, domain, _ := strings.Cut(email, "@")
	project, found := strings.CutSuffix(domain, ".gserviceaccount.com")
	if found && consists(name, letters+digits+"-.") && consists(project, letters+digits+"-.") {
		return nil
	}
	return errors.New("must be the e-mail address of a service account, such as puller@project.iam.gserviceaccount.com")
}

// checkEndpoint gives nothing of the URL away, there might be a password in it.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return errors.New("must be a URL such as https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com")
	}
	if u.User != nil || strings.ContainsAny(endpoint, "?#") {
		return errors.New("must be a URL without user, query and fragment")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return errors.New("must be an https URL; http is for loopback hosts only")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || strings.EqualFold(host, "localhost")
}
