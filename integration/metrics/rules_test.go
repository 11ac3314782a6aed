package metrics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	nodeconfig "github.com/pullpass/pullpass/node-config"
)

const (
	rulesFile  = "monitoring/rules.yaml"
	ruleObject = "monitoring/prometheusrule.yaml"
)

func nodeFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := nodeconfig.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// groups reads a rule file as Prometheus and `promtool check rules` do.
func groups(t *testing.T, text []byte) *rulefmt.RuleGroups {
	t.Helper()
	read, errs := rulefmt.Parse(text, false, model.LegacyValidation)
	if len(errs) > 0 {
		t.Fatalf("%v", errs)
	}
	return read
}

// TestRules: Prometheus reads the rules, those of the operator's object are the same, and each alert has the texts
// and the label that people route by.
func TestRules(t *testing.T) {
	own := groups(t, nodeFile(t, rulesFile))
	var object struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name      string            `json:"name"`
			Namespace string            `json:"namespace"`
			Labels    map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec map[string]any `json:"spec"`
	}
	if err := yaml.UnmarshalStrict(nodeFile(t, ruleObject), &object); err != nil {
		t.Fatal(err)
	}
	if object.APIVersion != "monitoring.coreos.com/v1" || object.Kind != "PrometheusRule" || object.Metadata.Name != "pullpass" {
		t.Errorf("the object is %s %s %s", object.APIVersion, object.Kind, object.Metadata.Name)
	}
	spec, err := json.Marshal(object.Spec)
	if err != nil {
		t.Fatal(err)
	}
	if same := groups(t, spec); !reflect.DeepEqual(same, own) {
		t.Errorf("%s has other rules than %s", ruleObject, rulesFile)
	}
	for _, group := range own.Groups {
		for _, rule := range group.Rules {
			severity := rule.Labels["severity"]
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" || severity != "warning" && severity != "critical" {
				t.Errorf("%s: severity %q, annotations %q", rule.Alert, severity, rule.Annotations)
			}
			for key, text := range rule.Annotations {
				for _, label := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
					if !slices.Contains([]string{"instance", "provider", "scope"}, label[1]) {
						t.Errorf("%s: %s names the label %s", rule.Alert, key, label[1])
					}
				}
			}
		}
	}
}

// TestMonitoredMetrics: the rules and the dashboard ask for nothing that pullpass does not write, by name and labels,
// and each expression is PromQL.
func TestMonitoredMetrics(t *testing.T) {
	written := writtenMetrics(t)
	expressions := map[string]string{}
	for _, group := range groups(t, nodeFile(t, rulesFile)).Groups {
		for _, rule := range group.Rules {
			expressions[rule.Alert] = rule.Expr
		}
	}
	d := readDashboard(t)
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			expressions[p.Title+" "+q.RefID] = strings.ReplaceAll(q.Expr, "$__rate_interval", "5m")
		}
	}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		selector, label, found := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(v.Definition, "label_values("), ")"), ", ")
		if !found || label != v.Name {
			t.Errorf("the variable %s is %s", v.Name, v.Definition)
		}
		expressions["variable "+v.Name] = "max by (" + label + ") (" + selector + ")"
	}
	used := map[string]bool{}
	for name, text := range expressions {
		expression, err := parser.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, fault := range faults(expression, written, used) {
			t.Errorf("%s: %s\n%s", name, fault, text)
		}
	}
	for name := range written {
		if !used[name] {
			t.Errorf("nothing looks at %s", name)
		}
	}
}

// writtenMetrics are the labels of each sample that a run of pullpass writes, with the one that Prometheus adds.
func writtenMetrics(t *testing.T) map[string][]string {
	t.Helper()
	aws, err := awsfake.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer aws.Close()
	n := newNode(t, `- {match: "*.dkr.ecr.eu-central-1.amazonaws.com", provider: ecr}`+"\n", append(aws.EndpointEnv(), aws.MetadataEnv()...)...)
	n.run(t, 0, "", "warm")
	data, err := os.ReadFile(n.path("textfiles/pullpass.prom"))
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string][]string{}
	for name, family := range families {
		names := []string{name}
		if family.GetType() == dto.MetricType_SUMMARY {
			names = []string{name + "_sum", name + "_count"}
		}
		for _, name := range names {
			written[name] = []string{"instance"}
			for _, label := range family.GetMetric()[0].GetLabel() {
				written[name] = append(written[name], label.GetName())
			}
		}
	}
	return written
}

// faults are the metrics and labels of an expression that are not written.
func faults(expression parser.Expr, written map[string][]string, used map[string]bool) []string {
	var found []string
	all := slices.Collect(maps.Values(written))
	known := slices.Concat(all...)
	check := func(label string, of []string) {
		if label != model.MetricNameLabel && !slices.Contains(of, label) {
			found = append(found, fmt.Sprintf("the label %s is not written", label))
		}
	}
	parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.VectorSelector:
			of, exists := written[node.Name]
			if !exists {
				found = append(found, fmt.Sprintf("%q is not written", node.Name))
			}
			used[node.Name] = true
			for _, matcher := range node.LabelMatchers {
				check(matcher.Name, of)
			}
		case *parser.AggregateExpr:
			for _, label := range node.Grouping {
				check(label, known)
			}
		case *parser.BinaryExpr:
			if node.VectorMatching != nil {
				for _, label := range slices.Concat(node.VectorMatching.MatchingLabels, node.VectorMatching.Include) {
					check(label, known)
				}
			}
		}
		return nil
	})
	return found
}
