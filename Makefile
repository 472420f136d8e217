# Every target is a plain command that can be typed by hand; README's two commands need only Go.
# Tools for development are pinned in go.tool.mod, so that importers of pkg/xapi do not inherit them.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
TOOL  := go tool -modfile=go.tool.mod
FUZZ  ?= ./internal/wire/xmlrpc
TIME  ?= 30s
COUNT ?= 6
SOAK  ?= 10m
SEED  ?= 0

.DEFAULT_GOAL := help
.PHONY: simulate-long help build test race fuzz bench bench-peers sim demo e2e soak lint generate verify docs hooks

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## compile the command into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/xencontroller ./cmd/xencontroller

test: ## all tests, without the race detector
	go test ./...

race: ## all tests as CI runs them
	go test -race ./...

fuzz: ## fuzz each target of a package: FUZZ=./pkg/… TIME=30s
	@for target in $$(go test $(FUZZ) -list '^Fuzz' | grep '^Fuzz'); do \
		echo "== $$target"; go test $(FUZZ) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(TIME) -fuzzminimizetime 1s || exit 1; done

bench: ## benchmarks with their ratios, through benchstat: COUNT=6
	go test -run '^$$' -bench . -benchmem -count $(COUNT) ./... | tee bench-new.txt | grep -E '^(Benchmark|pkg:)'
	cd bench/peers && go test -run '^$$' -bench . -count $(COUNT) ./... | tee -a ../../bench-new.txt | grep -E '^(Benchmark|pkg:)'
	$(TOOL) benchstat bench-new.txt

bench-peers: ## from nothing to a copy of a pool, beside xen-api of npm; needs node and npm
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && cp test/clients/npm/package*.json "$$dir" && \
		npm ci --prefix "$$dir" --no-audit --no-fund --silent && cd bench/peers && go run ./coldsync -npm "$$dir"

sim: ## a simulated pool to play with, on loopback addresses, until interrupted
	go run ./cmd/xencontroller simulate --admin 127.0.0.1:8081

simulate-long: ## 10,000 random schedules in virtual time, each a pool under faults
	go test -count 1 -timeout 3h ./test/simulation -run TestRandomSchedulesBreakNoRule -seeds 10000 -at-most 3h -v

demo: ## a simulated pool brought up, broken and mended, in this terminal
	go run ./cmd/xencontroller demo

e2e: ## whole processes over real sockets
	go test -count 1 ./test/e2e/...

soak: ## two processes under kill -9, faults and people, in real time: SOAK=10m SEED=0 (0: another one each time)
	go test -race -count 1 -timeout 0 ./test/e2e -run '^TestSoak$$' -soak $(SOAK) -soak-seed $(SEED) -v

lint: ## golangci-lint (its first build takes some minutes)
	$(TOOL) golangci-lint run

generate: ## write the generated Go files and reference pages again
	go generate ./...

verify: ## what a reviewer checks first: formatting, vet, the tidy test, go.mod
	@test -z "$$($(TOOL) gofumpt -l . | tee /dev/stderr)"
	go vet ./...
	go test -count 1 .
	go mod tidy -diff

docs: ## write docs/reference again from the code
	go run ./internal/gen/docs -out docs/reference

hooks: ## use the hooks of .githooks in this clone
	git config core.hooksPath .githooks
