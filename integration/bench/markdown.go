package main

import (
	"fmt"
	"strings"
)

// markdown writes the report as RESULTS.md.
func (r report) markdown() string {
	var out strings.Builder
	out.WriteString("# Benchmarks\n\n" +
		"pullpass beside the other plugins for Amazon ECR. `make bench` writes this file and the picture.\n" +
		"What each step of optimisation brought is in [STEPS.md](STEPS.md).\n\n" +
		"![The results as a picture](results.svg)\n\n")
	r.writeBounds(&out)
	r.writePrograms(&out)
	r.writeSingles(&out, "One request", "The fakes answer at once.", r.singles)
	r.writeSingles(&out, "One request, 50 ms a call",
		"Every call of ECR and of the metadata service takes 50 ms.", r.slow)
	r.writeCold(&out)
	r.writeBursts(&out)
	r.writeOutage(&out)
	r.writeMethod(&out)
	return out.String()
}

func (r report) writeBounds(out *strings.Builder) {
	section(out, "Bounds", "What pullpass must not exceed. × is a ratio of medians.")
	var rows [][]string
	for _, b := range r.bounds() {
		rows = append(rows, []string{b.what, b.value(b.measured), b.value(b.limit), b.verdict()})
	}
	table(out, []string{"bound", "measured", "at most", ""}, rows)
	hits, configs := find(r.singles, r.subject()+hit), find(r.singles, r.subject()+configured)
	floor := find(r.singles, helloName).of(wall).Median
	fmt.Fprintf(out, "The aim is a hit of at most 1.75× the hello world in 8 MiB, and no more with `--config`. It is %s in %s MiB, and %s with `--config`.\n\n",
		ratio(hits.of(wall).Median, floor), mebibytes(find(r.singles, r.subject()+hit+linked).of(peak).Median), ratio(configs.of(wall).Median, floor))
}

func (r report) writePrograms(out *strings.Builder) {
	m := r.machine
	section(out, "Machine and programs", fmt.Sprintf("%d cores (%s), %s. A page fault for new memory takes %.2f µs.\n"+
		"The load average was %s when the run began, by what else the machine had to do. All programs were built with %s, `CGO_ENABLED=0`, `-trimpath -ldflags='-s -w'`.",
		m.cores, m.processor, m.system, float64(m.pageFault.Nanoseconds())/1000, m.load, m.goVersion))
	var rows [][]string
	for _, p := range r.programs {
		version := p.version
		if version == "" {
			version = "this repository"
		}
		rows = append(rows, []string{p.name, version, fmt.Sprintf("%.1f", float64(p.size)/(1<<20))})
	}
	table(out, []string{"program", "from", "binary, MiB"}, rows)
}

// writeSingles writes a part of single requests.
func (r report) writeSingles(out *strings.Builder, title, text string, all []series) {
	if len(all) == 0 {
		return
	}
	section(out, title, text+" "+roundsText(all))
	floor, provider := find(all, helloName).of(wall).Median, find(all, providerName).of(wall).Median
	var rows [][]string
	for _, s := range all {
		w := s.of(wall)
		rows = append(rows, []string{
			s.name, milliseconds(w.Median), spread(w), ratio(w.Median, floor), ratio(w.Median, provider),
			milliseconds(s.of(cpu).Median), mebibytes(s.of(peak).Median),
			whole(s.of(minorFaults).Median), number(s.of(ecrCalls).Median), number(s.of(imdsCalls).Median),
		})
	}
	table(out, []string{"", "wall, ms", "p10–p90", "to hello", "to ecr-credential-provider",
		"CPU, ms", "peak memory, MiB", "page faults", "calls of ECR", "of IMDS"}, rows)
}

func (r report) writeCold(out *strings.Builder) {
	if len(r.cold) == 0 {
		return
	}
	verified := "`mincore` found none of them left"
	if r.evicted.left > 0 {
		verified = fmt.Sprintf("`mincore` found %d of %d pages left all the same, so these figures are too good", r.evicted.left, r.evicted.pages)
	}
	section(out, "One request, cold page cache", "Before each run the pages of the program, and of what it has cached, here on the disk,\n"+
		"were dropped from the page cache; "+verified+". Names of files were still known, and what\n"+
		"lies below a virtual disk may have a cache of its own. "+roundsText(r.cold))
	floor, provider := find(r.cold, helloName).of(wall).Median, find(r.cold, providerName).of(wall).Median
	var rows [][]string
	for _, s := range r.cold {
		w := s.of(wall)
		rows = append(rows, []string{
			s.name, milliseconds(w.Median), spread(w), ratio(w.Median, floor), ratio(w.Median, provider),
			milliseconds(s.of(cpu).Median), whole(s.of(majorFaults).Median),
		})
	}
	table(out, []string{"", "wall, ms", "p10–p90", "to hello", "to ecr-credential-provider", "CPU, ms", "page faults from the disk"}, rows)
}

