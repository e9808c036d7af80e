# make demo: see it work. make test: all that a newcomer can run. make check: what CI runs.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null)
LDFLAGS  = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME   ?= 10s

# Whatever needs no race detector is compiled in one way, that of the released
# program: so all of it shares the compiled packages.
export CGO_ENABLED = 0
lint vuln fuzz: export GOFLAGS += -trimpath

# The SDKs are large: not optimizing them saves a third of their compilation.
SDKFLAGS = -gcflags='github.com/openai/openai-go/...=-N -l' -gcflags='github.com/anthropics/anthropic-sdk-go/...=-N -l' -gcflags='google.golang.org/genai=-N -l'
BENCH      ?= .
BENCHTIME  ?= 100ms

CHAOS     ?=
SOAK      ?= 10m

.PHONY: help build demo test clients check lint vuln fuzz bench chaos soak golden clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

build: ## bin/llmgw, one static binary
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/llmgw ./cmd/llmgw

demo: build ## a whole cluster with stand-in providers in one process
	./bin/llmgw demo

test: build ## unit, virtual-time, cluster and process tests with the race detector, the SDKs, and the demo's story
	CGO_ENABLED=1 go test -race -vet=off -timeout 9m -parallel 4 ./gateway ./...  # the longest first; what is parallel waits; lint vets
	cd examples/go-sdks && go test -trimpath $(SDKFLAGS) ./...
	./bin/llmgw demo --once

clients: build ## real agents and SDKs against a fleet; CLIENTS=sdks, agents or names for some of them
	go run ./examples/clients

lint: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w'; exit 1; }
	go vet ./...
	GOOS=darwin go vet ./gateway/connwatch ./gateway/hop  # what differs between systems
	go run $(STATICCHECK) -checks inherit,-ST1008 ./...  # both sides' errors of a handshake come before its state

vuln: ## known vulnerabilities in what the program calls
	GOVULNCHECK=$(GOVULNCHECK) .ci/vuln

fuzz: ## each fuzz target for FUZZTIME
	FUZZTIME=$(FUZZTIME) .ci/fuzz compile run

bench: ## the figures that the design promises, as ratios in one run, then the benchmarks
	cd gateway && LLMGW_BENCH=$(BENCH) go test -count=1 -run '^TestNumbers$$'
	go test -run '^$$' -bench . -benchtime $(BENCHTIME) -benchmem ./...

chaos: build ## kill, hang, restart and cut off real nodes under load, and count what is lost (CHAOS=-short, -list, -run NAME)
	go build -o bin/chaos ./gateway/chaos
	./bin/chaos $(CHAOS)

soak: build ## SOAK of mixed load with random failures: what is lost, memory, goroutines, gossip
	go build -o bin/chaos ./gateway/chaos
	./bin/chaos -soak $(SOAK)

golden: ## write the golden files anew; read the diff
	go test ./gateway/config ./cmd/llmgw ./protocol ./protocol/openai ./protocol/anthropic ./protocol/gemini -update

check: lint test vuln fuzz ## what CI runs

clean: ## what a build leaves
	rm -rf bin
