// Command lookup asks the kubelet's own code about images. It has a mode for each question:
//
//	lookup [-v LEVEL] plugin CONFIG BIN-DIR IMAGE...
//	lookup match
//	lookup keyring
//	lookup pullsecrets
//	lookup validate
//
// The first asks credential provider plugins as a kubelet does before it pulls: it registers
// those of the CredentialProviderConfig CONFIG, looks the images up one after the other in this
// one process, so that the kubelet's cache is at work, and prints a JSON array of
// kubelet.Answer. What the kubelet would log goes to stderr. A refused config is exit status 1,
// as it is the end of a real kubelet, with the reason on the last line.
//
// The others read a JSON array of kubelet.Pair, kubelet.Question, kubelet.Pod or manifests of
// Secrets, and print one of kubelet.Matched, of keys, of kubelet.Credentials or of errors.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"k8s.io/klog/v2"
)

func main() {
	klog.InitFlags(nil) // -v for the kubelet's debug messages
	flag.Parse()
	answers, err := run(flag.Args())
	klog.Flush()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run returns the answers to print.
func run(arguments []string) (any, error) {
	switch {
	case len(arguments) >= 3 && arguments[0] == "plugin":
		return askPlugins(arguments[1], arguments[2], arguments[3:])
	case len(arguments) == 1 && arguments[0] == "match":
		return answerEach(match)
	case len(arguments) == 1 && arguments[0] == "keyring":
		return answerEach(askKeyring)
	case len(arguments) == 1 && arguments[0] == "pullsecrets":
		return answerEach(askPullSecrets)
	case len(arguments) == 1 && arguments[0] == "validate":
		return answerEach(validate)
	}
	return nil, errors.New("usage: lookup plugin CONFIG BIN-DIR IMAGE... | match | keyring | pullsecrets | validate")
}

// answerEach answers the questions on stdin.
func answerEach[Q, A any](answer func(Q) A) ([]A, error) {
	var questions []Q
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		return nil, fmt.Errorf("lookup: read the questions: %w", err)
	}
	answers := []A{}
	for _, question := range questions {
		answers = append(answers, answer(question))
	}
	return answers, nil
}
