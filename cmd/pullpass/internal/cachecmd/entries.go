package cachecmd

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// An entryDocument is an entry for programs. Times that do not apply are left out.
type entryDocument struct {
	ID        string             `json:"id"`
	Provider  string             `json:"provider"`
	Scope     []broker.ScopeLine `json:"scope"`
	Username  string             `json:"username,omitempty"`
	Issued    time.Time          `json:"issued,omitzero"`
	Refresh   time.Time          `json:"refresh,omitzero"`
	Expires   time.Time          `json:"expires,omitzero"`
	GoodUntil time.Time          `json:"goodUntil,omitzero"` // it is given out no more
	Failure   *cache.Failure     `json:"failure,omitempty"`
}

func writeEntries(stdio *cli.Stdio, entries []cache.Entry) error {
	documents := []entryDocument{} // not nil, which would be null
	for _, e := range entries {
		documents = append(documents, entryDocument{
			ID: e.ID, Provider: broker.ScopeProvider(e.Scope), Scope: broker.ScopeLines(e.Scope), Username: e.Username,
			Issued: e.Issued, Refresh: e.Refresh, Expires: e.Expires, GoodUntil: e.GoodUntil, Failure: e.Failure,
		})
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(documents); err != nil {
		return err
	}
	return stdio.WriteJSON(text.String())
}
