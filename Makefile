# The commands of the README. Everything is installed into folders of this checkout: .tools (pipenv),
# .venv (the project's environment), frontend/node_modules. Stamps below var/stamps make each step
# happen again only when what it depends on has changed.
SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 8000
export PIPENV_VENV_IN_PROJECT := 1
export PIPENV_IGNORE_VIRTUALENVS := 1
export PIPENV_VERBOSITY := -1
unexport VIRTUAL_ENV
# Processes that are started often need not compile the same modules each time.
unexport PYTHONDONTWRITEBYTECODE

PIPENV_VERSION := 2026.10.3
STAMPS := var/stamps
PY := .venv/bin/python
FRONTEND := $(shell find frontend templates static/scss -type f -not -path '*/node_modules/*' -not -path 'frontend/tests/*' 2>/dev/null)

.PHONY: help run test lint lint-python lint-page format types bench lock audit build catalogue screenshots clean

help: ## say what each command does
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(STAMPS)/serve build ## install what is missing, build the page, serve on http://127.0.0.1:8000
	@exec $(PY) -m tools.serve

# Each file is tested in one of four processes (much of a test is waiting): files share nothing but what a process
# starts once. ARGS="-n 0": all in one.
test: $(STAMPS)/all $(STAMPS)/chromium build ## every test: the page's modules, the server, the browser
	cd frontend && npm run --silent test
	$(PY) -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: lint-python lint-page ## ruff (format and rules) and mypy; Prettier, ESLint and vue-tsc for the page

lint-python: $(STAMPS)/all
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

lint-page: $(STAMPS)/npm
	cd frontend && npm run --silent lint

format: $(STAMPS)/all $(STAMPS)/npm ## let ruff rewrite the Python files, and Prettier those of the page
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	cd frontend && npm run --silent format

types: $(STAMPS)/all $(STAMPS)/npm ## types and limits of the API for the page, from its OpenAPI description
	$(PY) -m tools.api_types

bench: $(STAMPS)/all build ## every benchmark; one alone: .venv/bin/python -m bench.NAME
	@missed=; for name in $$(ls bench | sed -n 's/^\([a-z]\w*\)\.py$$/\1/p'); do \
	  echo "== bench.$$name"; $(PY) -m bench.$$name || missed="$$missed $$name"; done; \
	[ -z "$$missed" ] || { echo "Missed a target:$$missed"; exit 1; }

lock: .tools/bin/pipenv ## resolve Pipfile into Pipfile.lock, without any registry's address in it
	.tools/bin/pipenv lock --categories "packages train cluster audio tags dev"
	@$(PY_ANY) -m tools.lock

audit: $(STAMPS)/serve $(STAMPS)/npm ## known vulnerabilities of the locked packages, Python's and the page's (asks their advisory services)
	$(PY) -m tools.audit

build: $(STAMPS)/frontend ## the page's scripts and styles into static/dist

catalogue: $(STAMPS)/serve ## rebuild the catalogue from the imported tables and playlists
	@$(PY) -m etl catalogue

screenshots: $(STAMPS)/all $(STAMPS)/chromium ## the pictures of the README and, in var/views, every view at three widths: URL=http://127.0.0.1:8000
	$(PY) -m frontend.screenshot $(or $(URL),http://127.0.0.1:8000) --views var/views $(ARGS)

clean: ## remove what was installed and built; var/ with your data stays
	rm -rf .venv .tools frontend/node_modules static/dist $(STAMPS)

# A Python that every dependency has wheels for; `make PYTHON=/path/to/python run` chooses another. A name alone
# proves nothing (pyenv has shims for versions that are not active), so each is asked.
SUITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for v in python3 python3.13 python3.12 python3.11; do $$v -c '$(SUITS)' 2>/dev/null && command -v $$v && break; done)
PY_ANY = $(if $(wildcard $(PY)),$(PY),$(PYTHON))

.tools/bin/pipenv:
	@echo "Setting up pipenv in .tools"
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUITS)' || { echo "Python 3.11, 3.12 or 3.13 with its venv module is needed" \
	  "(Debian: apt install python3-venv). Where it has another name: make PYTHON=/path/to/python3.13 run"; exit 1; }
	@$(PYTHON) -m venv .tools || { rm -rf .tools; exit 1; }
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check pipenv==$(PIPENV_VERSION)

$(STAMPS)/serve: Pipfile.lock | .tools/bin/pipenv
	@[ ! -x $(PY) ] || $(PY) -m tools.before_upgrade
	@echo "Installing the Python packages that serving needs into .venv"
	@.tools/bin/pipenv --python "$(PYTHON)" sync --quiet
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/all: Pipfile.lock | .tools/bin/pipenv
	@[ ! -x $(PY) ] || $(PY) -m tools.before_upgrade
	@echo "Installing the Python packages for serving, training, sound and tests into .venv"
	@.tools/bin/pipenv --python "$(PYTHON)" sync --quiet --categories "packages train cluster audio tags dev"
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/serve

$(STAMPS)/npm: frontend/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer with npm is needed to build the page."; exit 1; }
	@echo "Installing the page's packages into frontend/node_modules"
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/frontend: $(STAMPS)/npm $(STAMPS)/serve $(FRONTEND)
	@echo "Building the page"
	@cd frontend && npm run --silent build
	@PATH="$(CURDIR)/.venv/bin:$$PATH" bin/post_compile
	@touch $@

$(STAMPS)/chromium: $(STAMPS)/all
	@$(PY) -m tools.chromium
	@touch $@
