package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A machine is what the figures depend on besides the programs.
type machine struct {
	cores     int
	processor string
	system    string // distribution, kernel and architecture
	goVersion string
	pageFault time.Duration // for a page of new memory; a large part of what a start costs
	load      string        // how many others were at work when the run began
}

func thisMachine() machine {
	return machine{
		cores:     runtime.NumCPU(),
		processor: field("/proc/cpuinfo", "model name", ":"),
		system: fmt.Sprintf("%s, Linux %s, %s",
			strings.Trim(field("/etc/os-release", "PRETTY_NAME", "="), `"`), kernel(), runtime.GOARCH),
		goVersion: runtime.Version(),
		pageFault: faultTime(),
		load:      load(),
	}
}

// load returns the load average of the last minute.
func load() string {
	averages, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	minute, _, _ := strings.Cut(string(averages), " ")
	return minute
}

// field returns the first value of a key in a file of lines, or "unknown".
func field(path, key, separator string) string {
	file, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), separator)
		if strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// kernel returns the version of the kernel without what a build adds to it.
func kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "unknown"
	}
	release, _, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), "-")
	return release
}

// faultTime measures how long it takes to touch a new page: on virtual machines that differs
// a lot. It is 0 if it cannot be measured.
func faultTime() time.Duration {
	const pages = 2000
	memory, err := unix.Mmap(-1, 0, pages*os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return 0
	}
	defer unix.Munmap(memory)
	start := time.Now()
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	return time.Since(start) / pages
}
