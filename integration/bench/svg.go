package main

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// A chart is a group of horizontal bars with one scale.
type chart struct {
	title, note string
	bars        []bar
}

// A bar is one figure. Low and high draw its spread; NaN for none.
type bar struct {
	name             string
	value, low, high float64
	label            string // what is written behind it
	ours             bool
}

// Measures of the picture, in pixels. Names stand on the left of the bars, labels on their right.
const (
	width    = 800
	margin   = 28
	nameEnd  = 268
	barStart = 280
	barEnd   = 590
	rowStep  = 28
	barHigh  = 18
	titleTop = 92 // of the first chart
)

// svg draws the report as a picture. It brings its own background, for pages light or dark.
func (r report) svg() string {
	var body strings.Builder
	y := titleTop
	for _, c := range r.charts() {
		y = c.draw(&body, y)
	}
	height := y + 14
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">
<title>pullpass beside other plugins for Amazon ECR</title>
<rect x="0.5" y="0.5" width="%[3]d" height="%[4]d" rx="10" fill="#ffffff" stroke="#d0d7de"/>
`, width, height, width-1, height-1)
	text(&out, margin, 40, `font-size="20" font-weight="600" fill="#1f2328"`, "pullpass beside other plugins for Amazon ECR")
	text(&out, margin, 62, `font-size="12.5" fill="#59636e"`, fmt.Sprintf(
		"Medians on %d cores, loopback fakes of the cloud; thin lines are p10–p90. Shorter is better.", r.machine.cores))
	out.WriteString(body.String())
	out.WriteString("</svg>\n")
	return out.String()
}

// charts are what the picture shows, without the parts that were not measured.
func (r report) charts() []chart {
	subject := r.subject()
	slow := r.burstAt(slowDelay.Milliseconds())
	var charts []chart
	if len(r.singles) > 0 {
		charts = append(charts, r.singleChart(subject))
	}
	if len(slow) > 0 {
		charts = append(charts,
			burstChart(subject, slow, fmt.Sprintf("%d requests at once", burstSize), "wall time until all are answered; each call to the cloud takes 50 ms",
				func(s series) bar {
					w := s.of(wall)
					return bar{value: w.Median, low: w.Low, high: w.High,
						label: fmt.Sprintf("%s ms · %s ms of CPU", milliseconds(w.Median), milliseconds(s.of(cpu).Median))}
				}),
			burstChart(subject, slow, "Calls to the cloud", fmt.Sprintf("for these %d requests, of ECR and of the metadata service", burstSize),
				func(s series) bar {
					ecr, imds := s.of(ecrCalls).Median, s.of(imdsCalls).Median
					return bar{value: ecr + imds, low: math.NaN(), high: math.NaN(), label: callsLabel(ecr, imds)}
				}))
	}
	return charts
}

func callsLabel(ecr, imds float64) string {
	if ecr+imds == 0 {
		return "0"
	}
	return fmt.Sprintf("%s (%s ECR + %s IMDS)", number(ecr+imds), number(ecr), number(imds))
}

func (r report) singleChart(subject string) chart {
	floor := find(r.singles, helloName).of(wall).Median
	c := chart{title: "One request", note: "wall time, from start to end of the process; the cloud answers at once"}
	for _, one := range []struct{ series, name string }{
		{helloName, "hello world in Go"},
		{subject + hit, subject + ", cached"},
		{subject + miss, subject + ", empty cache"},
		{helperKeysName, "ecr-login, cached, static keys"},
		{helperRoleName, "ecr-login, cached, instance role"},
		{providerName, providerName},
	} {
		w := find(r.singles, one.series).of(wall)
		if math.IsNaN(w.Median) {
			continue
		}
		label := milliseconds(w.Median) + " ms"
		if one.series != helloName {
			label += " · " + ratio(w.Median, floor) + " hello"
		}
		c.bars = append(c.bars, bar{one.name, w.Median, w.Low, w.High, label, strings.HasPrefix(one.series, subject+",")})
	}
	return c
}

// burstChart makes a chart of one figure of a burst.
func burstChart(subject string, all []series, title, note string, figure func(series) bar) chart {
	c := chart{title: title, note: note}
	for _, one := range []struct{ series, name string }{
		{subject + hit, subject + ", cached"},
		{subject + miss, subject + ", empty cache"},
		{providerName, providerName},
	} {
		b := figure(find(all, one.series))
		b.name, b.ours = one.name, one.series != providerName
		c.bars = append(c.bars, b)
	}
	return c
}

// draw draws the chart with its title's line at y, and returns where the next one's is.
func (c chart) draw(out *strings.Builder, y int) int {
	y += 12
	fmt.Fprintf(out, "<text x=\"%d\" y=\"%d\" font-size=\"15\" font-weight=\"600\" fill=\"#1f2328\">%s"+
		"<tspan font-size=\"12.5\" font-weight=\"400\" fill=\"#59636e\" dx=\"10\">%s</tspan></text>\n", margin, y, escape(c.title), escape(c.note))
	largest := 0.0
	for _, b := range c.bars {
		largest = max(largest, b.value, zeroIfNaN(b.high))
	}
	at := func(value float64) float64 {
		if largest == 0 {
			return barStart
		}
		return barStart + value/largest*(barEnd-barStart)
	}
	y += 14
	for _, b := range c.bars {
		b.draw(out, y, at)
		y += rowStep
	}
	return y + 16
}

// draw draws the bar in the row that starts at y; at is the place of a value.
func (b bar) draw(out *strings.Builder, y int, at func(float64) float64) {
	fill, weight := "#8c959f", "400"
	if b.ours {
		fill, weight = "#0969da", "600"
	}
	middle := y + barHigh/2
	text(out, nameEnd, middle+4, fmt.Sprintf(`font-size="13" font-weight="%s" text-anchor="end" fill="#1f2328"`, weight), b.name)
	// A line where nothing is to be seen shows that the bar was not forgotten.
	fmt.Fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n", barStart, y, max(at(b.value)-barStart, 1.5), barHigh, fill)
	end := max(b.value, zeroIfNaN(b.high))
	if !math.IsNaN(b.low) && !math.IsNaN(b.high) {
		fmt.Fprintf(out, "<path d=\"M%.1f %dH%.1fM%.1f %dv8M%.1f %dv8\" stroke=\"#1f2328\" stroke-width=\"1.2\" fill=\"none\"/>\n",
			at(b.low), middle, at(b.high), at(b.low), middle-4, at(b.high), middle-4)
	}
	text(out, int(at(end))+9, middle+4, `font-size="12.5" fill="#1f2328"`, b.label)
}

func zeroIfNaN(value float64) float64 {
	if math.IsNaN(value) {
		return 0
	}
	return value
}

func text(out *strings.Builder, x, y int, attributes, content string) {
	fmt.Fprintf(out, "<text x=\"%d\" y=\"%d\" %s>%s</text>\n", x, y, attributes, escape(content))
}

func escape(content string) string {
	var out strings.Builder
	xml.EscapeText(&out, []byte(content)) // a Builder takes everything
	return out.String()
}
