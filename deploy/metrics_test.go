package deploy_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"gopkg.in/yaml.v3"
)

// family is a metric as the reference page lists it; the page is generated from the code, and the tidy test compares.
type family struct {
	kind   string
	labels []string
}

// families returns every metric that /metrics can show.
func families(t *testing.T) map[string]family {
	t.Helper()
	all := map[string]family{}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\| ([^|]*) \\|")
	for _, found := range row.FindAllStringSubmatch(readFile(t, "../docs/reference/metrics.md"), -1) {
		all[found[1]] = family{found[2], strings.Fields(strings.ReplaceAll(found[3], "`", ""))}
	}
	if len(all) < 15 {
		t.Fatalf("docs/reference/metrics.md lists %d metrics", len(all))
	}
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gathered, err := process.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range gathered {
		all[f.GetName()] = family{kind: strings.ToLower(f.GetType().String())}
	}
	return all
}

var (
	quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	matchers   = regexp.MustCompile(`\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	grouping   = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	window     = regexp.MustCompile(`\[[^\]]*\]`)
	function   = regexp.MustCompile(`\b\w+\s*\(`)
	identifier = regexp.MustCompile(`[a-zA-Z_]\w*`)
)

// names takes a PromQL expression apart: the metrics and the labels that it names.
func names(expr string) (metrics, labels []string) {
	expr = quotedText.ReplaceAllString(expr, `""`)
	for _, m := range matchers.FindAllStringSubmatch(expr, -1) {
		for _, label := range matcher.FindAllStringSubmatch(m[1], -1) {
			labels = append(labels, label[1])
		}
	}
	expr = window.ReplaceAllString(matchers.ReplaceAllString(expr, ""), "")
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		labels = append(labels, identifier.FindAllString(g[1], -1)...)
	}
	expr = function.ReplaceAllString(grouping.ReplaceAllString(expr, ""), "(")
	for _, word := range identifier.FindAllString(expr, -1) {
		if !slices.Contains([]string{"and", "or", "unless", "bool", "offset"}, word) {
			metrics = append(metrics, word)
		}
	}
	return metrics, labels
}

// wantKnown fails unless every metric of the expression exists and every label is one of theirs.
func wantKnown(t *testing.T, all map[string]family, where, expr string) {
	t.Helper()
	metrics, labels := names(expr)
	if len(metrics) == 0 {
		t.Errorf("%s: %q names no metric", where, expr)
	}
	known := []string{"job", "instance"}
	for _, name := range metrics {
		f, ok := all[name]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base, cut := strings.CutSuffix(name, suffix); cut && all[base].kind == "histogram" {
				f, ok = all[base], true
				known = append(known, "le")
			}
		}
		if !ok || f.kind == "histogram" && all[name].kind == "histogram" {
			t.Errorf("%s: no metric %s in %q; there are %s", where, name, expr, slices.Sorted(maps.Keys(all)))
		}
		known = append(known, f.labels...)
	}
	for _, label := range labels {
		if !slices.Contains(known, label) {
			t.Errorf("%s: no metric of %q has a label %s", where, expr, label)
		}
	}
}

func TestNames(t *testing.T) {
	metrics, labels := names(`histogram_quantile(0.99, sum by (pool, le) (rate(a_bucket{code!="O(K}",m=~"x"}[5m]))) > 5 unless on (pool) b == 0`)
	if !slices.Equal(metrics, []string{"a_bucket", "b"}) || !slices.Equal(labels, []string{"code", "m", "pool", "le", "pool"}) {
		t.Errorf("metrics %q, labels %q", metrics, labels)
	}
}

func TestAlertRules(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(readFile(t, "prometheus/rules.yaml")))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	all := families(t)
	seen := map[string]bool{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if seen[rule.Alert] || !strings.HasPrefix(rule.Alert, "Xencontroller") {
				t.Errorf("alert %q: its name is taken, or not ours", rule.Alert)
			}
			seen[rule.Alert] = true
			if !slices.Contains([]string{"page", "warn"}, rule.Labels["severity"]) {
				t.Errorf("alert %s: severity %q is neither page nor warn", rule.Alert, rule.Labels["severity"])
			}
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("alert %s says nothing to whoever it wakes", rule.Alert)
			}
			wantKnown(t, all, rule.Alert, rule.Expr)
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d alerts", len(seen))
	}
}

func TestDashboard(t *testing.T) {
	var dashboard struct {
		UID, Title string
		Templating struct {
			List []struct{ Name, Type, Definition string }
		}
		Annotations struct{ List []struct{ Expr string } }
		Panels      []struct {
			ID          int
			Type, Title string
			Targets     []struct{ Expr string }
			GridPos     struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal([]byte(readFile(t, "grafana/xencontroller.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for _, v := range dashboard.Templating.List {
		variables[v.Name] = v.Type
	}
	if variables["datasource"] != "datasource" || variables["pool"] != "query" {
		t.Errorf("variables %v: want a data source and a pool", variables)
	}
	all := families(t)
	ids := map[int]bool{}
	for _, panel := range dashboard.Panels {
		if ids[panel.ID] || panel.Title == "" || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("panel %d %q: without a title, with an id that is taken, or off the grid", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		if panel.Type != "row" && len(panel.Targets) == 0 {
			t.Errorf("panel %q shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			wantKnown(t, all, panel.Title, target.Expr)
		}
	}
	for _, annotation := range dashboard.Annotations.List {
		wantKnown(t, all, "annotation", annotation.Expr)
	}
}
