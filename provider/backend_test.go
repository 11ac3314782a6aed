package provider

import (
	"slices"
	"testing"
)

func TestBackends(t *testing.T) {
	list := Backends{
		{Name: "a", Hosts: Hosts{{Pattern: "a.example.com", Host: Host{Public: true}}}, Usernames: []string{"x", "y"}},
		{Name: "b", Hosts: Hosts{{Pattern: "{location}.example.org"}}},
	}
	if got := list.Names(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the names are %q", got)
	}
	if list.Named("b") != &list[1] || list.Named("c") != nil || list.Named("") != nil {
		t.Error("not the backend of the name")
	}
	if list.WithUsername("y") != &list[0] || list.WithUsername("z") != nil || list.WithUsername("") != nil {
		t.Error("not the backend of the user")
	}
	for host, want := range map[string]*Backend{"a.example.com": &list[0], "a.example.org": &list[1], "b.example.com": nil} {
		owner, found := list.Owner(Image{Host: host, Repository: "app"})
		if owner != want || found.Public != (want == &list[0]) {
			t.Errorf("%s is of %v, %+v", host, owner, found)
		}
		pattern, err := ParsePattern(host)
		if err != nil || list.Serve(pattern) != (want != nil) {
			t.Errorf("%s is served: %v, %v", host, list.Serve(pattern), err)
		}
	}
	if owner, _ := Backends(nil).Owner(Image{Host: "a.example.com"}); owner != nil {
		t.Errorf("nobody is %v", owner)
	}
}
