package provider

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

const canary = "c4n4ry-pa55word"

// TestNoSecretPrinted prints every exported type that can hold a secret, also as an unexported
// field of somebody else's type, in every way that Go has.
func TestNoSecretPrinted(t *testing.T) {
	secret := NewSecret(canary)
	credential := Credential{Username: "u", Password: secret, Expires: time.Unix(0, 0)}
	type embedding struct {
		hidden Secret
		inner  *Credential
		list   []Secret
		byName map[string]Credential
	}
	values := []any{
		secret, &secret, credential, &credential, []Secret{secret}, map[string]Secret{"x": secret},
		embedding{secret, &credential, []Secret{secret}, map[string]Credential{"x": credential}},
		&embedding{hidden: secret}, fmt.Errorf("wrapped: %v", credential),
	}
	for _, value := range values {
		var printed bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3v", "% x"} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
		fmt.Fprintln(&printed, value)
		for _, handler := range []slog.Handler{
			slog.NewTextHandler(&printed, &slog.HandlerOptions{Level: slog.LevelDebug}),
			slog.NewJSONHandler(&printed, &slog.HandlerOptions{Level: slog.LevelDebug}),
		} {
			slog.New(handler).Debug("x", "value", value, slog.Group("g", "value", value))
		}
		if data, err := json.Marshal(value); err == nil {
			printed.Write(data)
		}
		if data, err := xml.Marshal(value); err == nil {
			printed.Write(data)
		}
		if strings.Contains(printed.String(), canary) || strings.Contains(strings.ToLower(printed.String()), fmt.Sprintf("%x", canary)) {
			t.Errorf("%T shows the secret:\n%s", value, printed.String())
		}
	}
	var decoded Credential
	if err := json.Unmarshal([]byte(`{"Username": "u", "Password": "`+canary+`"}`), &decoded); err != nil || decoded.Password.Reveal() != canary {
		t.Errorf("a secret cannot be decoded: %v", err)
	}
	if secret.Reveal() != canary || (Secret{}).Reveal() != "" || !(Secret{}).Empty() || secret.Empty() {
		t.Error("Reveal and Empty do not tell the value")
	}
}
