package manifests

import "strings"

// DaemonSet returns the DaemonSet with values: its own arguments are those of pullpass install. missing names the
// flags whose values are still placeholders.
func DaemonSet(text string, v Values) (manifest string, missing []string, err error) {
	if err := v.Check(); err != nil {
		return "", nil, err
	}
	text, flag := setImage(text, v.Image)
	if flag != "" {
		missing = append(missing, flag)
	}
	if v.Namespace != "" {
		text = strings.ReplaceAll(text, "\n  namespace: pullpass\n", "\n  namespace: "+v.Namespace+"\n")
		text = strings.Replace(text, "\nkind: Namespace\nmetadata:\n  name: pullpass\n", "\nkind: Namespace\nmetadata:\n  name: "+v.Namespace+"\n", 1)
	}
	const last = "\n        - --log-file=/var/log/pullpass/pullpass.log\n"
	more, err := items("        ", append(flagsOf("--registry", v.Registries), v.Arguments...))
	if err != nil {
		return "", nil, err
	}
	return strings.Replace(text, last, last+more, 1), missing, nil
}
