package pullsecret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// Check tells all that keeps the Secret from being a pull secret that works: its names and
// type, the encoding of its data, what dockerconfig.Check says of the content, and what has
// expired by now. Texts show no secret.
func (f Found) Check(now time.Time) []dockerconfig.Fault {
	key := f.key()
	faults := slices.Concat(f.checkNames(), f.checkType(key), f.checkPlace(key))
	content, err := f.content(key)
	switch {
	case err != nil:
		faults = append(faults, refused(fmt.Errorf("%s is %w", key, err)))
	case len(content) > 0:
		faults = append(faults, dockerconfig.Check(content, key == keyDockercfg)...)
		faults = append(faults, checkTokens(content, key == keyDockercfg, now)...)
	case f.has(key):
		faults = append(faults, refused(fmt.Errorf("%s is empty", key)))
	}
	return slices.Concat(faults, f.checkOthers(key), f.checkTimes(now))
}

// checkOthers looks at the data beside the Docker configuration, and at the size of it all.
func (f Found) checkOthers(key string) []dockerconfig.Fault {
	var faults []dockerconfig.Fault
	size := 0
	for _, other := range f.keys() {
		content, err := f.content(other)
		if err != nil && other != key {
			faults = append(faults, refused(fmt.Errorf("%s is %w", strictyaml.Quoted(other), err)))
		}
		size += len(content)
	}
	if size > maxSecret {
		faults = append(faults, refused(fmt.Errorf("its data has %d bytes, more than the %d that a Secret may have", size, maxSecret)))
	}
	return faults
}

// refused is the fault of a Secret that the API server does not take.
func refused(err error) dockerconfig.Fault {
	return dockerconfig.Fault{Text: err.Error() + ": the API server refuses the Secret", Hint: provider.Hint(err)}
}

func (f Found) checkNames() []dockerconfig.Fault {
	var faults []dockerconfig.Fault
	if err := kubename.CheckName(f.Name); err != nil {
		faults = append(faults, refused(err))
	}
	if f.Namespace != "" {
		if err := kubename.CheckNamespace(f.Namespace); err != nil {
			faults = append(faults, refused(err))
		}
	}
	return faults
}

// checkType looks at the type, and at whether the key is there that it asks for.
func (f Found) checkType(key string) []dockerconfig.Fault {
	var faults []dockerconfig.Fault
	switch {
	case !f.ofPullType():
		faults = append(faults, f.wrongType(key))
	case !f.has(key):
		fault := refused(fmt.Errorf("type %s without the key %s", f.kind, key))
		if keys := f.keys(); len(keys) > 0 {
			fault.Hint = "its keys are " + quoted(keys)
		}
		faults = append(faults, fault)
	}
	if f.kind == typeDockercfg {
		faults = append(faults, dockerconfig.Fault{Note: true, Text: "type " + typeDockercfg + " is the old format of Docker; the kubelet reads it as well"})
	}
	if f.immutable {
		faults = append(faults, dockerconfig.Fault{Note: true,
			Text: "it is immutable: it cannot be rotated in place, only deleted and created anew, after which the kubelet checks each image again"})
	}
	return faults
}

// wrongType is the fault of a type that the kubelet does not look at.
func (f Found) wrongType(key string) dockerconfig.Fault {
	fault := dockerconfig.Fault{
		Text: fmt.Sprintf("type %s: the kubelet ignores it as a pull secret, without a word", strconv.Quote(f.kind)),
		Hint: "a type cannot be changed: delete the Secret and create it with type " + typeDockerConfigJSON,
	}
	if f.kind == "" {
		fault.Text = "no type, which makes it Opaque: the kubelet ignores it as a pull secret, without a word"
	}
	switch key {
	case "":
		fault.Text += "; and it holds no Docker config"
	case keyDockercfg:
		fault.Hint = strings.ReplaceAll(fault.Hint, typeDockerConfigJSON, typeDockercfg)
	case keyDockerConfigJSON:
	default:
		fault.Hint += fmt.Sprintf(" and the key %s in place of %s", keyDockerConfigJSON, strictyaml.Quoted(key))
	}
	return fault
}

// checkPlace looks at whether the content of a key is in data, where it belongs.
func (f Found) checkPlace(key string) []dockerconfig.Fault {
	_, inData := f.data[key]
	_, inStringData := f.stringData[key]
	switch {
	case inData && inStringData:
		return []dockerconfig.Fault{{
			Text: key + " is in data and in stringData: the API server takes that of stringData, also when data is rotated",
			Hint: "leave stringData out",
		}}
	case inStringData:
		return []dockerconfig.Fault{{Note: true, Text: key + " is in stringData: the manifest holds the password in plain text; the API server stores it as data"}}
	}
	return nil
}

// decodeData decodes a value of data as the API server does: base64 with its padding, line
// ends left out. The error completes "it is".
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
