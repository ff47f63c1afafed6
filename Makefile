# Every command sets up what it needs and requires only Python 3.11 or newer. The pages are built if Node is installed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PAGES := server/static/graphiql.html
PAGE_SOURCES := $(shell find web frontend-queries -name node_modules -prune -o -name generated -prune -o -type f -print)
# Packages for building the pages; installed again only when the lock file changed.
NODE_MODULES := { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-audit --no-fund; }
MIN_COVERAGE := 90
PACKAGES := cli models resolvers runner schema server store trainer

.PHONY: help setup pages codegen browser demo test faults check check-latest audit format lock sdl
.DEFAULT_GOAL := help

help: ## Show these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Create .venv with all dependencies

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Judgesmith needs Python 3.11 or newer; name one with make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(BIN)/python -m compileall -q $(PACKAGES)  # processes start fast even where Python writes no bytecode
	@touch $(READY)

pages: $(PAGES) ## Build the dashboard and GraphiQL if Node is installed

$(PAGES): $(PAGE_SOURCES) schema/schema.graphql
	@if command -v npm >/dev/null 2>&1; then \
		echo "Building the pages ..."; \
		(cd web && $(NODE_MODULES) && npm run --silent build) \
		|| echo "The pages could not be built: the server runs without them and explains how to build them."; \
	else echo "Node is not installed: the server runs without its pages and explains how to build them."; fi

codegen: ## Generate typed TypeScript documents and the manifest of persisted documents
	@cd web && $(NODE_MODULES) && npm run --silent codegen

browser: pages ## Install Chromium for the browser tests, given root and apt
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ ! -e /usr/bin/chromium ]; then \
		(apt-get update -qq && apt-get install -y -qq chromium) >/dev/null 2>&1 \
		|| echo "Chromium could not be installed: the browser tests will be skipped."; fi

demo: setup pages ## Improve a judge with real human ratings, live (NO_WAIT=1: stop at the end)
	@$(BIN)/judgesmith demo $(if $(filter 1 true yes,$(NO_WAIT)),--no-wait)

test: setup pages ## Run all tests and measure coverage (ARGS="tests/store": run a part, unmeasured)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(or $(ARGS),--cov --cov-report=term --cov-fail-under=$(MIN_COVERAGE))

faults: setup ## Kill processes and databases at random and check the invariants (about 5 minutes)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ ! -e /usr/bin/faketime ]; then \
		(apt-get update -qq && apt-get install -y -qq faketime) >/dev/null 2>&1 || echo "faketime could not be installed: the test of a jumping clock is skipped."; fi
	STORM_JOBS=40 STORM_SEEDS=2 STORM_JUDGES=10 STORM_READERS=990 $(BIN)/python -m pytest tests/faults $(ARGS)

check: setup ## Check style, spelling, types, imports and the printed schema; also the pages if Node is installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/judgesmith schema | diff - schema/schema.graphql || { echo "schema/schema.graphql is not what the code prints: make sdl"; exit 1; }
	@if command -v npm >/dev/null 2>&1; then cd web && $(NODE_MODULES) && npm run --silent check; \
	else echo "Node is not installed: the pages are not checked."; fi

check-latest: setup ## Test schema and protocols with the newest Strawberry in a separate environment (uses the internet)
	$(PYTHON) -m venv $(VENV)/latest
	$(VENV)/latest/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/latest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade strawberry-graphql graphql-core
	$(VENV)/latest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(VENV)/latest/bin/python -m pip list --disable-pip-version-check | grep -E '^(strawberry-graphql|graphql-core) '
	$(VENV)/latest/bin/python -m pytest -n 2 --dist loadfile tests/schema tests/resolvers tests/server/graphql

audit: setup ## Check the dependencies for known vulnerabilities (uses the internet)
	@test -x $(VENV)/audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit; }
	$(VENV)/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements.lock
	@if command -v npm >/dev/null 2>&1; then \
		for folder in web tests/node; do if [ -f $$folder/package-lock.json ]; then (cd $$folder && echo "$$folder:" && npm audit) || exit 1; fi; done; \
	else echo "Node is not installed: the packages of the pages are not checked."; fi

format: setup ## Format the code and apply safe lint fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

sdl: setup ## Write the schema to schema/schema.graphql
	$(BIN)/judgesmith schema > schema/schema.graphql

lock: setup ## Pin the newest versions allowed by pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --no-config --universal --upgrade --generate-hashes --no-annotate --no-header \
		--extra dev --extra postgres pyproject.toml -o requirements.lock
