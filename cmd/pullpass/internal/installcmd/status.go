package installcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/installer"
)

// showStatus prints the status once, or whenever it has changed.
func (j *job) showStatus(ctx context.Context, look func() (installer.Status, error)) error {
	for last := ""; ; {
		status, err := look()
		if err != nil && j.watch == 0 {
			return err
		}
		text := ""
		if err == nil {
			text, err = j.statusText(status)
		}
		if err != nil {
			text = err.Error()
		}
		switch {
		case text == last:
		case err != nil:
			j.broker.Log.Error(err)
		default:
			if err := j.writeStatus(text + "\n"); err != nil {
				return err
			}
		}
		last = text
		if j.watch == 0 {
			if !status.Installed || !status.Kubelet.Current {
				return cli.ErrShown
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(j.watch):
		}
	}
}

func (j *job) writeStatus(text string) error {
	if j.format == "json" {
		return j.stdio.WriteJSON(text)
	}
	_, err := io.WriteString(j.stdio.Out, text)
	return err
}

// statusText is the status in the wanted format: on one line if it is one of many.
func (j *job) statusText(s installer.Status) (string, error) {
	if j.format == "json" {
		if j.watch > 0 {
			text, err := json.Marshal(s)
			return string(text), err
		}
		text, err := json.MarshalIndent(s, "", "  ")
		return string(text), err
	}
	separator := "\n"
	if j.watch > 0 {
		separator = "; "
	}
	return strings.Join(statusLines(s), separator), nil
}

// statusLines is the status for people.
func statusLines(s installer.Status) []string {
	installed := "no, " + s.Problem
	if s.Installed {
		installed = "yes"
	}
	kubelet := cli.TextOrDash(s.Kubelet.Problem)
	switch {
	case s.Kubelet.Healthy && s.Kubelet.Problem == "" && !s.Kubelet.Current:
		kubelet = fmt.Sprintf("process %d runs without it and is healthy", s.Kubelet.PID)
	case s.Kubelet.Current && s.Kubelet.Healthy:
		kubelet = fmt.Sprintf("process %d runs with it and is healthy", s.Kubelet.PID)
	case s.Kubelet.Current:
		kubelet = fmt.Sprintf("process %d runs with it and is not healthy: %s", s.Kubelet.PID, s.Kubelet.Problem)
	}
	lines := []string{"installed: " + installed}
	if s.Binary != "" {
		lines = append(lines, "platform: "+s.Platform, "binary: "+s.Binary+", "+cli.TextOrDash(s.Version))
		if s.Link != "" {
			lines = append(lines, "link: "+s.Link)
		}
		lines = append(lines,
			"config: "+s.Config+", "+cli.TextOrDash(s.ConfigHash),
			"kubelet: "+kubelet,
		)
	}
	switch t := s.Trial; {
	case t == nil:
	case t.Failed != "":
		lines = append(lines, "pending: the rollback of a change that failed: "+t.Failed)
	default:
		lines = append(lines, "pending: the kubelet has not run with the latest change yet")
	}
	if s.Rejected != nil {
		lines = append(lines, fmt.Sprintf("rejected: %s, %s", s.Rejected.Time.Format(time.RFC3339), s.Rejected.Reason))
	}
	return lines
}
