package main

import (
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
)

// runs makes a series of three runs, the median one with these figures.
func runs(name string, wallMS, cpuMS int, peakMiB int64, ecr, imds int) series {
	s := series{name: name}
	for _, more := range []int{0, -1, 1} {
		s.runs = append(s.runs, measurement{
			wall: time.Duration(wallMS+more) * time.Millisecond,
			cpu:  time.Duration(cpuMS+more) * time.Millisecond,
			peak: peakMiB << 20, ecrCalls: ecr, imdsCalls: imds,
		})
	}
	return s
}

func sampleReport() report {
	singles := []series{
		runs(helloName, 2, 1, 4, 0, 0),
		runs("pullpass, hit", 5, 4, 6, 0, 0),
		runs("pullpass, hit with --config", 3, 4, 6, 0, 0),
		runs("pullpass, miss", 18, 17, 13, 1, 3),
		runs(helperKeysName, 10, 9, 8, 0, 0),
		runs(helperRoleName, 12, 11, 9, 0, 3),
		runs(providerName, 20, 19, 15, 1, 3),
		runs("pullpass, hit (as linked)", 6, 5, 7, 0, 0),
	}
	slow := []series{
		runs("pullpass, hit", 250, 400, 6, 0, 0),
		runs("pullpass, miss", 450, 500, 13, 1, 3),
		runs(providerName, 1000, 2000, 15, 100, 300),
	}
	return report{
		machine:  machine{cores: 2, processor: "a processor", system: "a system", goVersion: "go1.26.8", pageFault: 1500, load: "0.25"},
		programs: []program{{name: helloName, size: 3 << 19}, {name: providerName, version: "module v1", size: 14 << 20}},
		options:  options{pullpass: []program{{name: "pullpass"}}},
		floor:    3 << 20,
		singles:  singles,
		slow:     singles[1:],
		cold:     singles,
		bursts:   []burst{{0, slow}, {slowDelay, slow}},
		outage:   []series{runs("pullpass, miss", 1200, 700, 13, 4, 3), runs(providerName, 9000, 7000, 15, 300, 300)},
	}
}

func TestBounds(t *testing.T) {
	want := []struct {
		measured float64
		met      bool
	}{
		{2.5, false}, {1.5, true}, {0.25, true}, {0.5, true}, {7, true}, {13, false}, // single
		{0.45, true}, {0.25, true}, {1, true}, {3, true}, {0, true}, // burst
		{1.201, true}, {4, false}, // outage
	}
	r := sampleReport()
	for i, b := range r.bounds() {
		if math.Abs(b.measured-want[i].measured) > 1e-9 || b.met() != want[i].met || !b.known() {
			t.Errorf("%s: got %v, met %t", b.what, b.measured, b.met())
		}
	}
	if missed := r.missed(); missed != 3 {
		t.Errorf("%d bounds missed, want 3", missed)
	}
	for _, b := range (report{options: r.options}).bounds() {
		if b.known() || b.verdict() != "not measured" {
			t.Errorf("without a measurement, %s is %v", b.what, b.measured)
		}
	}
}

func TestMarkdown(t *testing.T) {
	text := sampleReport().markdown()
	for _, line := range []string{
		"| A hit: wall time, to ecr-credential-provider's request | 0.25× | 0.50× | met |",
		"| A miss: peak memory, the largest of all runs | 13.00 MiB | 12.00 MiB | **not met** |",
		"| Burst while ECR fails: calls of ECR, the most | 4 | 3 | **not met** |",
		"| A hit: wall time, to the hello world | 2.50× | 1.90× | **not met** |",
		"and no more with `--config`. It is 2.50× in 7.0 MiB, and 1.50× with `--config`.",
		"All programs are copies",
		"2 cores (a processor), a system. A page fault for new memory takes 1.50 µs.",
		"The load average was 0.25 when the run began",
		"| hello world | this repository | 1.5 |",
		"| pullpass, hit | 5.00 | 4.20–5.80 | 2.50× | 0.25× | 4.00 | 6.0 | 0 | 0 | 0 |",
		"| 50ms | pullpass, miss | 450 | 449–451 | 0.45× | 500 | 0.25× | 13.0 | 1 | 3 | 0 |",
		"| 300ms | ecr-credential-provider | 9000 | 8999–9001 | 1.00× |",
		"`mincore` found none of them left",
		"(STEPS.md)",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the report does not say %q", line)
		}
	}
	checkTables(t, text)
	checkTables(t, report{options: sampleReport().options}.markdown())
}

// checkTables checks that all lines of a table have as many cells, and that no figure went wrong.
func checkTables(t *testing.T, text string) {
	t.Helper()
	if bad := regexp.MustCompile(`NaN|Inf|%!`).FindString(text); bad != "" {
		t.Errorf("the report holds %s:\n%s", bad, text)
	}
	cells := 0
	for line := range strings.Lines(text) {
		n := strings.Count(line, "|")
		if cells != 0 && n != 0 && n != cells {
			t.Errorf("%d cells rather than %d: %s", n-1, cells-1, line)
		}
		cells = n
	}
}

func TestPagesLeft(t *testing.T) {
	r := sampleReport()
	r.evicted = evicted{pages: 10, left: 3}
	if text := r.markdown(); !strings.Contains(text, "3 of 10 pages left") {
		t.Error("the report does not say that pages were left")
	}
}

func TestSVG(t *testing.T) {
	texts := svgTexts(t, sampleReport().svg())
	for _, want := range []string{
		"2.00 ms", "5.00 ms · 2.50× hello", "20.0 ms · 10.00× hello", "ecr-login, cached, static keys",
		"450 ms · 500 ms of CPU", "1000 ms · 2000 ms of CPU", "0", "4 (1 ECR + 3 IMDS)", "400 (100 ECR + 300 IMDS)",
	} {
		if !strings.Contains(texts, "\n"+want+"\n") {
			t.Errorf("the picture does not say %q:\n%s", want, texts)
		}
	}
}

func TestSVGOfParts(t *testing.T) {
	r := sampleReport()
	r.options.pullpass[0].name = `<b>&"`
	r.bursts = nil
	r.singles = append(r.singles, runs(`<b>&", hit`, 3, 2, 5, 0, 0))
	if texts := svgTexts(t, r.svg()); !strings.Contains(texts, `<b>&", cached`) || strings.Contains(texts, "requests at once") {
		t.Errorf("the picture says:\n%s", texts)
	}
	svgTexts(t, report{options: r.options}.svg())
}

// svgTexts checks that a picture is well-formed and returns the texts in it, a line each.
func svgTexts(t *testing.T, picture string) string {
	t.Helper()
	if strings.Contains(picture, "NaN") || strings.Contains(picture, "%!") {
		t.Errorf("the picture has a figure that is none:\n%s", picture)
	}
	var texts strings.Builder
	for decoder := xml.NewDecoder(strings.NewReader(picture)); ; {
		token, err := decoder.Token()
		if err == io.EOF {
			return "\n" + texts.String()
		}
		if err != nil {
			t.Fatalf("the picture is not XML: %v\n%s", err, picture)
		}
		if data, ok := token.(xml.CharData); ok && strings.TrimSpace(string(data)) != "" {
			texts.Write(data)
			texts.WriteString("\n")
		}
	}
}
