package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

const (
	burstSize = 100
	accounts  = 10 // that the images of a burst belong to
	region    = "eu-central-1"
)

// An image is asked for by one process of a burst.
type image struct {
	host    string
	request string // a file with the kubelet's request for it
	server  string // a file with its host, as Docker asks credential helpers
}

// A stage is what the programs run on.
type stage struct {
	programs programs
	aws      *awsfake.Server
	runner   *runner
	fast     string // a directory, in memory if there is such a place: /run is
	disk     string // a directory on the disk
	images   []image
	floor    int64 // what the runner's memory hides, see batch.Result
}

func newStage(p programs, cache string) (*stage, error) {
	s := &stage{programs: p}
	err := s.open(cache)
	if err != nil {
		s.close()
	}
	return s, err
}

func (s *stage) open(cache string) error {
	var err error
	if s.aws, err = awsfake.Start(); err != nil {
		return err
	}
	if s.runner, err = startRunner(s.programs.runner); err != nil {
		return err
	}
	if s.fast, err = os.MkdirTemp(memoryDirectory(), "pullpass-bench-"); err != nil {
		return fmt.Errorf("create a folder: %w", err)
	}
	if s.disk, err = os.MkdirTemp(cache, "run-"); err != nil {
		return fmt.Errorf("create a folder: %w", err)
	}
	if s.disk, err = filepath.Abs(s.disk); err != nil {
		return err
	}
	if err := s.programs.copyTo(s.disk); err != nil {
		return err
	}
	return s.writeImages()
}

// memoryDirectory returns a directory of a tmpfs, or "" for the usual place of temporary files.
func memoryDirectory() string {
	if exists("/dev/shm") {
		return "/dev/shm"
	}
	return ""
}

func (s *stage) writeImages() error {
	for i := range burstSize {
		im := image{
			host:    fmt.Sprintf("%d.dkr.ecr.%s.amazonaws.com", 123456789012+i%accounts, region),
			request: filepath.Join(s.fast, fmt.Sprintf("request-%d.json", i)),
			server:  filepath.Join(s.fast, fmt.Sprintf("server-%d", i)),
		}
		request, err := json.Marshal(map[string]string{
			"kind":       "CredentialProviderRequest",
			"apiVersion": "credentialprovider.kubelet.k8s.io/v1",
			"image":      fmt.Sprintf("%s/team-%d/app:1", im.host, i),
		})
		if err != nil {
			return err
		}
		if err := errors.Join(os.WriteFile(im.request, request, 0o600), os.WriteFile(im.server, []byte(im.host), 0o600)); err != nil {
			return fmt.Errorf("write a request: %w", err)
		}
		s.images = append(s.images, im)
	}
	return nil
}

// imdsOperations are the calls of the instance metadata service.
func imdsOperations() []string {
	return []string{awsfake.IMDSToken, awsfake.IMDSRole, awsfake.IMDSCredentials}
}

// delay puts off every answer of ECR and of the metadata service.
func (s *stage) delay(d time.Duration) {
	for _, operation := range append(imdsOperations(), awsfake.GetAuthorizationToken) {
		s.aws.Always(operation, script.Order{Delay: d})
	}
}

// outage makes ECR fail after a while.
func (s *stage) outage(after time.Duration) {
	order := awsfake.ECRError(500, "ServerException", "out of order")
	order.Delay = after
	s.aws.Always(awsfake.GetAuthorizationToken, order)
}

// calls returns how often ECR and the metadata service have been called.
func (s *stage) calls() (ecr, imds int) {
	for _, operation := range imdsOperations() {
		imds += s.aws.Calls(operation)
	}
	return s.aws.Calls(awsfake.GetAuthorizationToken), imds
}

// directory makes a new directory below parent.
func (s *stage) directory(parent, name string) (string, error) {
	directory, err := os.MkdirTemp(parent, name+"-")
	if err != nil {
		return "", fmt.Errorf("create a folder: %w", err)
	}
	return directory, nil
}

func (s *stage) close() {
	if s.aws != nil {
		s.aws.Close()
	}
	if s.runner != nil {
		s.runner.close()
	}
	for _, directory := range []string{s.fast, s.disk} {
		if directory != "" {
			os.RemoveAll(directory)
		}
	}
}
