# Everything a developer runs. Go 1.21 or newer is enough: it fetches the version that go.mod names.
export GOTOOLCHAIN := auto
export CGO_ENABLED ?= 0

FUZZTIME ?= 480# seconds over all fuzz targets together
BENCH ?= .
RACE := ./internal/console/... ./internal/kit/... ./internal/cli/... ./internal/app/... ./internal/store/... ./internal/evidence/ledger/...
GOLANGCI := 2.15.0

.PHONY: help build test demo bench lint fuzz race clean ci

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/cordon
	go build -trimpath -o bin/cordon ./cmd/cordon

test: ## run every test; CI=true makes a skipped one a failure
	@scripts/needs go git chromium
	@scripts/axe
	@scripts/test ./...

demo: build ## play a maker, a hospital and a day of a ward, and open the console on what was found
	./bin/cordon demo

bench: ## run the benchmarks, with the ratios they must hold; BENCH=pattern
	go test -run '^$$' -bench '$(BENCH)' -benchmem $$(scripts/having Benchmark)

lint: ## golangci-lint with the settings of .golangci.yml
	@scripts/lint $(GOLANGCI)

fuzz: ## fuzz every target for its share of FUZZTIME seconds
	@scripts/fuzz $(FUZZTIME)

race: ## the tests of concurrent packages under the race detector
	@scripts/needs gcc
	CGO_ENABLED=1 go test -race -short -timeout 20m $$(scripts/having Test $(RACE))

clean: ## remove what was built
	rm -rf bin .tools

ci: ## what the project's CI runs
	.ci/run
