package kubelet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// The tests of this file hold pullpass config check to the kubelet's own loader: what one refuses, the
// other does. Nothing differs on purpose.

const (
	configHead = "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n"
	// providerRest is all that a provider needs beside its name.
	providerRest = `
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  matchImages: [registry.example.com]
  defaultCacheDuration: 1m
`
	tokenHead = configHead + "- name: plugin" + providerRest + "  tokenAttributes:\n"
	tokenRest = `    serviceAccountTokenAudience: registry
    cacheType: Token
    requireServiceAccount: true
`
)

// with returns a config whose one provider has further lines, or others in the place of its own.
func with(name, lines string) string {
	var kept []string
	for _, line := range strings.Split(strings.Trim(providerRest, "\n"), "\n") {
		key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		if !strings.Contains("\n"+lines, "\n  "+key+":") {
			kept = append(kept, line)
		}
	}
	return configHead + "- name: " + name + "\n" + strings.Join(kept, "\n") + "\n" + lines
}

// utf16 writes text as Windows may.
func utf16(text string) string {
	data := []byte{0xff, 0xfe}
	for _, r := range text {
		data = append(data, byte(r), byte(r>>8))
	}
	return string(data)
}

// A configCase is a config, and what pullpass says of it.
type configCase struct {
	text string
	// says is a part of the line about the fault, for what is refused; "" for what is taken.
	says string
}

// goodConfigs are taken by the kubelet, though not all of them are good for something.
func goodConfigs() map[string]string {
	return map[string]string{
		"plain":                       with("plugin", ""),
		"v1beta1":                     strings.ReplaceAll(with("plugin", ""), "k8s.io/v1", "k8s.io/v1beta1"),
		"v1alpha1":                    strings.ReplaceAll(with("plugin", ""), "k8s.io/v1", "k8s.io/v1alpha1"),
		"versions mixed":              with("plugin", "  apiVersion: credentialprovider.kubelet.k8s.io/v1beta1\n"),
		"JSON":                        `{"apiVersion":"kubelet.config.k8s.io/v1","kind":"CredentialProviderConfig","providers":[{"name":"plugin","apiVersion":"credentialprovider.kubelet.k8s.io/v1","matchImages":["a.io"],"defaultCacheDuration":"1m"}]}`,
		"JSON with escapes":           `{"apiVersion":"kubelet.config.k8s.io\/v1","kind":"CredentialProviderConfig","providers":[{"name":"pl\u0075gin","args":["\ud83d\ude00` + "\x7f\xff" + `"],"apiVersion":"credentialprovider.kubelet.k8s.io/v1","matchImages":["a.io"],"defaultCacheDuration"` + "\n\t:" + `"1m"}]}`,
		"JSON with a mark is YAML":    "\ufeff" + `{"apiVersion":"kubelet.config.k8s.io/v1", "kind":"CredentialProviderConfig", providers: [{"name":"plugin","apiVersion":"credentialprovider.kubelet.k8s.io/v1","matchImages":["a.io"],"defaultCacheDuration":"1m"}]} # a comment`,
		"two documents":               with("plugin", "") + "---\nproviders: no\n",
		"nonsense behind":             with("plugin", "") + "---\n{[}\n",
		"document markers":            "%YAML 1.1\n---\n" + with("plugin", "") + "...\n",
		"line ends of Windows":        strings.ReplaceAll(with("plugin", ""), "\n", "\r\n"),
		"UTF-16":                      utf16(with("plugin", "")),
		"nothing for lists":           with("plugin", "  args:\n  env: null\n  tokenAttributes: ~\n"),
		"nothing in lists":            with("plugin", "  args: [null, ~]\n  env: [null]\n"),
		"aliases":                     with("plugin", "  matchImages: &m [a.io]\n  args: *m\n"),
		"merge key":                   configHead + "- name: plugin\n  <<: {apiVersion: credentialprovider.kubelet.k8s.io/v1, matchImages: [a.io]}\n  defaultCacheDuration: 1m\n",
		"merge keys in a list":        configHead + "- <<: [{name: plugin}, {apiVersion: credentialprovider.kubelet.k8s.io/v1, matchImages: [a.io]}]\n  defaultCacheDuration: 1m\n",
		"a date is text":              with("plugin", "  args: [2026-01-01, 12:30, 1.2.3, 0x, _1, <<, .5., 1e999]\n"),
		"tags":                        with("plugin", "  args: [!!str 5, !foo bar, !!binary aGk=, !!timestamp 2026-01-01, ! 5, ! yes, ! , ! 'x', &a ! ~, ! &b 5]\n  env: !!seq []\n"),
		"quoted":                      with("plugin", "  args: ['5', \"yes\", 'null', \"\"]\n"),
		"durations":                   with("plugin", "  defaultCacheDuration: \"0\"\n"),
		"negative nothing":            with("plugin", "  defaultCacheDuration: -0s\n"),
		"odd duration":                with("plugin", "  defaultCacheDuration: .5h1.5s\n"),
		"strange name":                with("name:with*odd\\chars", ""),
		"linked binary":               with("linked", ""),
		"patterns that never match":   with("plugin", "  matchImages: ['', 'https://a.io', '*.x/*', index.docker.io, 'a.io:', 'a.io/c d:e', 'reg.io?x', 'me@reg.io', 'é.io', '*']\n"),
		"variables":                   with("plugin", "  env: [{name: A}, {value: x}, {name: A, value: \"\"}, {name: 'B=C', value: d}]\n"),
		"tokens":                      tokenHead + tokenRest,
		"tokens with keys":            tokenHead + tokenRest + "    requiredServiceAccountAnnotationKeys: [example.com/A, b]\n    optionalServiceAccountAnnotationKeys: [Example.com/c]\n",
		"tokens without an account":   tokenHead + strings.Replace(tokenRest, "true", "no", 1) + "    optionalServiceAccountAnnotationKeys: [a]\n",
		"tokens by account":           tokenHead + strings.Replace(tokenRest, ": Token", ": ServiceAccount", 1),
		"the fields' order is free":   "providers:\n- defaultCacheDuration: 1m\n  matchImages: [a.io]\n  name: plugin\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\nkind: CredentialProviderConfig\napiVersion: kubelet.config.k8s.io/v1\n",
		"two that claim the same":     configHead + "- name: plugin" + providerRest + "- name: linked" + providerRest,
		"the name of a field in hex":  strings.Replace(with("plugin", ""), "kind:", `"\x6bind":`, 1),
		"the name of a field by tag":  strings.Replace(with("plugin", ""), "kind:", `!!binary a2luZA==:`, 1),
		"the name of a field by sign": strings.Replace(with("plugin", ""), "kind:", "? kind\n:", 1),
	}
}

