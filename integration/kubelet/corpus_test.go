package kubelet_test

import (
	"math/rand/v2"
	"strings"
)

// A corpus makes up image names and what may select them, from so few parts that they often
// do. The same seed makes the same.
type corpus struct{ random *rand.Rand }

func newCorpus(seed uint64) corpus { return corpus{rand.New(rand.NewPCG(seed, seed))} }

func (c corpus) pick(from ...string) string { return from[c.random.IntN(len(from))] }

// percent is true that often.
func (c corpus) percent(n int) bool { return c.random.IntN(100) < n }

func (c corpus) label() string { return c.pick("a", "b", "ab", "1", "reg", "io", "com", "x-1") }

func (c corpus) path() string {
	return c.pick("app", "a", "team/app", "team-evil/app", "library/nginx", "v1/app", "v2/a/b", "Team/app")
}

// image returns a name as the kubelet has it: with its host, without tag and digest. It leaves
// out names below docker.io, which provider.ParsePattern has rules for.
func (c corpus) image() string {
	switch {
	case c.percent(15):
		return c.pick("docker.io", "public.ecr.aws", "us-docker.pkg.dev", "123456789012.dkr.ecr.us-east-1.amazonaws.com") + "/acme/" + c.path()
	case c.percent(10):
		// Without a port there is a difference, see TestMatchPortlessIPv6.
		return c.pick("[::1]", "[2001:db8::1]", "[a::b]", "127.0.0.1") + c.pick(":443", ":5000") + "/" + c.path()
	case c.percent(10):
		// Without a dot it takes a port to be a host.
		return c.pick("localhost", "a:5000", "reg:443", "1:5000", "ab:80") + "/" + c.path()
	}
	labels := []string{c.label(), c.label()}
	for c.percent(40) {
		labels = append(labels, c.label())
	}
	return strings.Join(labels, ".") + c.port() + "/" + c.path()
}

func (c corpus) port() string { return c.pick("", "", ":443", ":5000") }

// pattern returns one that selects image or nearly does, and now and then is spoilt.
func (c corpus) pattern(image string) string {
	hostport, repository, _ := strings.Cut(image, "/")
	host, port := cutPort(hostport)
	labels := strings.Split(host, ".")
	for i, label := range labels {
		switch {
		case c.percent(30):
			labels[i] = c.glob(label)
		case c.percent(5):
			labels[i] = c.label()
		}
	}
	switch {
	case c.percent(5):
		labels = labels[1:]
	case c.percent(5):
		labels = append([]string{c.pick("*", c.label())}, labels...)
	}
	if c.percent(10) {
		port = c.port()
	}
	pattern := strings.Join(labels, ".") + port + c.prefix("/"+repository)
	if c.percent(10) {
		at := c.random.IntN(len(pattern) + 1)
		// Not ? # @ and %, see refusedByPattern.
		pattern = pattern[:at] + c.pick("*", "**", "[", "]", "[ab]", `\`, " ", "/", ":", ".", "-", "://", "\t") + pattern[at:]
	}
	return pattern
}

// glob replaces part of label by a wildcard. An IPv6 address loses its brackets.
func (c corpus) glob(label string) string {
	label = strings.Trim(label, "[]")
	from := c.random.IntN(len(label) + 1)
	to := from + c.random.IntN(len(label)-from+1)
	return c.pick("*", label[:from]+"*", "*"+label[to:], label[:from]+"*"+label[to:])
}

// prefix returns the start of path, or another path.
func (c corpus) prefix(path string) string {
	switch {
	case c.percent(50):
		return ""
	case c.percent(20):
		return c.pick("/", "/"+c.path(), "/*", path+"/", path+":1")
	}
	return path[:c.random.IntN(len(path)+1)]
}

// cutPort returns the port with its colon.
func cutPort(hostport string) (host, port string) {
	if at := strings.LastIndexByte(hostport, ':'); at > strings.IndexByte(hostport, ']') {
		return hostport[:at], hostport[at:]
	}
	return hostport, ""
}