func (r report) writeBursts(out *strings.Builder) {
	if len(r.bursts) == 0 {
		return
	}
	section(out, fmt.Sprintf("%d requests at once", burstSize), fmt.Sprintf(
		"A process for each of %d repositories in %d accounts of one region, as a node has it that boots. The delay\n"+
			"is that of every call, of ECR and of the metadata service: a token takes four calls one after the other. The\n"+
			"fakes run on the same cores; their time is part of the wall time, and not of the CPU time. %s",
		burstSize, accounts, roundsText(r.bursts[0].series)))
	var rows [][]string
	for _, b := range r.bursts {
		rows = append(rows, burstRows(fmt.Sprintf("%v", b.delay), b.series)...)
	}
	table(out, append([]string{"delay"}, burstColumns()...), rows)
}

func (r report) writeOutage(out *strings.Builder) {
	if len(r.outage) == 0 {
		return
	}
	section(out, fmt.Sprintf("%d requests at once while ECR fails", burstSize), fmt.Sprintf(
		"ECR answers 500 after %v, the metadata service at once. All processes have to fail. %s", outageAfter, roundsText(r.outage)))
	table(out, append([]string{"delay"}, burstColumns()...), burstRows(outageAfter.String(), r.outage))
}

func burstColumns() []string {
	return []string{"", "wall, ms", "p10–p90", "to ecr-credential-provider", "CPU, ms", "to ecr-credential-provider",
		"peak memory of one, MiB", "calls of ECR", "of IMDS", "CPU of the fakes, ms"}
}

func burstRows(delay string, all []series) [][]string {
	provider := find(all, providerName)
	var rows [][]string
	for _, s := range all {
		w, c := s.of(wall), s.of(cpu)
		rows = append(rows, []string{
			delay, s.name, milliseconds(w.Median), spread(w), ratio(w.Median, provider.of(wall).Median),
			milliseconds(c.Median), ratio(c.Median, provider.of(cpu).Median),
			mebibytes(s.of(peak).Max), number(s.of(ecrCalls).Median), number(s.of(imdsCalls).Median),
			whole(s.of(fakes).Median),
		})
	}
	return rows
}

func (r report) writeMethod(out *strings.Builder) {
	place := "on a tmpfs, as `/run` is"
	if !r.inMemory {
		place = "in the folder of temporary files"
	}
	fmt.Fprintf(out, `## How it is measured

- All programs ask the fakes of [fakes/awsfake](../fakes/awsfake) over loopback without TLS, with an environment
  that has nothing else in it. They take their identity from the instance metadata service (IMDSv2); only
  %[1]s also gets static keys, with which its hits need no call at all.
- All programs are copies, each written at once, as an installation or a download writes them. A file that comes straight
  from the linker lies in the page cache page by page; at each page fault the kernel maps less of it, and the program
  starts more slowly. For memory that file is measured as well: where whole pieces of a program are mapped, most of the
  pages that count as its memory have never been touched, and belong to the page cache anyway.
- pullpass runs with %[4]s, which its entry in the kubelet's configuration gives to it, but where the table says
  otherwise. The others run without it.
- A hit finds what an earlier run left in its cache, a miss an empty folder. The caches are %[2]s.
- Each round runs everything once, in a new order, so that what disturbs the machine disturbs all alike.
  Figures are medians; p10–p90 is the range of the middle 80%% of the runs.
- Every answer is checked afterwards, against what the fake has given out. One wrong answer or exit code ends the run.
- Processes are started by a small runner, one after the other without a pause, with files as stdin, stdout and
  stderr. Wall time is from the first start to the last end. CPU time (user and system), peak memory and page
  faults are those that wait4 reports. The runner's own memory hides a peak below %.1[3]f MiB.
`, helperName, place, float64(r.floor)/(1<<20), entryEnv)
}

func spread(s summary) string {
	return milliseconds(s.Low) + "–" + milliseconds(s.High)
}

func roundsText(all []series) string {
	return fmt.Sprintf("%d rounds.", len(all[0].runs))
}

func section(out *strings.Builder, title, text string) {
	fmt.Fprintf(out, "## %s\n\n%s\n\n", title, text)
}

// table writes a table whose first column, and each without a title, stands on the left.
func table(out *strings.Builder, columns []string, rows [][]string) {
	line := func(cells []string) { out.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(columns)
	rule := make([]string, len(columns))
	for i, title := range columns {
		if rule[i] = "---:"; i == 0 || title == "" || title == "from" {
			rule[i] = "---"
		}
	}
	line(rule)
	for _, row := range rows {
		line(row)
	}
	out.WriteString("\n")
}
