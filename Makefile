# The front door. Every target works on a fresh clone with git, make, Node 20 or newer with npm,
# and Go; it fetches and builds the rest, and says what to do when something cannot be had.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

BIN := node_modules/.bin
NODE := $(BIN)/node
# What npm and its scripts run is the pinned Node too, not the one that happens to be installed.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Extra arguments of the test runner: make test ARGS='--test-name-pattern=prune'
ARGS ?=

.PHONY: help
help: ## List the targets
	@echo 'Tiphys: make TARGET'
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# Installs when package-lock.json differs from the one that node_modules was installed from. npm ci
# refuses a lock that lacks the packages of other platforms, which is what a registry mirror that
# does not carry them produces; npm install takes the same versions from the same lock.
.PHONY: install
install:
	@cmp -s package-lock.json node_modules/.installed-lock || { \
	  command -v npm >/dev/null || { echo 'npm is missing: install Node 20 or newer with npm, https://nodejs.org' >&2; exit 1; }; \
	  command -v git >/dev/null || { echo 'git is missing: install git 2.30 or newer' >&2; exit 1; }; \
	  echo 'installing node_modules, about a minute the first time' >&2; \
	  npm ci --loglevel=silent >&2 || npm install --no-save --loglevel=error >&2 || { echo 'npm cannot install: check the network and the registry (npm ping)' >&2; exit 1; }; \
	  $(NODE) --version >/dev/null || { echo 'Node 24 did not arrive: run npm rebuild node, or check that install scripts are allowed' >&2; exit 1; }; \
	  cp package-lock.json node_modules/.installed-lock; \
	}

.PHONY: build
build: install ## Compile what is published, into dist; `npx tiphys` runs it
	@$(BIN)/rolldown -c --dir dist --logLevel warn
	@$(BIN)/tsc -p tsconfig.build.json
	@chmod +x dist/main.js
	@ln -sf ../../dist/main.js $(BIN)/tiphys

.PHONY: check
check: install build ## Format, types, lint with the room rules, dead code, the package, generated files
	@$(BIN)/biome format .
	@$(BIN)/tsc -p .
	@$(BIN)/oxlint --type-aware
	@$(BIN)/knip
	@$(BIN)/publint --strict
	@$(BIN)/attw --pack . --profile esm-only --format table-flipped
	@$(MAKE) generated-files-are-current

.PHONY: format
format: install ## Format every file
	@$(BIN)/biome format --write .

.PHONY: test
test: check ## Everything that CI runs: check, then all tests in one count
	@$(NODE) e2e/run.ts $(ARGS)

.PHONY: unit
unit: install ## Tests that need nothing but Node
	@$(NODE) e2e/run.ts unit $(ARGS)

.PHONY: integration
integration: install build ## Tests with real servers: API server, Git, programs
	@$(NODE) e2e/run.ts integration $(ARGS)

.PHONY: e2e
e2e: install build ## Scenarios with kubectl on a real control plane
	@$(NODE) e2e/run.ts e2e $(ARGS)

.PHONY: demo
demo: install build ## A cluster, the operator and an app-of-apps, to look at
	@$(NODE) e2e/demo/main.ts

.PHONY: bench
bench: install build ## Measure against the budgets; writes docs/benchmarks.md
	@$(NODE) e2e/bench/main.ts

.PHONY: soak
soak: install ## The long form of the crash scenarios, and of comparing generated objects, the API under odd requests, YAML and kustomize edits
	@TIPHYS_SOAK=1 $(NODE) --test e2e/scenarios/unhappy-crashes.test.ts e2e/scenarios/crashes-in-order.test.ts e2e/scenarios/superseding.test.ts e2e/scenarios/api-fuzz.test.ts e2e/scenarios/api-described.soak.ts operator/core/diff/compare-generated.integration.test.ts operator/core/diff/compare-custom.integration.test.ts generators/yaml/kubectl.integration.test.ts generators/kustomize/edit.integration.test.ts

.PHONY: crds
crds: install ## Write the CRDs from the schemas
	@$(NODE) crds/generate.ts

.PHONY: docs
docs: install ## Write the generated parts of the documentation
	@if [ -f docs/generate.ts ]; then $(NODE) docs/generate.ts; fi

.PHONY: generated-files-are-current
generated-files-are-current:
	@if [ -f crds/generate.ts ]; then $(NODE) crds/generate.ts --check || { echo 'the CRDs differ from the schemas: run make crds' >&2; exit 1; }; fi
	@if [ -f docs/generate.ts ]; then $(NODE) docs/generate.ts --check || { echo 'the documentation differs from the code: run make docs' >&2; exit 1; }; fi

.PHONY: clean
clean: ## Remove what was built and installed here; the tool cache in ~/.cache/tiphys stays
	@rm -rf dist node_modules
