package cachecmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
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

func writeEntryTable(out io.Writer, entries []cache.Entry, now time.Time) error {
	if len(entries) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCOPE\tPROVIDER\tUSER\tAGE\tEXPIRES IN\tREFRESH IN\tLAST FAILURE\tDETAILS")
	for _, e := range entries {
		cells := []string{
			broker.ShortID(e.ID), broker.ScopeProvider(e.Scope), cli.TextOrDash(e.Username),
			age(e, now), expiresIn(e, now), refreshIn(e, now), lastFailure(e, now), details(e.Scope),
		}
		for i, cell := range cells {
			cells[i] = env.OneLine(cell)
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}

func age(e cache.Entry, now time.Time) string {
	switch {
	case e.Issued.IsZero():
		return "-"
	case e.Issued.After(now):
		return "future" // the clock was set back; it is not used
	}
	return cli.Duration(now.Sub(e.Issued))
}

func expiresIn(e cache.Entry, now time.Time) string {
	switch {
	case e.Issued.IsZero():
		return "-"
	case !now.Before(e.GoodUntil): // also for those without an expiry, which are kept for a while
		return "expired"
	case e.Expires.IsZero():
		return "never"
	}
	return cli.Duration(e.Expires.Sub(now))
}

func refreshIn(e cache.Entry, now time.Time) string {
	switch {
	case e.Refresh.IsZero() || !now.Before(e.GoodUntil):
		return "-"
	case !now.Before(e.Refresh):
		return "due"
	}
	return cli.Duration(e.Refresh.Sub(now))
}

// lastFailure is the failure's age and the beginning of its text.
func lastFailure(e cache.Entry, now time.Time) string {
	const longest = 60
	if e.Failure == nil {
		return "-"
	}
	text := e.Failure.Text
	if utf8.RuneCountInString(text) > longest {
		text = string([]rune(text)[:longest-1]) + "…"
	}
	return cli.Duration(max(0, now.Sub(e.Failure.At))) + " ago: " + text
}

// details are the lines of a scope that have no column of their own.
func details(scope provider.Scope) string {
	var lines []string
	for _, line := range broker.ScopeLines(scope) {
		if line.Label != "provider" {
			lines = append(lines, line.Label+"="+line.Value)
		}
	}
	return cli.TextOrDash(strings.Join(lines, " "))
}
