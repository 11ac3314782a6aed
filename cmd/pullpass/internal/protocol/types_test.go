package protocol

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	v1 "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
	"k8s.io/kubelet/pkg/apis/credentialprovider/v1alpha1"
	"k8s.io/kubelet/pkg/apis/credentialprovider/v1beta1"

	"github.com/pullpass/pullpass/provider"
)

// TestRequestIsTheKubelets reads what the kubelet's types write.
func TestRequestIsTheKubelets(t *testing.T) {
	const image = "docker.io/library/nginx"
	meta := func(version string) metav1.TypeMeta {
		return metav1.TypeMeta{Kind: requestKind, APIVersion: group + "/" + version}
	}
	for version, request := range map[string]any{
		"v1":       v1.CredentialProviderRequest{TypeMeta: meta("v1"), Image: image, ServiceAccountAnnotations: map[string]string{"a": "b"}},
		"v1beta1":  v1beta1.CredentialProviderRequest{TypeMeta: meta("v1beta1"), Image: image},
		"v1alpha1": v1alpha1.CredentialProviderRequest{TypeMeta: meta("v1alpha1"), Image: image},
	} {
		data, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(data)
		want := Request{APIVersion: group + "/" + version, Image: provider.Image{Host: "docker.io", Repository: "library/nginx"}}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
	}
	// Whoever sets all fields sets ours too, under the same names.
	full := v1.CredentialProviderRequest{TypeMeta: meta("v1"), Image: image, ServiceAccountToken: "token"}
	data, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	form, err := decodeRequest(data)
	if err != nil {
		t.Fatal(err)
	}
	if want := (requestForm{requestKind, group + "/v1", image, "token"}); form != want {
		t.Errorf("%+v, want %+v", form, want)
	}
}

// TestResponseIsTheKubelets compares with what the kubelet's types write, byte for byte, and
// has them read it.
func TestResponseIsTheKubelets(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	image := provider.Image{Host: "docker.io", Repository: "acme/app"}
	credential := &provider.Credential{Username: "me", Password: provider.NewSecret("p<&>\u2028"), Expires: now.Add(37*time.Minute + 9*time.Second)}
	for name, c := range map[string]struct {
		answer Answer
		want   v1.CredentialProviderResponse
	}{
		"none": {Answer{RepositoryOnly: true}, v1.CredentialProviderResponse{
			CacheKeyType:  v1.ImagePluginCacheKeyType,
			CacheDuration: &metav1.Duration{Duration: time.Minute},
		}},
		"credential": {Answer{Credential: credential, AnonymousKey: "*.io"}, v1.CredentialProviderResponse{
			CacheKeyType:  v1.RegistryPluginCacheKeyType,
			CacheDuration: &metav1.Duration{Duration: 18*time.Minute + 34*time.Second},
			Auth: map[string]v1.AuthConfig{
				"docker.io": {Username: "me", Password: "p<&>\u2028"},
				"*.io":      {},
			},
		}},
	} {
		for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
			c.want.TypeMeta = metav1.TypeMeta{Kind: responseKind, APIVersion: group + "/" + version}
			want, err := json.Marshal(c.want)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			err = Write(&got, Request{APIVersion: group + "/" + version, Image: image}, c.answer, now)
			if err != nil || got.String() != string(want)+"\n" {
				t.Errorf("%s: %v\n%swant\n%s", name, err, got.String(), want)
			}
			for _, response := range []any{new(v1.CredentialProviderResponse), new(v1beta1.CredentialProviderResponse), new(v1alpha1.CredentialProviderResponse)} {
				decoder := json.NewDecoder(strings.NewReader(got.String()))
				decoder.DisallowUnknownFields()
				if err := decoder.Decode(response); err != nil {
					t.Errorf("%s: %T: %v", name, response, err)
				}
			}
		}
	}
}

// TestFieldsAreTheKubelets notices fields that a newer version of the protocol has.
func TestFieldsAreTheKubelets(t *testing.T) {
	for _, c := range []struct {
		ours, kubelets any
		unused         []string // of the kubelet's fields
	}{
		{jsonRequest{}, v1.CredentialProviderRequest{}, []string{"serviceAccountAnnotations"}},
		{jsonResponse{}, v1.CredentialProviderResponse{}, nil},
		{jsonAuth{}, v1.AuthConfig{}, nil},
	} {
		got := append(fields(reflect.TypeOf(c.ours)), c.unused...)
		want := fields(reflect.TypeOf(c.kubelets))
		if !sameElements(got, want) {
			t.Errorf("%T has the fields %q, the kubelet's %q", c.ours, got, want)
		}
	}
}

// fields returns the names of a struct's fields in JSON.
func fields(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		if field.Anonymous {
			names = append(names, fields(field.Type)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func sameElements(a, b []string) bool {
	count := map[string]int{}
	for _, x := range a {
		count[x]++
	}
	for _, x := range b {
		count[x]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}
