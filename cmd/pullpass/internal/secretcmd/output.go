package secretcmd

import (
	"fmt"
	"io"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/atomicfile"
	"github.com/pullpass/pullpass/cmd/internal/pullsecret"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// config returns the config.json with all credentials. It adds the annotations that say when they expire.
func (j *job) config() (provider.Secret, error) {
	credentials := map[string]provider.Credential{}
	var expires, refresh time.Time
	for _, w := range j.wanted {
		key := w.keyOf()
		if other, found := credentials[key]; found && (other.Username != w.credential.Username || other.Password.Reveal() != w.credential.Password.Reveal()) {
			return provider.Secret{}, fmt.Errorf("make the Secret: there are two credentials for %s", key)
		}
		credentials[key] = w.credential
		if end := w.credential.Expires; !end.IsZero() {
			expires = earlier(expires, end)
			if !w.issued.IsZero() { // a token that somebody else fetched
				refresh = earlier(refresh, w.issued.Add(end.Sub(w.issued)/2))
			}
		}
	}
	for name, t := range map[string]time.Time{pullsecret.ExpiresAt: expires, pullsecret.RefreshAfter: refresh} {
		if !t.IsZero() {
			j.manifest.Annotations[name] = t.UTC().Format(time.RFC3339)
		}
	}
	config, err := dockerconfig.Encode(credentials)
	if err != nil {
		return provider.Secret{}, fmt.Errorf("make the Secret: %w", err)
	}
	return config, nil
}

// earlier returns the earlier of two times; zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func (j *job) encode(objects []pullsecret.Object) (provider.Secret, error) {
	if j.format == "json" {
		return pullsecret.EncodeJSON(objects)
	}
	return pullsecret.EncodeYAML(objects)
}

// write puts text on stdout or into the file of --out.
func (j *job) write(text provider.Secret) error {
	if j.out != "" {
		return atomicfile.Write(j.out, []byte(text.Reveal()))
	}
	if j.stdio.Shown {
		j.broker.Log.Note("the output holds the credentials themselves: pipe it to kubectl apply -f -, or write a file with --out")
	}
	if _, err := io.WriteString(j.stdio.Answer, text.Reveal()); err != nil {
		return fmt.Errorf("write the Secret: %w", err)
	}
	return nil
}