// badConfigs are refused.
func badConfigs() map[string]configCase {
	return map[string]configCase{
		// The file.
		"empty":                   {"", "config:1: the file is empty"},
		"comments":                {"# soon\n", "config:1: the file is empty"},
		"empty document":          {"---\n---\n" + with("plugin", ""), "must be a mapping, is empty"},
		"list":                    {"- a\n", "config:1: must be a mapping, is a list"},
		"text":                    {"providers\n", "must be a mapping, is a string"},
		"not YAML":                {configHead + "- name: [\n", "config:4: not YAML: did not find expected node content"},
		"tab":                     {configHead + "-\tname: plugin\n\tapiVersion: x\n", "not YAML"},
		"not UTF-8":               {with("plugin", "  args: ['\xff']\n"), "not UTF-8"},
		"pattern without quotes":  {with("plugin", "  matchImages:\n  - *.io\n"), "config:8: not YAML: did not find expected alphabetic or numeric character; a value that begins with * must be in quotes"},
		"unknown alias":           {with("plugin", "  args: *none\n"), "an unknown anchor"},
		"alias in itself":         {with("plugin", "  args: &a [*a]\n"), "an alias within what it stands for"},
		"comment in JSON":         {"{\n# no\n}", "config:2: not JSON"},
		"names without quotes":    {"{apiVersion: kubelet.config.k8s.io/v1}", "not JSON: invalid character 'a'"},
		"comma at the end":        {`{"apiVersion":"kubelet.config.k8s.io/v1","kind":"CredentialProviderConfig","providers":[],}`, "not JSON: invalid character '}'"},
		"two JSON documents":      {`{} {}`, "not JSON: invalid character '{' after top-level value"},
		"YAML of tomorrow":        {"%YAML 1.2\n---\n" + with("plugin", ""), "found incompatible YAML document"},
		"no apiVersion":           {strings.Replace(with("plugin", ""), "apiVersion: kubelet.config.k8s.io/v1\n", "", 1), "apiVersion: missing"},
		"empty apiVersion":        {strings.Replace(with("plugin", ""), "kubelet.config.k8s.io/v1", "", 1), "config:1: apiVersion: missing"},
		"no kind":                 {strings.Replace(with("plugin", ""), "kind: CredentialProviderConfig\n", "", 1), "kind: missing"},
		"other kind":              {strings.Replace(with("plugin", ""), "CredentialProviderConfig", "KubeletConfiguration", 1), "kind: must be CredentialProviderConfig; is KubeletConfiguration"},
		"kind of a list":          {strings.Replace(with("plugin", ""), "CredentialProviderConfig", "CredentialProviderConfigList", 1), "kind: must be CredentialProviderConfig"},
		"kind in lower case":      {strings.Replace(with("plugin", ""), "kind: C", "kind: c", 1), "kind: must be CredentialProviderConfig"},
		"version of the protocol": {strings.Replace(with("plugin", ""), "kubelet.config.k8s.io", "credentialprovider.kubelet.k8s.io", 1), "config:1: apiVersion: must be one of kubelet.config.k8s.io/v1, "},
		"version of tomorrow":     {strings.Replace(with("plugin", ""), "kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v2", 1), "config:1: apiVersion: must be one of"},
		"no version":              {strings.Replace(with("plugin", ""), "kubelet.config.k8s.io/v1", "kubelet.config.k8s.io", 1), "config:1: apiVersion: must be one of"},
		"number for apiVersion":   {strings.Replace(with("plugin", ""), "kubelet.config.k8s.io/v1", "1", 1), "config:1: apiVersion: must be a string, is a number"},
		"metadata":                {"metadata: {name: a}\n" + with("plugin", ""), "config:1: metadata: unknown field, known are apiVersion, kind, providers"},
		"field twice":             {with("plugin", "") + "kind: CredentialProviderConfig\n", "kind: given twice, first on line 2"},
		"field twice in JSON":     {`{"apiVersion":"kubelet.config.k8s.io/v1","kind":"CredentialProviderConfig","kind":"CredentialProviderConfig","providers":[{"name":"plugin","apiVersion":"credentialprovider.kubelet.k8s.io/v1","matchImages":["a.io"],"defaultCacheDuration":"1m"}]}`, "kind: given twice, first on line 1"},
		"field twice by merge":    {configHead + "- name: plugin\n  <<: {name: plugin, apiVersion: credentialprovider.kubelet.k8s.io/v1, matchImages: [a.io]}\n  defaultCacheDuration: 1m\n", "name: given twice"},
		"merge of a list":         {with("plugin", "  <<: [a]\n"), "a merge key needs a mapping"},
		"case of a field":         {strings.Replace(with("plugin", ""), "kind:", "Kind:", 1), "hint: did you mean kind?"},
		"number for a field":      {"1: 2\n" + with("plugin", ""), "the name of a field must be a string, is a number"},
		"list for a field":        {"? [a]\n: 2\n" + with("plugin", ""), "the name of a field must be a string, is a list"},
		// The list.
		"no providers":            {strings.Replace(configHead, "providers:\n", "", 1), "providers: must have at least one provider"},
		"nothing for providers":   {configHead, "providers: must have at least one provider"},
		"empty providers":         {strings.Replace(configHead, "providers:", "providers: []", 1), "providers: must have at least one provider"},
		"mapping for providers":   {configHead + "  name: plugin\n", "providers: must be a list, is a mapping"},
		"text for a provider":     {configHead + "- plugin\n", "providers[0]: must be a mapping, is a string"},
		"nothing for a provider":  {configHead + "-\n", "providers[0].name: missing"},
		"unknown field":           {with("plugin", "  matchImage: [a.io]\n"), "config:8: providers[0].matchImage: unknown field"},
		"field of tomorrow":       {with("plugin", "  timeout: 5s\n"), "providers[0].timeout: unknown field, known are name, "},
		"tokens before their day": {strings.ReplaceAll(tokenHead+tokenRest, "k8s.io/v1", "k8s.io/v1beta1"), "tokenAttributes: unknown field"},
		// The name, and the binary.
		"no name":             {with("plugin", "")[:len(configHead)] + strings.Replace(with("plugin", "")[len(configHead):], "- name: plugin\n ", "-", 1), "providers[0].name: missing"},
		"empty name":          {with(`""`, ""), "providers[0].name: missing"},
		"number for a name":   {with("5", ""), "providers[0].name: must be a string, is a number; put it in quotes"},
		"boolean for a name":  {with("yes", ""), "providers[0].name: must be a string, is a boolean; put it in quotes"},
		"path for a name":     {with("/bin/plugin", ""), "providers[0].name: must be the name of a file in the bin dir, not a path"},
		"folder for a name":   {with("..", ""), "providers[0].name: must be the name of a file, is that of a directory"},
		"this folder":         {with(".", ""), "providers[0].name: must be the name of a file, is that of a directory"},
		"space in a name":     {with("plu gin", ""), "providers[0].name: must not contain spaces"},
		"NUL in a name":       {with(`"plugin\0"`, ""), "providers[0].name: cannot be the name of a file"},
		"long name":           {with(strings.Repeat("x", 256), ""), "providers[0].name: cannot be the name of a file"},
		"name twice":          {configHead + "- name: plugin" + providerRest + "- name: plugin" + providerRest, "providers[1].name: given twice: plugin is also the name of providers[0] on line 4"},
		"missing binary":      {with("missing", ""), "providers[0].name: the kubelet cannot run the binary: there is no "},
		"no exec bit":         {with("plain", ""), "plain is not executable, its mode is 0644"},
		"directory":           {with("folder", ""), "folder is a directory"},
		"link to nothing":     {with("dangling", ""), "there is no "},
		"link to itself":      {with("loop", ""), "too many levels of symbolic links"},
		"second is not there": {configHead + "- name: plugin" + providerRest + "- name: missing" + providerRest, "providers[1].name: the kubelet cannot run the binary"},
		// The protocol.
		"no protocol":        {with("plugin", "  apiVersion: \n"), "providers[0].apiVersion: missing"},
		"other protocol":     {with("plugin", "  apiVersion: credentialprovider.kubelet.k8s.io/v2\n"), "providers[0].apiVersion: must be one of credentialprovider.kubelet.k8s.io/v1, "},
		"version of a file":  {with("plugin", "  apiVersion: kubelet.config.k8s.io/v1\n"), "providers[0].apiVersion: must be one of"},
		"list for a version": {with("plugin", "  apiVersion: [credentialprovider.kubelet.k8s.io/v1]\n"), "providers[0].apiVersion: must be a string, is a list"},
		// The patterns.
		"no patterns":           {strings.Replace(with("plugin", ""), "  matchImages: [registry.example.com]\n", "", 1), "providers[0].matchImages: must have at least one pattern"},
		"nothing for patterns":  {with("plugin", "  matchImages:\n"), "providers[0].matchImages: must have at least one pattern"},
		"empty patterns":        {with("plugin", "  matchImages: []\n"), "providers[0].matchImages: must have at least one pattern"},
		"text for patterns":     {with("plugin", "  matchImages: a.io\n"), "providers[0].matchImages: must be a list, is a string"},
		"mapping for a pattern": {with("plugin", "  matchImages: [a.io: b]\n"), "providers[0].matchImages[0]: must be a string, is a mapping"},
		"number for a pattern":  {with("plugin", "  matchImages: [a.io, 10.1]\n"), "providers[0].matchImages[1]: must be a string, is a number"},
		"space in a pattern":    {with("plugin", "  matchImages: [a.io, b io]\n"), "providers[0].matchImages[1]: must be a host with or without a path"},
		"port in letters":       {with("plugin", "  matchImages: ['a.io:port']\n"), "providers[0].matchImages[0]: must be a host"},
		"half a bracket":        {with("plugin", "  matchImages: ['[::1']\n"), "providers[0].matchImages[0]: must be a host"},
		"bad escape":            {with("plugin", "  matchImages: [a.io/%zz]\n"), "providers[0].matchImages[0]: must be a host"},
		"control character":     {with("plugin", "  matchImages: [\"a.io\\n\"]\n"), "providers[0].matchImages[0]: must be a host"},
		// The duration.
		"no duration":             {strings.Replace(with("plugin", ""), "  defaultCacheDuration: 1m\n", "", 1), "providers[0].defaultCacheDuration: missing"},
		"nothing for a duration":  {with("plugin", "  defaultCacheDuration: ~\n"), "providers[0].defaultCacheDuration: missing"},
		"empty duration":          {with("plugin", "  defaultCacheDuration: ''\n"), "providers[0].defaultCacheDuration: must be a duration"},
		"days":                    {with("plugin", "  defaultCacheDuration: 1d\n"), "hint: did you mean 24h?"},
		"seconds":                 {with("plugin", "  defaultCacheDuration: 300\n"), "hint: did you mean 300s?"},
		"zero":                    {with("plugin", "  defaultCacheDuration: 0\n"), "providers[0].defaultCacheDuration: must be a duration such as 5m or 12h, is a number"},
		"negative":                {with("plugin", "  defaultCacheDuration: -1s\n"), "providers[0].defaultCacheDuration: must not be negative, is -1s"},
		"mapping for a duration":  {with("plugin", "  defaultCacheDuration: {duration: 1m}\n"), "providers[0].defaultCacheDuration: must be a duration such as 5m or 12h, is a mapping"},
		"duration past all years": {with("plugin", "  defaultCacheDuration: 9999999h\n"), "providers[0].defaultCacheDuration: must be a duration"},
		// Arguments and variables.
		"text for arguments":    {with("plugin", "  args: --verbose\n"), "providers[0].args: must be a list, is a string"},
		"number for arguments":  {with("plugin", "  args: [-v, 5]\n"), "providers[0].args[1]: must be a string, is a number"},
		"boolean for arguments": {with("plugin", "  args: [on]\n"), "providers[0].args[0]: must be a string, is a boolean"},
		"octal for arguments":   {with("plugin", "  args: [0o17]\n"), "providers[0].args[0]: must be a string, is a number"},
		"nine for arguments":    {with("plugin", "  args: [09]\n"), "providers[0].args[0]: must be a string, is a number"},
		"infinite arguments":    {with("plugin", "  args: [-.Inf]\n"), "providers[0].args[0]: must be a string, is a number"},
		"tag for nothing":       {with("plugin", "  env: !\n"), "providers[0].env: must be a list, is a string"},
		"wrong tag":             {with("plugin", "  args: [!!int x]\n"), "is not of the type that its tag !!int says"},
		"wrong base64":          {with("plugin", "  args: [!!binary x]\n"), "not base64"},
		"mapping for variables": {with("plugin", "  env: {A: hunter2}\n"), "providers[0].env: must be a list, is a mapping"},
		"text for a variable":   {with("plugin", "  env: [A=hunter2]\n"), "providers[0].env[0]: must be a mapping, is a string"},
		"number for a variable": {with("plugin", "  env: [{name: A, value: 4711}]\n"), "providers[0].env[0].value: must be a string, is a number"},
		"valueFrom":             {with("plugin", "  env: [{name: A, valueFrom: {secretKeyRef: {}}}]\n"), "providers[0].env[0]: unknown field"},
		// Tokens.
		"no token fields":         {tokenHead[:len(tokenHead)-1] + " {}\n", "providers[0].tokenAttributes.serviceAccountTokenAudience: missing"},
		"text for tokens":         {tokenHead[:len(tokenHead)-1] + " yes please\n", "providers[0].tokenAttributes: must be a mapping, is a string"},
		"no audience":             {tokenHead + strings.Replace(tokenRest, "registry", "", 1), "providers[0].tokenAttributes.serviceAccountTokenAudience: missing"},
		"no cache type":           {tokenHead + strings.Replace(tokenRest, "    cacheType: Token\n", "", 1), "providers[0].tokenAttributes.cacheType: missing"},
		"other cache type":        {tokenHead + strings.Replace(tokenRest, "Token\n", "token\n", 1), "hint: did you mean Token?"},
		"no account":              {tokenHead + strings.Replace(tokenRest, "    requireServiceAccount: true\n", "", 1), "providers[0].tokenAttributes.requireServiceAccount: missing"},
		"text for account":        {tokenHead + strings.Replace(tokenRest, "true", "'true'", 1), "providers[0].tokenAttributes.requireServiceAccount: must be true or false, is a string"},
		"keys without an account": {tokenHead + strings.Replace(tokenRest, "true", "false", 1) + "    requiredServiceAccountAnnotationKeys: [a]\n", "requireServiceAccount: must be true with requiredServiceAccountAnnotationKeys"},
		"bad key":                 {tokenHead + tokenRest + "    optionalServiceAccountAnnotationKeys: [a/b/c]\n", "optionalServiceAccountAnnotationKeys[0]: must not have more than one slash"},
		"empty key":               {tokenHead + tokenRest + "    requiredServiceAccountAnnotationKeys: ['']\n", "requiredServiceAccountAnnotationKeys[0]: the name"},
		"key twice":               {tokenHead + tokenRest + "    requiredServiceAccountAnnotationKeys: [a, a]\n", "requiredServiceAccountAnnotationKeys[1]: given twice"},
		"key in both":             {tokenHead + tokenRest + "    requiredServiceAccountAnnotationKeys: [a]\n    optionalServiceAccountAnnotationKeys: [a]\n", "optionalServiceAccountAnnotationKeys[0]: is in requiredServiceAccountAnnotationKeys as well"},
		"older protocol":          {strings.Replace(tokenHead, "credentialprovider.kubelet.k8s.io/v1", "credentialprovider.kubelet.k8s.io/v1beta1", 1) + tokenRest, "tokenAttributes: needs a provider with apiVersion credentialprovider.kubelet.k8s.io/v1"},
		"unknown token field":     {tokenHead + tokenRest + "    audience: a\n", "providers[0].tokenAttributes.audience: unknown field"},
	}
}

