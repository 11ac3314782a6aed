package backends

import (
	"context"
	"errors"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/provider"
)

// toy is a backend that the rest of pullpass has never heard of.
func toy() provider.Backend {
	return provider.Backend{
		Name:  "toy",
		Title: "Toy Registry",
		Hosts: provider.Hosts{{Pattern: "{location}.toy.example.com"}},
		Fields: []provider.Field{
			{Name: "color", Check: func(text string) error {
				if text != "red" {
					return errors.New("must be red")
				}
				return nil
			}},
			{Name: "shade", Needs: "color", Excludes: []string{"size"}},
			{Name: "size"},
		},
		New: func(settings provider.Settings, _ provider.Node) provider.Provider {
			return toyProvider(settings["color"])
		},
	}
}

// toyProvider claims all that it is asked about, to show that it is not asked about others' hosts.
type toyProvider string

func (p toyProvider) Scope(provider.Request) (provider.Scope, bool) {
	return provider.NewScope("provider", "toy", "color", string(p)), true
}

func (toyProvider) Fetch(context.Context, provider.Request) (provider.Credential, error) {
	return provider.Credential{}, &provider.NoCredentialError{Reason: "a toy has none"}
}

// TestToySection: the section of a new backend is read as strictly as the others.
func TestToySection(t *testing.T) {
	list := append(All(), toy())
	const head = "apiVersion: pullpass/v1\nkind: Config\nregistries:\n"
	read := func(rule string) (config.Config, error) { return config.Parse("config.yaml", []byte(head+rule), list) }

	good, err := read("- {match: a.toy.example.com, provider: toy, toy: {color: red}}\n")
	if err != nil || len(good.Registries) != 1 || good.Registries[0].Backend != list.Named("toy") || good.Registries[0].Settings["color"] != "red" {
		t.Errorf("%+v, %v", good, err)
	}
	for rule, want := range map[string]string{
		"{match: a.toy.example.com, provider: toy, toy: {color: blue}}":                        "4: registries[0].toy.color: must be red",
		"{match: a.toy.example.com, provider: toy, toy: {colour: red}}":                        "4: registries[0].toy.colour: unknown field, did you mean color?",
		"{match: a.toy.example.com, provider: toy, toy: {color: 1}}":                           "4: registries[0].toy.color: must be a string, is a number; put it in quotes",
		"{match: a.toy.example.com, provider: toy, toy: {shade: dark}}":                        "4: registries[0].toy.shade: of no use without color",
		"{match: a.toy.example.com, provider: toy, toy: {color: red, shade: dark, size: big}}": "4: registries[0].toy.shade: a second source for the credential beside size",
		"{match: a.toy.example.com, provider: toy, ecr: {}}":                                   "4: registries[0].ecr: does not belong in a rule of provider toy",
		"{match: gcr.io, provider: toy}":                                                       "4: registries[0].match: gcr.io selects no host of toy, the rule would never be used",
		"{match: a.toy.example.com, provider: gcr}":                                            "4: registries[0].match: a.toy.example.com selects no host of gcr, the rule would never be used",
		"{match: a.toy.example.com, provider: none}":                                           "4: registries[0].provider: unknown provider none, known are ecr, gcr, dockerhub, toy",
	} {
		if _, err := read("- " + rule + "\n"); err == nil || err.Error() != "config.yaml:"+want {
			t.Errorf("%s: %v, want %s", rule, err, want)
		}
	}
}

// TestToyDispatch: its hosts are its own, and all others are those of the others.
func TestToyDispatch(t *testing.T) {
	list := append(All(), toy())
	var rules []provider.Rule
	for _, b := range append(provider.Backends{toy()}, list...) { // also if it comes first
		rules = append(rules, provider.Rule{Hosts: b.Hosts, Provider: b.New(nil, machine())})
	}
	isToy := func(p provider.Provider) bool { _, is := p.(toyProvider); return is }
	for reference, want := range map[string]bool{
		"a.toy.example.com/app":          true,
		"A.toy.example.com:443/app":      true,
		"a.toy.example.com:5000/app":     false,
		"toy.example.com/app":            false,
		"a.b.toy.example.com/app":        false,
		"a.toy.example.com.evil.com/app": false,
	} {
		image, err := provider.ParseImage(reference)
		if err != nil {
			t.Fatal(err)
		}
		choice, claimed := provider.Choose(rules, provider.Request{Image: image})
		if claimed != want || claimed && !isToy(choice.Provider) {
			t.Errorf("%s goes to %T", reference, choice.Provider)
		}
		for _, rule := range rules {
			if _, claims := rule.Provider.Scope(provider.Request{Image: image}); claims && !isToy(rule.Provider) {
				t.Errorf("%s is claimed by %T", reference, rule.Provider)
			}
		}
	}
	for _, c := range hostCases {
		image, err := provider.ParseImage(c.image)
		if err != nil {
			continue
		}
		if choice, claimed := provider.Choose(rules, provider.Request{Image: image}); claimed != (c.want != "nobody") || claimed && isToy(choice.Provider) {
			t.Errorf("%s goes to %T", c.image, choice.Provider)
		}
	}
}
