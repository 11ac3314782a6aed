# What the project can do, a line each: make help

GO ?= go
BIN := bin
TOOLS := $(CURDIR)/.cache/tools
STATICCHECK := $(TOOLS)/staticcheck-v0.8.2
GOVULNCHECK := $(TOOLS)/govulncheck-v1.9.0
CYCLONEDX := $(TOOLS)/cyclonedx-gomod-v1.10.0
PLATFORMS := linux/amd64 linux/arm64 windows/amd64 darwin/amd64 darwin/arm64
# The race detector needs a C compiler.
RACE ?= $(if $(shell command -v gcc || command -v clang),-race)
BUILD := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=auto -ldflags='-s -w'

.PHONY: help build cross image release demo bench docs test e2e fuzz check fmt vet staticcheck govulncheck tidy clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## Build the static binary bin/pullpass
	$(BUILD) -o $(BIN)/pullpass ./cmd/pullpass

cross: ## Build the binaries of all platforms into bin/
	@set -e; for p in $(PLATFORMS); do \
		out=$(BIN)/pullpass-$$(echo $$p | tr / -); case $$p in windows/*) out=$$out.exe;; esac; \
		echo "$$out"; GOOS=$${p%/*} GOARCH=$${p#*/} $(BUILD) -o $$out ./cmd/pullpass; \
	done

image: ## Make the image for linux, without Docker, in bin/image/; PUSH="REGISTRY/REPOSITORY:TAG ..." pushes it
	@rm -rf $(BIN)/image
	@cd integration && $(GO) build -o ../$(BIN)/pullpass-release ./release
	@$(BIN)/pullpass-release image $(addprefix -push=,$(PUSH)) $(BIN)/image $(PLATFORMS)

release: $(CYCLONEDX) ## Build the release artifacts into bin/release/: binaries, archives, packages, SBOMs, image; the same commit gives the same bytes
	@rm -rf $(BIN)/release
	@cd integration && $(GO) build -o ../$(BIN)/pullpass-release ./release
	@$(BIN)/pullpass-release archives -sbom-tool $(CYCLONEDX) $(BIN)/release $(PLATFORMS)
	@cat $(BIN)/release/checksums.txt

demo: build ## Show the main job on this machine, without any cloud account
	@cd integration && $(GO) build -o ../$(BIN)/pullpass-demo ./demo
	@$(BIN)/pullpass-demo $(BIN)/pullpass

bench: build ## Measure pullpass beside the other plugins, on the fakes (writes integration/bench/RESULTS.md; BENCHFLAGS=-check)
	@cd integration && $(GO) build -o ../$(BIN)/pullpass-bench ./bench
	@$(BIN)/pullpass-bench -pullpass $(BIN)/pullpass $(BENCHFLAGS)

docs: ## Write the commands and their flags into cmd/pullpass/README.md
	$(GO) test ./cmd/pullpass -run '^TestReference$$' -count=1 -update

test: ## Run all tests: the code's own, and the binary against fakes, the kubelet's code and a registry
	$(GO) test $(RACE) -count=1 -timeout 30m ./...
	cd integration && $(GO) test $(RACE) -count=1 -timeout 60m ./...

e2e: build ## Test with a real Kubernetes and real package managers on this machine, as root (its first build takes a quarter of an hour)
	cd integration && $(GO) test $(RACE) -tags e2e -count=1 -timeout 60m -parallel 4 -v ./e2e
	cd integration && $(GO) test $(RACE) -tags e2e -count=1 -timeout 30m -run '^TestInstall$$' -v ./release

fuzz: ## Run each fuzz test for a while (FUZZTIME=30s)
	@set -e; for f in $$(grep -rlE '^func Fuzz' --include=*_test.go --exclude-dir=integration .); do \
		for name in $$(grep -oE '^func Fuzz[A-Za-z]+' $$f | cut -c6-); do \
			$(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(or $(FUZZTIME),30s) -fuzzminimizetime 10x ./$$(dirname $$f); \
		done; \
	done

check: fmt vet staticcheck tidy govulncheck ## Check the sources: gofmt, vet, staticcheck, tidy modules, govulncheck

fmt:
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt would change: $$files"; exit 1; fi

vet:
	$(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	cd integration && $(GO) vet -tags e2e ./...

staticcheck: $(STATICCHECK)
	$(STATICCHECK) ./...
	cd integration && $(STATICCHECK) -tags e2e ./...

tidy:
	$(GO) mod tidy -diff
	cd integration && $(GO) mod tidy -diff

# What it finds is an error (status 3). Its database cannot be reached from everywhere: without it nothing is checked,
# which is an error where REQUIRE_VULNDB is set, as in the project's own workflow.
govulncheck: $(GOVULNCHECK)
	@$(GOVULNCHECK) ./... ; status=$$?; case $$status in \
		0) ;; \
		3) exit 1 ;; \
		*) echo "govulncheck did not run (status $$status): nothing was checked"; test -z "$(REQUIRE_VULNDB)" ;; \
	esac

$(STATICCHECK):
	GOBIN=$(TOOLS) $(GO) install honnef.co/go/tools/cmd/staticcheck@v0.8.2
	@mv $(TOOLS)/staticcheck $@

$(GOVULNCHECK):
	GOBIN=$(TOOLS) $(GO) install golang.org/x/vuln/cmd/govulncheck@v1.9.0
	@mv $(TOOLS)/govulncheck $@

# Its own checksum stands in what it writes, so that it has to be the same wherever it is built.
$(CYCLONEDX):
	GOBIN=$(TOOLS) GOFLAGS=-trimpath CGO_ENABLED=0 $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
	@mv $(TOOLS)/cyclonedx-gomod $@

clean: ## Remove what was built
	rm -rf $(BIN) .cache
