//go:build e2e

package e2e_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/pullpass/pullpass/integration/cluster"
)

// metadata is that of an object.
type metadata struct {
	Name            string
	Namespace       string
	UID             string
	ResourceVersion string
	Labels          map[string]string
	Annotations     map[string]string
}

// A secret is a Secret of the type kubernetes.io/dockerconfigjson.
type secret struct {
	Metadata metadata
	Type     string
	Data     struct {
		Config []byte `json:".dockerconfigjson"`
	}
}

type login struct{ Username, Password string }

// logins returns the Secret's logins by host.
func (s secret) logins(t *testing.T) map[string]login {
	t.Helper()
	var config struct{ Auths map[string]login }
	if err := json.Unmarshal(s.Data.Config, &config); err != nil {
		t.Fatal(err)
	}
	return config.Auths
}

// password returns the password for a host.
func (s secret) password(t *testing.T, host string) string {
	t.Helper()
	login, found := s.logins(t)[host]
	if !found || s.Type != "kubernetes.io/dockerconfigjson" {
		t.Fatalf("the Secret of type %q has no login for %s", s.Type, host)
	}
	return login.Password
}

// A serviceAccount is a ServiceAccount.
type serviceAccount struct {
	Metadata         metadata
	ImagePullSecrets []struct{ Name string }
	Automount        *bool `json:"automountServiceAccountToken"`
}

// pullSecrets returns the names of the account's pull secrets.
func (a serviceAccount) pullSecrets() []string {
	var names []string
	for _, entry := range a.ImagePullSecrets {
		names = append(names, entry.Name)
	}
	return names
}

// get reads an object from the cluster, of a kind of v1.
func get[T any](t *testing.T, user *cluster.Client, kind, namespace, name string) T {
	t.Helper()
	return parse[T](t, string(user.Do(t, http.MethodGet, user.Path(t, "v1", kind, namespace)+"/"+name, cluster.JSON, "")))
}

// A manifest is of one object.
type manifest struct {
	content  string // JSON
	path     string // of the API, for all objects of the kind
	metadata metadata
}

// manifestsOf returns those of a text of YAML or JSON. Who names no namespace means this one.
func manifestsOf(t *testing.T, user *cluster.Client, namespace, text string) []manifest {
	t.Helper()
	var manifests []manifest
	for _, content := range parseAll[json.RawMessage](t, text) {
		object := parse[struct {
			APIVersion, Kind string
			Metadata         metadata
		}](t, string(content))
		if object.Kind == "" { // no more than comments
			continue
		}
		path := user.Path(t, object.APIVersion, object.Kind, cmp.Or(object.Metadata.Namespace, namespace))
		manifests = append(manifests, manifest{string(content), path, object.Metadata})
	}
	return manifests
}

// createAll makes the objects of a text.
func createAll(t *testing.T, user *cluster.Client, namespace, text string) {
	t.Helper()
	for _, m := range manifestsOf(t, user, namespace, text) {
		user.Do(t, http.MethodPost, m.path, cluster.JSON, m.content)
	}
}

// applyAll makes the objects of a text, or makes them so if they are there.
func applyAll(t *testing.T, user *cluster.Client, namespace, text string) {
	t.Helper()
	for _, m := range manifestsOf(t, user, namespace, text) {
		user.Do(t, http.MethodPatch, m.path+"/"+m.metadata.Name+"?fieldManager=test", cluster.Apply, m.content)
	}
}

// deleteAll deletes the objects of a text. They are gone at once, unless they are pods that run.
func deleteAll(t *testing.T, user *cluster.Client, namespace, text string) {
	t.Helper()
	for _, m := range manifestsOf(t, user, namespace, text) {
		user.Do(t, http.MethodDelete, m.path+"/"+m.metadata.Name, cluster.JSON, "")
	}
}

// parse reads the only object, or the first, of a text of YAML or JSON.
func parse[T any](t *testing.T, text string) T {
	t.Helper()
	objects := parseAll[T](t, text)
	if len(objects) == 0 {
		t.Fatal("there is no object")
	}
	return objects[0]
}

// parseAll reads the objects of a text of YAML or JSON.
func parseAll[T any](t *testing.T, text string) []T {
	t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	var objects []T
	for {
		var object T
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
}