// binDir has plugins that can be run and others that cannot.
func binDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"plugin", "pullpass", "old", "name:with*odd\\chars"} {
		write(t, filepath.Join(dir, name), "#!/bin/sh\n", 0o755)
	}
	write(t, filepath.Join(dir, "plain"), "#!/bin/sh\n", 0o644)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"linked": "plugin", "dangling": "nothing", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// check runs pullpass config check and returns what it prints, and whether it finds faults.
func check(t *testing.T, args ...string) (text string, refused bool) {
	t.Helper()
	run, err := pullpass.Launch(t, binaries.Released, pullpass.Offline(t), nil, append([]string{"config", "check"}, args...)...).End()
	if err != nil || run.Code != 0 && run.Code != 1 {
		t.Fatalf("config check: %v, exit code %d\n%s%s", err, run.Code, run.Stdout, run.Stderr)
	}
	return run.Stdout + run.Stderr, run.Code == 1
}

// agree has both judge a config.
func agree(t *testing.T, config, bin string, refused bool) (text string) {
	t.Helper()
	reason := kubelet.Lookup(t, config, bin, nil).Refused
	text, failed := check(t, config, "--bin-dir", bin)
	if (reason != "") != refused {
		t.Errorf("the kubelet refuses it: %q; that is not what this test says", reason)
	}
	if failed != (reason != "") {
		t.Errorf("the kubelet: %q\nconfig check:\n%s", reason, text)
	}
	if strings.Contains(text, "hunter2") {
		t.Errorf("a secret is in\n%s", text)
	}
	return text
}

