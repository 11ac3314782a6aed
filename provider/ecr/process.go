package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"

	"github.com/pullpass/pullpass/provider/internal/subprocess"
)

const processTimeout = 20 * time.Second

var errProcess = errors.New("the credential_process of the profile failed, or did not print credentials in the form of version 1")

// runProcess runs a credential_process in place of the SDK, which kills the shell alone when
// the time is over, waits for all that hold its pipes, and quotes what it cannot read. The
// format is that of https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html.
//
// path is the value of PATH. The profile's file is trusted, and what it names is so by subprocess.CheckLine.
func runProcess(ctx context.Context, command, path string) (aws.Credentials, error) {
	shell := subprocess.Command{Path: "/bin/sh", Args: []string{"-c", command}, Timeout: processTimeout}
	if runtime.GOOS == "windows" {
		shell.Path, shell.Args = "cmd.exe", []string{"/C", command}
	} else if err := subprocess.CheckLine(command, path); err != nil {
		return aws.Credentials{}, fmt.Errorf("the credential_process of the profile: %w", err)
	}
	output, err := shell.Output(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("the credential_process of the profile: %w", err)
	}
	var answer processcreds.CredentialProcessResponse
	if json.Unmarshal(output, &answer) != nil || answer.Version != 1 || answer.AccessKeyID == "" || answer.SecretAccessKey == "" {
		return aws.Credentials{}, errProcess
	}
	return aws.Credentials{
		AccessKeyID:     answer.AccessKeyID,
		SecretAccessKey: answer.SecretAccessKey,
		SessionToken:    answer.SessionToken,
	}, nil
}
