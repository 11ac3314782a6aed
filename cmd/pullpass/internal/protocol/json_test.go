package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pullpass/pullpass/provider"
)

// The forms for encoding/json, to compare with.

type jsonRequest struct {
	Kind                string `json:"kind"`
	APIVersion          string `json:"apiVersion"`
	Image               string `json:"image"`
	ServiceAccountToken string `json:"serviceAccountToken"`
}

type jsonResponse struct {
	Kind          string              `json:"kind"`
	APIVersion    string              `json:"apiVersion"`
	CacheKeyType  string              `json:"cacheKeyType"`
	CacheDuration string              `json:"cacheDuration"`
	Auth          map[string]jsonAuth `json:"auth,omitempty"`
}

type jsonAuth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// compareRequest checks that encoding/json reads the same from data, or fails for the same reason.
func compareRequest(t *testing.T, data []byte) {
	t.Helper()
	if !utf8.Valid(data) || len(bytes.TrimSpace(data)) == 0 {
		return // Parse has an error of its own for these
	}
	var want jsonRequest
	decoder := json.NewDecoder(bytes.NewReader(data))
	wantErr := decoder.Decode(&want)
	if wantErr != nil {
		wantErr = jsonError(wantErr)
	} else if _, err := decoder.Token(); err != io.EOF {
		wantErr = errors.New("it goes on after its JSON object")
	}
	got, err := decodeRequest(data)
	switch {
	case wantErr != nil && (err == nil || err.Error() != wantErr.Error()):
		t.Fatalf("%q: got %v, want %v", data, err, wantErr)
	case wantErr == nil && (err != nil || jsonRequest{got.kind, got.apiVersion, got.image, got.serviceAccountToken} != want):
		t.Fatalf("%q: got %+v, %v, want %+v", data, got, err, want)
	}
}

// jsonError words an error of encoding/json as decodeRequest does.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON (byte %d)", syntax.Offset)
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("it is a JSON %s, not an object", kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("its field %s is a JSON %s", kind.Field, kind.Value)
	}
	return errors.New("its JSON is cut off")
}

// FuzzWrite compares with what encoding/json writes, byte for byte.
func FuzzWrite(f *testing.F) {
	f.Add("v1", "docker.io", "me", "p<&>\u2028", "*.io", int64(time.Hour))
	f.Add("", "", "\xff\x00", "\"\\", "", int64(0))
	f.Add("x", "a", "b", "c", "b", int64(-1))
	f.Fuzz(func(t *testing.T, version, host, username, password, anonymous string, left int64) {
		if host == anonymous {
			return // it is a less specific one
		}
		now := time.Unix(1e9, 0)
		credential := provider.Credential{Username: username, Password: provider.NewSecret(password)}
		if left != 0 {
			credential.Expires = now.Add(time.Duration(left))
		}
		want := jsonResponse{
			Kind: responseKind, APIVersion: version, CacheKeyType: registryKey, CacheDuration: cacheDuration(credential, now).String(),
			Auth: map[string]jsonAuth{host: {username, password}},
		}
		if anonymous != "" {
			want.Auth[anonymous] = jsonAuth{}
		}
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		err = Write(&got, Request{APIVersion: version, Image: provider.Image{Host: host}}, Answer{Credential: &credential, AnonymousKey: anonymous}, now)
		if err != nil || got.String() != string(data)+"\n" {
			t.Errorf("got %swant %s\n%v", got.String(), data, err)
		}
	})
}