func TestConfigCheckGood(t *testing.T) {
	bin := binDir(t)
	for name, config := range goodConfigs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config")
			write(t, path, config, 0o600)
			if text := agree(t, path, bin, false); !strings.Contains(text, path+": ok, ") {
				t.Errorf("config check:\n%s", text)
			}
		})
	}
}

func TestConfigCheckBad(t *testing.T) {
	bin := binDir(t)
	for name, config := range badConfigs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config")
			write(t, path, config.text, 0o600)
			text := agree(t, path, bin, true)
			if config.says == "" || !strings.Contains(text, config.says) {
				t.Errorf("config check does not say %q but\n%s", config.says, text)
			}
			if strings.Contains(text, ": ok, ") {
				t.Errorf("config check says ok:\n%s", text)
			}
		})
	}
}

// TestConfigCheckDirectory: the kubelet reads a directory's files as one config.
func TestConfigCheckDirectory(t *testing.T) {
	bin := binDir(t)
	plugin, linked := with("plugin", ""), with("linked", "")
	none := strings.Replace(configHead, "providers:", "providers: []", 1)
	for name, test := range map[string]struct {
		files map[string]string // a name with a slash at its end is that of a directory, a text that begins with -> that of a link
		says  string            // "" for what is taken
	}{
		"two":                     {map[string]string{"a.yaml": plugin, "b.yml": linked}, ""},
		"one has no providers":    {map[string]string{"a.yaml": none, "b.json": linked}, ""},
		"another version":         {map[string]string{"a.yaml": plugin, "b.yaml": strings.ReplaceAll(linked, "k8s.io/v1", "k8s.io/v1alpha1")}, ""},
		"others are passed over":  {map[string]string{"a.yaml": plugin, "a.yaml~": "{", "README": "-", "b.YAML": "{", "c.conf": plugin, "d.yaml/": ""}, ""},
		"hidden":                  {map[string]string{".a.yaml": plugin}, ""},
		"link":                    {map[string]string{"a.yaml": "->../config"}, ""},
		"a name twice":            {map[string]string{"a.yaml": plugin, "b.yaml": linked, "c.json": strings.Replace(plugin, "kind", `"kind"`, 1)}, "c.json:4: providers[0].name: given twice: plugin is also the name of providers[0] on line 4 of "},
		"no providers in any":     {map[string]string{"a.yaml": none, "b.yaml": configHead}, "providers: must have at least one provider"},
		"one is empty":            {map[string]string{"a.yaml": plugin, "b.yaml": ""}, "b.yaml:1: the file is empty"},
		"one is bad":              {map[string]string{"a.yaml": plugin, "b.yaml": with("missing", "")}, "b.yaml:4: providers[0].name: the kubelet cannot run the binary"},
		"nothing":                 {nil, "there is no file that the kubelet reads"},
		"nothing that is read":    {map[string]string{"a.yaml.bak": plugin, "sub.yaml/": ""}, "there is no file that the kubelet reads"},
		"link to nothing":         {map[string]string{"a.yaml": plugin, "b.yaml": "->nothing"}, "b.yaml: no such file or directory"},
		"link to a folder":        {map[string]string{"a.yaml": plugin, "b.yaml": "->.."}, "b.yaml: it is not a regular file"},
		"not JSON by its content": {map[string]string{"a.json": "{" + plugin}, "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			write(t, filepath.Join(directory, "config"), plugin, 0o600)
			dir := filepath.Join(directory, "dir")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, text := range test.files {
				place(t, filepath.Join(dir, name), name, text)
			}
			if text := agree(t, dir, bin, test.says != ""); !strings.Contains(text, test.says) {
				t.Errorf("config check does not say %q but\n%s", test.says, text)
			}
		})
	}
}

