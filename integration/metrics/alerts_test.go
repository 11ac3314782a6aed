package metrics

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// The series of a node, with a sample every minute. The clock begins at 0: an ECR token of that moment expires at 43200.
const (
	ecrExpiry  = `pullpass_credential_expiry_timestamp_seconds{instance="a", job="node", provider="ecr", scope="1"} `
	ecrSuccess = `pullpass_last_success_timestamp_seconds{instance="a", job="node", provider="ecr", scope="1"} `
	ecrFailed  = `pullpass_fetches_total{instance="a", job="node", provider="ecr", result="failure"} `
	ecrGot     = `pullpass_fetches_total{instance="a", job="node", provider="ecr", result="success"} `
	ecrSum     = `pullpass_fetch_duration_seconds_sum{instance="a", job="node", provider="ecr"} `
	ecrCount   = `pullpass_fetch_duration_seconds_count{instance="a", job="node", provider="ecr"} `
	gcrExpiry  = `pullpass_credential_expiry_timestamp_seconds{instance="a", job="node", provider="gcr", scope="2"} `
	gcrSuccess = `pullpass_last_success_timestamp_seconds{instance="a", job="node", provider="gcr", scope="2"} `
	gcrGot     = `pullpass_fetches_total{instance="a", job="node", provider="gcr", result="success"} `
	gcrFailed  = `pullpass_fetches_total{instance="a", job="node", provider="gcr", result="failure"} `
	hubSuccess = `pullpass_last_success_timestamp_seconds{instance="a", job="node", provider="dockerhub", scope="3"} `
)

// TestAlerts: what fires, and when, as `promtool test rules` would have it.
func TestAlerts(t *testing.T) {
	for name, test := range map[string]struct {
		series []string
		until  time.Duration
		want   []string // alert, provider, first minute in which it fires; those of pullpass-timer only with the timer
	}{
		"nothing is written": {nil, time.Hour, nil},
		"renewed in time": {
			[]string{
				ecrExpiry + "43200x480 75600x480", ecrSuccess + "0x480 28860x480", ecrGot + "1x480 2x480", ecrFailed + "0x961",
				ecrSum + "1x480 2x480", ecrCount + "1x480 2x480",
			},
			15 * time.Hour, nil,
		},
		"Google's tokens, renewed as late as the timer may": {
			[]string{gcrExpiry + "3600x56 7020x56 10440x56", gcrSuccess + "0x56 3420x56 6840x56", gcrGot + "1x56 2x56 3x56", gcrFailed + "0x170"},
			2*time.Hour + 40*time.Minute, nil,
		},
		"failures between successes": {
			[]string{ecrExpiry + "43200+60x600", ecrSuccess + "0+60x600", ecrGot + "0+1x600", ecrFailed + "0+3x600"},
			10 * time.Hour, nil,
		},
		"Docker Hub's login has no expiry": {[]string{hubSuccess + "0+60x1500"}, 24 * time.Hour, nil},
		"the cloud is down from the first hour on": {
			[]string{ecrExpiry + "43200x1000", ecrSuccess + "0x1000", ecrGot + "1x1000", ecrFailed + "0x60 1+1x939"},
			16 * time.Hour,
			[]string{
				"PullpassFetchesFail ecr 68", "PullpassLastToken ecr 543",
				"PullpassNoValidToken ecr 722", "PullpassNoSuccess ecr 736",
			},
		},
		"Google is down, and Amazon is not": {
			[]string{
				ecrExpiry + "43200x100", ecrSuccess + "0x100", ecrGot + "1x100", ecrFailed + "0x100",
				gcrExpiry + "3600x100", gcrSuccess + "0x100", gcrGot + "1x100", gcrFailed + "0x30 1+1x70",
			},
			100 * time.Minute,
			[]string{"PullpassFetchesFail gcr 38", "PullpassLastToken gcr 48", "PullpassNoValidToken gcr 62"},
		},
		"it never got one": {[]string{ecrFailed + "1+1x100", ecrGot + "0x100"}, time.Hour, []string{"PullpassFetchesFail ecr 8"}},
		"two failures, an hour's": {
			[]string{ecrExpiry + "43200x400", ecrSuccess + "0x400", ecrGot + "1x400", ecrFailed + "0x4 1x30 2x370"},
			5 * time.Hour, nil,
		},
		"the timer has stopped": {
			[]string{ecrExpiry + "43200x1000", ecrSuccess + "0x1000", ecrGot + "1x1000", ecrFailed + "0x1000"},
			16 * time.Hour,
			[]string{"PullpassNotRenewed ecr 587", "PullpassNoSuccess ecr 736"},
		},
		"it is slow": {
			[]string{ecrGot + "0+1x100", ecrFailed + "0x100", ecrSum + "0+12x100", ecrCount + "0+1x100"},
			time.Hour, []string{"PullpassFetchesSlow ecr 6"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := firing(t, "load 1m\n  "+strings.Join(test.series, "\n  ")+"\n", test.until)
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("fired %q\nwant  %q", got, test.want)
			}
		})
	}
}

// firing evaluates the rules each minute over what is loaded.
func firing(t *testing.T, load string, until time.Duration) []string {
	t.Helper()
	storage := promqltest.LoadedStorage(t, load)
	engine := promqltest.NewTestEngine(t, false, 5*time.Minute, promqltest.DefaultMaxSamplesPerQuery)
	query := rules.EngineQueryFunc(engine, storage)
	seen := map[string]bool{}
	var found []string
	for _, group := range groups(t, nodeFile(t, rulesFile)).Groups {
		for _, rule := range group.Rules {
			expression, err := parser.ParseExpr(rule.Expr)
			if err != nil {
				t.Fatal(err)
			}
			alerting := rules.NewAlertingRule(rule.Alert, expression, time.Duration(rule.For), time.Duration(rule.KeepFiringFor),
				labels.FromMap(rule.Labels), labels.FromMap(rule.Annotations), labels.EmptyLabels(), "", true, nil)
			for minute := range int(until/time.Minute) + 1 {
				now := time.Unix(int64(minute)*60, 0).UTC()
				if _, err := alerting.Eval(t.Context(), 0, now, query, nil, 0); err != nil {
					t.Fatalf("%s: %v", rule.Alert, err)
				}
				for _, alert := range alerting.ActiveAlerts() {
					key := rule.Alert + " " + alert.Labels.Get("provider")
					if alert.State == rules.StateFiring && !seen[key] {
						seen[key] = true
						found = append(found, key+" "+strconv.Itoa(minute))
						checkTexts(t, alert)
					}
				}
			}
		}
	}
	return found
}

// checkTexts: the templates are filled in.
func checkTexts(t *testing.T, alert *rules.Alert) {
	t.Helper()
	alert.Annotations.Range(func(label labels.Label) {
		if strings.Contains(label.Value, "error") || strings.Contains(label.Value, "{{") || strings.Contains(label.Value, "  ") {
			t.Errorf("%s: %s", label.Name, label.Value)
		}
	})
}
