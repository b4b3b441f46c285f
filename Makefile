# Two commands do everything on a fresh machine: `make demo` and `make test`. Both go through `make setup`.

PYTHON ?= python3
PORT ?= 8080
BIN := .venv/bin
# Processes of the test run: more than cores, since many tests wait for a disk, a browser or a platform.
JOBS ?= 4

WEB := src/vikno/portal/static/manifest.json
WEB_SOURCES := $(shell find web -type f) $(wildcard countries/*/theme.json)
CHROMIUMS := chromium chromium-browser google-chrome google-chrome-stable

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types floors reference bench chromium kannel lock wheel clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: .venv/.project $(WEB) ## .venv with the `vikno` command, the web parts, a Chromium
	@$(MAKE) --no-print-directory chromium || echo "Only the browser tests need it; everything else works."

demo: setup ## the demo, on 127.0.0.1:8080 (PORT=9000 changes it)
	@echo "Vikno opens on http://127.0.0.1:$(PORT)/ (Ctrl-C ends it)"
	@$(BIN)/vikno demo --port $(PORT)

test: setup chromium kannel lint types floors ## everything: lint, types, floors, unit, contract, browser, docs
	$(BIN)/pytest -m "" -n $(JOBS) --dist loadgroup

check: .venv/.project $(WEB) lint types floors ## the quick one: lint, types, floors, unit tests
	$(BIN)/pytest -m "not browser and not slow" -n $(JOBS) --dist loadgroup tests src

lint: .venv/.project
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.project node_modules/.installed
	$(BIN)/mypy src tests conftest.py $(wildcard bench)
	npm run --silent types

floors: .venv/.project
	$(BIN)/lint-imports

reference: .venv/.project ## docs/reference anew from the code
	$(BIN)/python -m vikno.cli.reference docs/reference

bench: setup ## what is measured, and against whom (docs/reference/performance.md)
	$(BIN)/python -m bench

lock: .venv/.deps ## requirements/*.txt anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml $(LOCK_FLAGS) -o requirements/lock.txt
	$(BIN)/uv pip compile pyproject.toml --group dev $(LOCK_FLAGS) -o requirements/dev-lock.txt

LOCK_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

wheel: setup ## dist/*.whl, with the countries and the web parts in it
	$(BIN)/python -m hatchling build -t wheel

clean: ## back to a fresh clone
	rm -rf .venv node_modules dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	git clean -fdXq src tests docs countries

# ---- the parts of setup, each with a stamp, so that a second run is at once ----

.venv/.deps: requirements/dev-lock.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Vikno needs Python 3.11 or later; name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory apt PACKAGE=python3-venv
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev-lock.txt
	@touch $@

.venv/.project: .venv/.deps pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	$(BIN)/python -m compileall -q src  # so that the first command starts as fast as the next
	@touch $@

node_modules/.installed: package-lock.json package.json
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 11) ? 0 : 1)' \
	  || { echo "The web parts are built with Node 20.11 or later."; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB): node_modules/.installed $(WEB_SOURCES)
	npm run --silent build

chromium:
	@for name in $(CHROMIUMS); do command -v $$name >/dev/null && exit 0; done; \
	  test -n "$$VIKNO_CHROMIUM" || $(MAKE) --no-print-directory apt PACKAGE=chromium

kannel:
	@command -v bearerbox >/dev/null && test -x /usr/lib/kannel/test/fakesmsc \
	  || { $(MAKE) --no-print-directory apt PACKAGE=kannel && $(MAKE) --no-print-directory apt PACKAGE=kannel-extras; }

.PHONY: apt
apt:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing $(PACKAGE) with apt-get"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGE) >/dev/null; \
	else \
	  echo "$(PACKAGE) is missing. On Debian: sudo apt-get install $(PACKAGE)"; \
	  test $(PACKAGE) != chromium || echo "Another Chromium or Chrome does too: VIKNO_CHROMIUM=/path/to/it"; \
	  exit 1; \
	fi