func place(t *testing.T, path, name, text string) {
	t.Helper()
	target, isLink := strings.CutPrefix(text, "->")
	var err error
	switch {
	case strings.HasSuffix(name, "/"):
		err = os.Mkdir(path, 0o755)
	case isLink:
		err = os.Symlink(target, path)
	default:
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestConfigCheckBinDir: without the bin dir no kubelet starts.
func TestConfigCheckBinDir(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config")
	write(t, config, with("plugin", ""), 0o600)
	agree(t, config, filepath.Join(t.TempDir(), "none"), true)
	if text, refused := check(t, config); refused {
		t.Errorf("a config whose binaries are not looked for:\n%s", text)
	}
}

// TestConfigCheckMutants spoils good configs at random, from few parts, and has both judge them.
func TestConfigCheckMutants(t *testing.T) {
	c := newCorpus(5)
	bin := binDir(t)
	refused, texts := 0, []string{with("plugin", ""), tokenHead + tokenRest, configHead + "- name: plugin" + providerRest + "- name: linked" + providerRest + "  env: [{name: A, value: b}]\n  args: [a]\n"}
	const mutants = 60
	for i := range mutants {
		config := filepath.Join(t.TempDir(), "config")
		text := c.pick(texts...)
		for range 1 + c.random.IntN(3) {
			text = c.spoil(text)
		}
		write(t, config, text, 0o600)
		reason := kubelet.Lookup(t, config, bin, nil).Refused
		said, failed := check(t, config, "--bin-dir", bin)
		if failed != (reason != "") {
			t.Errorf("mutant %d: the kubelet: %q\nconfig check:\n%sof\n%s", i, reason, said, text)
		}
		if failed {
			refused++
		}
	}
	if refused < mutants/4 || refused > mutants*9/10 {
		t.Errorf("%d of %d are refused; the mutants are lopsided", refused, mutants)
	}
}

// spoil changes a config a little, often so that it means the same.
func (c corpus) spoil(text string) string {
	lines := strings.SplitAfter(text, "\n")
	at := c.random.IntN(len(lines) - 1)
	key, value, found := strings.Cut(strings.TrimSuffix(lines[at], "\n"), ": ")
	switch {
	case c.percent(10):
		lines[at] = ""
	case c.percent(10):
		lines[at] += lines[c.random.IntN(len(lines)-1)]
	case c.percent(70) && found:
		same := []string{"'" + value + "'", `"` + value + `"`, "!!str " + value, "&a " + value, value + " # x", "\n      " + value, "! " + value, "!x " + value, ">-\n      " + value, "[" + value + "]"}
		other := []string{"", "~", "''", "[]", "{}", "[a.io]", "yes", "no", "5", "5m", "0", "-1h", "a b", "a:b", "['*.x/*']", "!!str 5", "!!binary eA==", "*a", "2026-01-01", `"\0"`, "|\n      x", "@a", "<<", "\tx", "{a: b}"}
		lines[at] = key + ": " + c.pick(append(other, slices.Concat(same, same, same)...)...) + "\n"
	case found && c.percent(50):
		name := strings.TrimLeft(key, " -")
		indent := strings.TrimSuffix(key, name)
		lines[at] = indent + c.pick(`"`+name+`"`, "'"+name+"'", "!!str "+name, "&k "+name, "? "+name+"\n"+strings.ReplaceAll(indent, "-", " "), strings.ToUpper(name), name+"s", "<<", " "+name) + ": " + value + "\n"
	default:
		lines[at] = c.pick("# x\n", "  # x\n", " \n", "---\n", "...\n", "%YAML 1.1\n", "x\n", "\t\n", "- \n") + c.pick("", lines[at], lines[at])
	}
	return strings.Join(lines, "")
}

// neverNote begins what config check says of a pattern that selects nothing.
const neverNote = "never matches an image: "

// checkPatterns returns what config check says of each pattern.
func checkPatterns(t *testing.T, patterns []string) []string {
	t.Helper()
	var text strings.Builder
	text.WriteString(with("plugin", "  matchImages:\n"))
	for _, pattern := range patterns {
		fmt.Fprintf(&text, "  - %q\n", pattern)
	}
	config := filepath.Join(t.TempDir(), "config")
	write(t, config, text.String(), 0o600)
	printed, _ := check(t, config)
	says := make([]string, len(patterns))
	for line := range strings.Lines(printed) {
		var index int
		_, field, found := strings.Cut(line, "providers[0].matchImages[")
		if _, err := fmt.Sscanf(field, "%d", &index); found && err == nil {
			says[index] += line
		}
	}
	return says
}
