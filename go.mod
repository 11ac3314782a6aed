module github.com/pullpass/pullpass

go 1.26.0

require (
	github.com/docker/docker-credential-helpers v0.9.12
	golang.org/x/sys v0.49.0
)
