package pullsecret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// Check returns all that keeps the Secret from working as a pull secret: its names and type, the encoding
// of its data, what dockerconfig.Check finds in the content, and what has expired by now. The Object of a
// finding is the Secret's String. The Field is auths["KEY"] for an entry of the Docker configuration.
// Texts show no secret.
func (s Secret) Check(now time.Time) []report.Finding {
	key := s.key()
	findings := slices.Concat(s.checkNames(), s.checkType(key), s.checkPlace(key))
	content, err := s.content(key)
	switch {
	case err != nil:
		findings = append(findings, refused(fmt.Errorf("%s is %w", key, err)))
	case len(content) > 0:
		findings = append(findings, checkDockerConfig(content, key == keyDockercfg)...)
		findings = append(findings, checkTokens(content, key == keyDockercfg, now)...)
	case s.has(key):
		findings = append(findings, refused(fmt.Errorf("%s is empty", key)))
	}
	findings = slices.Concat(findings, s.checkOthers(key), s.checkTimes(now))
	for i := range findings {
		findings[i].Object = s.String()
	}
	return findings
}

// checkDockerConfig returns the faults of dockerconfig.Check as findings. Those checks stay in that
// package: its Encode needs them, and so do the tests in the integration module, which compare them
// with the kubelet's own code. What is below provider imports nothing of cmd.
func checkDockerConfig(content []byte, legacy bool) []report.Finding {
	var findings []report.Finding
	for _, fault := range dockerconfig.Check(content, legacy) {
		finding := report.Finding{Place: entryPlace(fault.Key), Text: fault.Text, Fix: fault.Hint}
		if fault.Note {
			finding.Severity = report.Note
		}
		findings = append(findings, finding)
	}
	return findings
}

// entryPlace is the place of an entry of the Docker configuration. An empty key stands for the whole.
func entryPlace(key string) report.Place {
	if key == "" {
		return report.Place{}
	}
	return report.Place{Field: fmt.Sprintf("auths[%q]", key)}
}

// checkOthers checks the data beside the Docker configuration, and the size of all data.
func (s Secret) checkOthers(key string) []report.Finding {
	var findings []report.Finding
	size := 0
	for _, other := range s.keys() {
		content, err := s.content(other)
		if err != nil && other != key {
			findings = append(findings, refused(fmt.Errorf("%s is %w", strictyaml.DataKey(other), err)))
		}
		size += len(content)
	}
	if size > maxSecret {
		findings = append(findings, refused(fmt.Errorf("its data has %d bytes, more than the %d that a Secret may have", size, maxSecret)))
	}
	return findings
}

// refused is the fault of a Secret that the API server does not take.
func refused(err error) report.Finding {
	return report.Finding{Text: err.Error() + ": the API server refuses the Secret", Fix: provider.Hint(err)}
}

func (s Secret) checkNames() []report.Finding {
	var findings []report.Finding
	if err := kubename.CheckName(s.Name); err != nil {
		findings = append(findings, refused(unquoted(err, "the name", s.Name)))
	}
	if s.Namespace != "" {
		if err := kubename.CheckNamespace(s.Namespace); err != nil {
			findings = append(findings, refused(unquoted(err, "the namespace", s.Namespace)))
		}
	}
	return findings
}

// unquoted returns err, which quotes a text, or an error without the text if that may be anything.
func unquoted(err error, what, text string) error {
	if strictyaml.Word("", text) == "" {
		return errors.New(what + " has blanks or signs that none can have")
	}
	return err
}

// checkType checks the type, and that the key for that type exists.
func (s Secret) checkType(key string) []report.Finding {
	var findings []report.Finding
	switch {
	case !s.ofPullType():
		findings = append(findings, s.wrongType(key))
	case !s.has(key):
		fault := refused(fmt.Errorf("type %s without the key %s", s.kind, key))
		if keys := s.keys(); len(keys) > 0 {
			fault.Fix = "what it has is " + dataKeys(keys)
		}
		findings = append(findings, fault)
	}
	if s.kind == typeDockercfg {
		findings = append(findings, report.Finding{Severity: report.Note, Text: "type " + typeDockercfg + " is the old format of Docker; the kubelet reads it as well"})
	}
	if s.immutable {
		findings = append(findings, report.Finding{Severity: report.Note,
			Text: "it is immutable: it cannot be rotated in place, only deleted and created anew, after which the kubelet checks each image again"})
	}
	return findings
}

// shownType returns a type in quotes. A text that cannot be one is not shown.
func shownType(kind string) string {
	if strictyaml.Word("", kind) == "" {
		return "with blanks or signs that none has"
	}
	return strictyaml.Quoted(kind)
}

// wrongType is the fault of a type that the kubelet does not look at.
func (s Secret) wrongType(key string) report.Finding {
	fault := report.Finding{
		Text: fmt.Sprintf("type %s: the kubelet ignores it as a pull secret, without a word", shownType(s.kind)),
		Fix:  "a type cannot be changed: delete the Secret and create it with type " + typeDockerConfigJSON,
	}
	if s.kind == "" {
		fault.Text = "no type, which makes it Opaque: the kubelet ignores it as a pull secret, without a word"
	}
	switch key {
	case "":
		fault.Text += "; and it holds no Docker config"
	case keyDockercfg:
		fault.Fix = strings.ReplaceAll(fault.Fix, typeDockerConfigJSON, typeDockercfg)
	case keyDockerConfigJSON:
	default:
		fault.Fix += fmt.Sprintf(" and the key %s in place of %s", keyDockerConfigJSON, strictyaml.DataKey(key))
	}
	return fault
}

// checkPlace checks that the content of a key is in data, where it belongs.
func (s Secret) checkPlace(key string) []report.Finding {
	_, inData := s.data[key]
	_, inStringData := s.stringData[key]
	switch {
	case inData && inStringData:
		return []report.Finding{{
			Text: key + " is in data and in stringData: the API server takes that of stringData, also when data is rotated",
			Fix:  "leave stringData out",
		}}
	case inStringData:
		return []report.Finding{{Severity: report.Note, Text: key + " is in stringData: the manifest holds the password in plain text; the API server stores it as data"}}
	}
	return nil
}

// decodeData decodes a value of data as the API server does: base64 with padding, in which line breaks do
// not matter. The error completes "it is".
func decodeData(text string) ([]byte, error) {
	content, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err == nil:
		return content, nil
	case strings.HasPrefix(strings.TrimSpace(text), "{"):
		return nil, provider.WithHint(errors.New("JSON in data, not its base64"), "put its base64 there (base64 -w0), or the JSON in stringData")
	case strings.ContainsAny(text, " \t"):
		return nil, provider.WithHint(errors.New("not base64, with blanks in it, into which YAML turns the line ends of a folded text"),
			"write the base64 on one line (base64 -w0), or begin it with | in place of >")
	}
	return nil, provider.WithHint(errors.New("not base64"), "make it with base64 -w0")
}
