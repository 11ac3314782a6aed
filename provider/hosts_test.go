package provider

import (
	"slices"
	"testing"
)

// rows have a row of each kind. Their backends do not exist.
func rows() Hosts {
	return Hosts{
		{Pattern: "{account}.{region}.example.com", Regions: func(label string) bool { return label == "north" || label == "south" }, Host: Host{Variant: "v"}},
		{Pattern: "{location}.example.com"},
		{Pattern: "public.example.com", Host: Host{Region: "north", Public: true}},
		{Pattern: "example.com", Host: Host{Public: true}},
		{Pattern: "{region}.example.org"},
	}
}

func TestLookup(t *testing.T) {
	regional := Host{Account: "123456789012", Region: "north", Variant: "v"}
	for host, want := range map[string]*Host{
		"123456789012.north.example.com":     &regional,
		"123456789012.NORTH.Example.com":     &regional,
		"123456789012.north.example.com:443": &regional,
		"eu-1.example.com":                   {},
		"public.example.com":                 {}, // the first row that has its form
		"example.com":                        {Public: true},

		"123456789012.west.example.com":      nil,
		"123456789012..example.com":          nil,
		"12345678901.north.example.com":      nil,
		"1234567890123.north.example.com":    nil,
		"12345678901x.north.example.com":     nil,
		"123456789012.north.example.com:80":  nil,
		"123456789012.north.example.com:":    nil,
		"123456789012.north.example.com.":    nil,
		".123456789012.north.example.com":    nil,
		"a.123456789012.north.example.com":   nil,
		"123456789012.north.example.com.net": nil,
		"-x.example.com":                     nil,
		"x-.example.com":                     nil,
		"x_y.example.com":                    nil,
		".example.com":                       nil,
		"xexample.com":                       nil,
		"example":                            nil,
		"com":                                nil,
		"":                                   nil,
		"{location}.example.com":             nil,
		"{account}.{region}.example.com":     nil,
		"north.example.org":                  nil, // no region is one of a row without Regions
	} {
		got, known := rows().Lookup(Image{Host: host, Repository: "app"})
		if known != (want != nil) || known && got != *want {
			t.Errorf("%q is %+v, %v, want %+v", host, got, known, want)
		}
	}
	if _, known := Hosts(nil).Lookup(Image{Host: "example.com"}); known {
		t.Error("no rows have a host")
	}
}

// TestLookupAllocates: it runs for each row before each pull.
func TestLookupAllocates(t *testing.T) {
	hosts, image := rows(), Image{Host: "123456789012.west.example.com", Repository: "app"}
	if allocations := testing.AllocsPerRun(100, func() { hosts.Lookup(image) }); allocations > 0 {
		t.Errorf("a lookup allocates %v times", allocations)
	}
}

func TestPatterns(t *testing.T) {
	want := []string{"*.*.example.com", "*.example.com", "public.example.com", "example.com", "*.example.org"}
	if got := rows().Patterns(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
