package protocol

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullpass/pullpass/provider"
)

const v1Request = `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"gcr.io/p/app"}`

func TestParse(t *testing.T) {
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		data := strings.Replace(v1Request, "/v1", "/"+version, 1)
		request, err := parse([]byte(" \n" + data + "\r\n"))
		want := Request{APIVersion: "credentialprovider.kubelet.k8s.io/" + version, Image: provider.Image{Host: "gcr.io", Repository: "p/app"}}
		if err != nil || request != want {
			t.Errorf("%s: %+v, %v", version, request, err)
		}
	}
	grown := strings.Replace(v1Request, `"image"`, `"podName":"x","serviceAccountAnnotations":{"a":"b"},"image"`, 1)
	if _, err := parse([]byte(grown)); err != nil {
		t.Errorf("a request with unknown fields: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"empty":           {"", "it is empty"},
		"white space":     {" \n\t", "it is empty"},
		"garbage":         {"\x01\x02garbage", "it is not JSON (byte 1)"},
		"not UTF-8":       {"{\"image\":\"\xff\"}", "it is not UTF-8"},
		"YAML":            {"kind: CredentialProviderRequest\n", "it is not JSON (byte 1)"},
		"YAML documents":  {"---\n", "it is not JSON (byte 2)"},
		"BOM":             {"\ufeff" + v1Request, "it begins with a byte order mark; JSON is plain UTF-8"},
		"two objects":     {v1Request + v1Request, "it goes on after its JSON object"},
		"trailing text":   {v1Request + "x", "it goes on after its JSON object"},
		"cut off":         {v1Request[:60], "its JSON is cut off"},
		"an array":        {"[]", "it is a JSON array, not an object"},
		"a string":        {`"secret"`, "it is a JSON string, not an object"},
		"null":            {"null", `its kind is "", not CredentialProviderRequest`},
		"too large":       {v1Request + strings.Repeat(" ", maxRequest), "it is larger than 1 MiB"},
		"wrong kind":      {strings.Replace(v1Request, "CredentialProviderRequest", "Pod", 1), `its kind is "Pod", not CredentialProviderRequest`},
		"response":        {strings.Replace(v1Request, "Request", "Response", 1), `its kind is "CredentialProviderResponse", not CredentialProviderRequest`},
		"unknown version": {strings.Replace(v1Request, "/v1", "/v2", 1), `its apiVersion is "credentialprovider.kubelet.k8s.io/v2", not credentialprovider.kubelet.k8s.io/v1, v1beta1 or v1alpha1`},
		"other group":     {strings.Replace(v1Request, "credentialprovider.kubelet", "x", 1), `its apiVersion is "x.k8s.io/v1", not credentialprovider.kubelet.k8s.io/v1, v1beta1 or v1alpha1`},
		"no image":        {strings.Replace(v1Request, `"image"`, `"picture"`, 1), "the image is empty"},
		"image ///":       {strings.Replace(v1Request, "gcr.io/p/app", "///", 1), "the image names no registry host"},
		"image of number": {strings.Replace(v1Request, `"gcr.io/p/app"`, "7", 1), "its field image is a JSON number"},
		"kind of number":  {`{"kind":7}`, "its field kind is a JSON number"},
		"image with line": {strings.Replace(v1Request, "gcr.io/p/app", `gcr.io/p\napp`, 1), "the image contains white space or control characters"},
	} {
		_, err := parse([]byte(c.in))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestServiceAccountToken: a token that is not used must not end in the node's identity.
func TestServiceAccountToken(t *testing.T) {
	const token = "pod-identity-canary"
	_, err := parse([]byte(strings.Replace(v1Request, `"image"`, `"serviceAccountToken":"`+token+`","image"`, 1)))
	if err == nil || strings.Contains(err.Error(), token) || !strings.Contains(provider.Hint(err), "tokenAttributes") {
		t.Errorf("%v, hint %s", err, provider.Hint(err))
	}
}

// TestReadNeverClosed has a stdin that nobody closes, and a fake clock.
func TestReadNeverClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out := io.Pipe()
		defer out.Close()
		go io.WriteString(out, v1Request)
		_, err := Read(context.Background(), in, time.Now)
		if err == nil || err.Error() != "stdin was not closed within 10s" {
			t.Error(err)
		}
	})
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken pipe")
	in, out := io.Pipe()
	out.CloseWithError(broken)
	if _, err := Read(context.Background(), in, time.Now); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(v1Request))
	f.Add([]byte(`{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1beta1","image":"[::1]:5000/a@b"}`))
	for _, data := range []string{
		"{}{}", "null", "null x", "[]", "1x", `{"KIND":"a","Image":null,"\u017ferviceAccountToken":true}`,
		`{"kind":"a","kind":[1],"image":{}}x`, `{"image":1,"kind":"\ud800"} `, `{"kind`, `{"":{"kind":1}}`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		request, err := parse(data)
		compareRequest(t, data)
		if err != nil {
			if text := err.Error(); text == "" || strings.Contains(text, "\n") {
				t.Fatalf("%q: the error is %q", data, text)
			}
			return
		}
		if request.Image.Host == "" || request.Image.Repository == "" || !strings.HasPrefix(request.APIVersion, group) {
			t.Fatalf("%q gives %+v", data, request)
		}
	})
}
