package metrics

import (
	"encoding/json"
	"regexp"
	"testing"
)

// A dashboard is what the tests look at of Grafana's model.
type dashboard struct {
	Title, UID string
	Panels     []struct {
		ID                 int
		Title, Description string
		Datasource         source
		GridPos            struct{ X, Y, W, H int }
		Targets            []query
	}
	Templating struct {
		List []struct {
			Name, Type, Definition string
			Datasource             source
		}
	}
}

type source struct{ Type, UID string }

type query struct {
	RefID, Expr string
	Datasource  source
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(nodeFile(t, "monitoring/dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDashboard: the panels lie side by side in Grafana's 24 columns, take their data from the source that the reader
// chooses, and use no variable that the dashboard does not have.
func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	chosen := source{"prometheus", "${datasource}"}
	variables := map[string]bool{"__rate_interval": true}
	for _, v := range d.Templating.List {
		variables[v.Name] = true
		if v.Type == "query" && v.Datasource != chosen {
			t.Errorf("the variable %s has the source %v", v.Name, v.Datasource)
		}
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.Description == "" || p.Datasource != chosen || len(p.Targets) == 0 {
			t.Errorf("panel %d %q: a second one, or without a text, the source or a query", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s is at %v", p.Title, p.GridPos)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[cell]; other != "" {
					t.Fatalf("%s lies on %s", p.Title, other)
				}
				taken[cell] = p.Title
			}
		}
		for _, q := range p.Targets {
			if q.Datasource != chosen || q.RefID == "" {
				t.Errorf("%s: the query %+v", p.Title, q)
			}
			for _, name := range regexp.MustCompile(`\$\{?(\w+)`).FindAllStringSubmatch(q.Expr, -1) {
				if !variables[name[1]] {
					t.Errorf("%s: there is no variable %s", p.Title, name[1])
				}
			}
		}
	}
	if d.Title != "pullpass" || d.UID != "pullpass" {
		t.Errorf("the dashboard is %q, %q", d.Title, d.UID)
	}
}
