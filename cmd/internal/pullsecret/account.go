package pullsecret

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// Accounts are service accounts as `kubectl get serviceaccount -o yaml` gives them, or as a
// manifest has them.
type Accounts struct {
	file     string
	accounts []account
}

type account struct {
	namespace, name string // the namespace may be ""
	pullSecrets     []string
	root            *yaml.Node
}

// ParseAccounts reads the service accounts in data, YAML or JSON: documents and items of
// Lists. Other kinds are ignored. It is an error if there is no account, or one twice. The error names
// file, line and field.
func ParseAccounts(file string, data []byte) (Accounts, error) {
	objects, err := read(file, data, "ServiceAccount")
	if err != nil {
		return Accounts{}, err
	}
	if len(objects) == 0 {
		return Accounts{}, provider.WithHint(fmt.Errorf("%s: there is no service account in it", file), kubectlAccount("", "NAME"))
	}
	a := Accounts{file: file}
	for _, object := range objects {
		parsed, err := parseAccount(object)
		if err != nil {
			return Accounts{}, err
		}
		if _, twice := a.find(parsed.namespace, parsed.name); twice {
			return Accounts{}, object.Get("metadata").Get("name").Errorf("service account %s is given twice", fullName(parsed.namespace, parsed.name))
		}
		a.accounts = append(a.accounts, parsed)
	}
	return a, nil
}

func parseAccount(object strictyaml.Value) (account, error) {
	namespace, name, err := identity(object)
	if err != nil {
		return account{}, err
	}
	if _, err := object.Get("metadata").Get("annotations").Texts(); err != nil {
		return account{}, err
	}
	parsed := account{namespace: namespace, name: name, root: object.Node}
	entries, err := object.Get("imagePullSecrets").Items()
	if err != nil {
		return account{}, err
	}
	for _, entry := range entries {
		// The API server takes an entry without a name, and the kubelet passes it over.
		fields, err := entry.Texts()
		if err != nil {
			return account{}, err
		}
		members, err := entry.Members()
		if err != nil {
			return account{}, err
		}
		for _, member := range members {
			if member.Key.Value != "name" {
				return account{}, member.Errorf("unknown field, known is name")
			}
		}
		parsed.pullSecrets = append(parsed.pullSecrets, fields["name"])
	}
	return parsed, nil
}

// identity returns the namespace, which may be "", and the name in an object's metadata.
func identity(object strictyaml.Value) (namespace, name string, err error) {
	metadata := object.Get("metadata")
	if _, err := metadata.Members(); err != nil {
		return "", "", err
	}
	if namespace, err = metadata.Get("namespace").Text(); err != nil {
		return "", "", err
	}
	if name, err = metadata.Get("name").Text(); err != nil {
		return "", "", err
	}
	if name == "" {
		return "", "", metadata.Get("name").Errorf("missing")
	}
	return namespace, name, nil
}

// Attach returns a service account with secretName added to its pull secrets, as a manifest
// for `kubectl apply`, client-side or server-side. attached reports that the account already has the
// secret. An account without a namespace gets the given one, which may be "". It is an error if there is
// no such account.
//
// imagePullSecrets is an atomic list: an apply replaces all of it, so the manifest has the whole list. It
// also has the resourceVersion of the account that was read. With it, the API server refuses the manifest
// if somebody has changed the account since.
//
// The account's other fields are in the manifest only if client-side apply keeps a record of them: it
// would remove a field that is in its record and not in the manifest. Otherwise they are left out. A
// server-side apply makes its field manager an owner of every field in the manifest, and other owners
// could then neither change nor remove these.
func (a Accounts) Attach(namespace, name, secretName string) (object Object, attached bool, err error) {
	found, ok := a.find(namespace, name)
	if !ok {
		if found, ok = a.find("", name); !ok {
			return Object{}, false, a.missing(namespace, name)
		}
		found.root = with(found.root, "metadata", with(get(found.root, "metadata"), "namespace", text(namespace)))
	}
	root := applicable(found.root)
	if slices.Contains(found.pullSecrets, secretName) {
		return Object{root}, true, nil
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if before := get(root, "imagePullSecrets"); before != nil {
		list.Content = slices.Clone(before.Content)
	}
	list.Content = append(list.Content, mapping("name", text(secretName)))
	return Object{with(root, "imagePullSecrets", list)}, false, nil
}

func (a Accounts) find(namespace, name string) (account, bool) {
	i := slices.IndexFunc(a.accounts, func(c account) bool { return c.namespace == namespace && c.name == name })
	if i < 0 {
		return account{}, false
	}
	return a.accounts[i], true
}

// missing returns the error for an account that does not exist.
func (a Accounts) missing(namespace, name string) error {
	full := fullName(namespace, name)
	if namespace == "" {
		for _, other := range a.accounts {
			if other.name == name {
				return provider.WithHint(fmt.Errorf("attach to service account %s: in %s it is in namespace %s, and no namespace is asked for", full, a.file, other.namespace),
					"name the namespace: -n "+other.namespace)
			}
		}
	}
	return provider.WithHint(fmt.Errorf("attach to service account %s: it is not in %s", full, a.file), kubectlAccount(namespace, name))
}

func kubectlAccount(namespace, name string) string {
	command := "kubectl get serviceaccount " + name
	if namespace != "" {
		command += " -n " + namespace
	}
	return "give what this prints: " + command + " -o yaml"
}

func fullName(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// lastApplied is where client-side apply keeps what it applied last.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// applicable returns the fields of an account that an apply needs beside the list; see Attach. An account
// that does not come from the API server is its owner's manifest: it stays whole.
func applicable(root *yaml.Node) *yaml.Node {
	metadata := get(root, "metadata")
	if get(metadata, "resourceVersion") != nil && get(get(metadata, "annotations"), lastApplied) == nil {
		return only(with(root, "metadata", only(metadata, "name", "namespace", "resourceVersion")),
			"apiVersion", "kind", "metadata", "imagePullSecrets")
	}
	return withoutServerFields(root)
}

// withoutServerFields returns an account without the fields that only the API server sets, and without
// the record of client-side apply, which the apply writes itself.
func withoutServerFields(root *yaml.Node) *yaml.Node {
	metadata := without(get(root, "metadata"), "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields", "selfLink")
	if annotations := get(metadata, "annotations"); annotations != nil {
		annotations = without(annotations, lastApplied)
		if len(annotations.Content) > 0 {
			metadata = with(metadata, "annotations", annotations)
		} else {
			metadata = without(metadata, "annotations")
		}
	}
	return with(root, "metadata", metadata)
}
