package dockerconfig

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
	"time"
)

func TestExpiries(t *testing.T) {
	const azure = "00000000-0000-0000-0000-000000000000"
	jwt := func(claims string) string {
		return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	ecr := encode(`{"payload":"x","datakey":"y","version":"2","type":"DATA_KEY","expiration":1732464000}`)
	expires := map[string]time.Time{"reg.io": time.Unix(1732464000, 0)}
	tests := []struct {
		name, username, password string
		want                     map[string]time.Time
	}{
		{"ECR", "AWS", ecr, expires},
		{"ECR without padding", "AWS", base64.RawStdEncoding.EncodeToString([]byte(`{"expiration":1732464000}`)), expires},
		{"ECR with a line end", "AWS", ecr + "\n", expires},
		{"Azure", azure, jwt(`{"exp":1732464000,"iss":"Azure Container Registry"}`), expires},
		{"Azure, not ASCII", azure, jwt(`{"exp":1732464000,"name":"???>>>ÿ"}`), expires},

		{"token of ECR with another user", "me", ecr, nil},
		{"token of Azure with another user", "me", jwt(`{"exp":1732464000}`), nil},
		{"ECR, another field", "AWS", encode(`{"exp":1732464000}`), nil},
		{"ECR, a string", "AWS", encode(`{"expiration":"1732464000"}`), nil},
		{"ECR, negative", "AWS", encode(`{"expiration":-1}`), nil},
		{"ECR, too large", "AWS", encode(`{"expiration":99999999999999999999}`), nil},
		{"ECR, not JSON", "AWS", encode(`expiration`), nil},
		{"ECR, not base64", "AWS", `{"expiration":1732464000}`, nil},
		{"Azure, another field", azure, jwt(`{"expiration":1732464000}`), nil},
		{"Azure, a fraction", azure, jwt(`{"exp":1732464000.5}`), nil},
		{"Azure, not a token", azure, "a.b", nil},
		{"Azure, not base64", azure, "a.{}.c", nil},
		{"Azure, not JSON", azure, "a.bbbb.c", nil},
		{"empty", "AWS", "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			entries, err := json.Marshal(map[string]any{
				"reg.io":      map[string]string{"username": test.username, "password": test.password},
				"example.com": map[string]string{"username": "me", "password": "s3cret"},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range []map[string]time.Time{Expiries([]byte(`{"auths":`+string(entries)+`}`), false), Expiries(entries, true)} {
				if !maps.EqualFunc(got, test.want, time.Time.Equal) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			}
		})
	}
}

func TestExpiriesOfContent(t *testing.T) {
	ecr := encode(`{"expiration":1732464000}`)
	late := encode(`{"expiration":1732500000}`)
	tests := []struct {
		name, data string
		want       map[string]time.Time
	}{
		{"in auth", `{"auths": {"reg.io": {"auth": "` + encode("AWS:"+ecr) + `"}}}`, map[string]time.Time{"reg.io": time.Unix(1732464000, 0)}},
		{"auth wins", `{"auths": {"reg.io": {"username": "AWS", "password": "` + late + `", "auth": "` + encode("AWS:"+ecr) + `"}}}`, map[string]time.Time{"reg.io": time.Unix(1732464000, 0)}},
		{"key twice", `{"auths": {"reg.io": {"username": "AWS", "password": "` + ecr + `"}, "reg.io": {"username": "AWS", "password": "` + late + `"}}}`, map[string]time.Time{"reg.io": time.Unix(1732500000, 0)}},
		{"key with a password", `{"auths": {"me:x@reg.io": {"username": "AWS", "password": "` + ecr + `"}}}`, map[string]time.Time{"REDACTED@reg.io": time.Unix(1732464000, 0)}},
		{"malformed entry beside it", `{"auths": {"reg.io": {"username": "AWS", "password": "` + ecr + `"}, "example.com": 5}}`, nil},
		{"not JSON", `{`, nil},
		{"empty", ``, nil},
	}
	for _, test := range tests {
		if got := Expiries([]byte(test.data), false); !maps.EqualFunc(got, test.want, time.Time.Equal) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
