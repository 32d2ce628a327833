# Everything a contributor runs. `make` alone lists it.

PYTHON3 ?= $(shell command -v python3.11 || command -v python3)
PYTHON  := .venv/bin/python
PACKAGES := .venv/lib/python3.11/site-packages
PROTOS  := $(shell find protos -name '*.proto')
GENERATE := protos/generate.py protos/bundle.py protos/proto_text.py
STUBS   := build/gen/.made
HUBAO   := .venv/bin/hubao

# What a test run is about, where the run keeps its data, and the incidents that it reports as first notices.
T ?=
DATA ?= data
INCIDENTS ?=
export INCIDENTS

# The seed of a run of the fault rig, and for how long it injects faults.
SEED ?= 1
MINUTES ?= 10
# The document that is to tell of the run, instead of the last one.
REPORT ?=

# The keys that are measured, with commas between them; all if empty.
ONLY ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.* ## ' $(MAKEFILE_LIST) | sed -E 's/:.* ## /\t/' | expand -t 10

.PHONY: setup
setup: $(STUBS) $(HUBAO) ## The environment from the hashed lock, and the stubs; the others need no set-up before them

.PHONY: run
run: $(STUBS) $(HUBAO) ## The whole system on this machine: a year, a portfolio, real incidents; up until Ctrl-C
	@$(PYTHON) -m deploy.local run --data '$(DATA)'

.PHONY: up
up: $(STUBS) $(HUBAO) ## The whole system with nothing played; up until Ctrl-C
	@$(PYTHON) -m deploy.local up --data '$(DATA)'

.PHONY: demo
demo: $(STUBS) $(HUBAO) ## The same, then it ends; fails unless every figure and sum is right
	@$(PYTHON) -m deploy.local demo --data '$(DATA)'

.PHONY: test
test: $(STUBS) $(HUBAO) ## All tests; `make test T=tests/policy` runs some
	$(PYTHON) -m pytest $(T)

.PHONY: check
check: lint test ## Everything CI runs, in the same order

.PHONY: lint
lint: $(STUBS) ## Style, types, import contracts, protos
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/buf lint build/image.binpb --config buf.yaml
	.venv/bin/buf format protos --diff --exit-code
	.ci/breaking

.PHONY: bench
bench: $(STUBS) ## Ratios against references in the same run; `make bench ONLY=idle_cpu,contended_guard` measures some
	$(PYTHON) -m tests.bench --only '$(ONLY)'

.PHONY: rating
rating: $(STUBS) ## Writes docs/rating.md and its picture from a fresh run
	$(PYTHON) -m tests.rating

.PHONY: faults
faults: $(STUBS) ## The whole stack under load and faults; `make faults SEED=7 MINUTES=10`
	$(PYTHON) -m tests.faults --seed $(SEED) --minutes $(MINUTES) --report '$(REPORT)'

.PHONY: fuzz
fuzz: $(STUBS) ## Hostile messages to every method of a running stack; `make fuzz SEED=7 MINUTES=10`
	$(PYTHON) -m tests.fuzz --seed $(SEED) --minutes $(MINUTES)

.PHONY: clients
clients: $(STUBS) $(HUBAO) ## The Node.js client of docs/integration.md against a running stack; needs node and npm
	@command -v node >/dev/null && command -v npm >/dev/null || { echo '`make clients` needs node 20 and npm' >&2; exit 1; }
	@mkdir -p build/clients
	cp tests/clients/package.json tests/clients/package-lock.json tests/clients/.npmrc build/clients
	cd build/clients && npm ci
	$(PYTHON) -m pytest tests/clients

.PHONY: protos
protos: .venv/.made ## Formats the protos; makes the stubs and the bundle for foreign clients anew
	.venv/bin/buf format -w protos
	$(PYTHON) protos/generate.py
	@touch $(STUBS)

.PHONY: docs
docs: $(STUBS) ## Makes the API reference in docs/api anew from the protos
	$(PYTHON) protos/reference.py docs/api

.PHONY: lock
lock: .venv/.made ## Pins every package by hash again, after a change of pyproject.toml
	.venv/bin/uv pip compile pyproject.toml --extra local --extra dev --generate-hashes --universal \
		--python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.txt
	@! grep -n 'http' requirements.txt || { echo 'requirements.txt names a host' >&2; exit 1; }

$(STUBS): $(PROTOS) $(GENERATE) .venv/.made
	$(PYTHON) protos/generate.py
	@touch $@

# Nothing of this repository is installed, so the command line is a launcher; -P: not what lies in the current directory.
$(HUBAO): Makefile .venv/.made
	@printf '%s\n' '#!/bin/sh' 'exec "$$(dirname "$$(readlink -f "$$0")")/python" -P -m deploy.cli "$$@"' > $@
	@chmod +x $@

.venv/.made: requirements.txt
	@$(or $(PYTHON3),false) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo 'Hubao needs Python 3.11: `make PYTHON3=/path/to/python3.11`' >&2; exit 1; }
	@$(PYTHON3) -c 'import ensurepip' || \
		{ echo 'This Python can not make environments: install its venv package (python3-venv)' >&2; exit 1; }
	$(PYTHON3) -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	@printf '%s\n' '$(CURDIR)' '$(CURDIR)/build/gen' > $(PACKAGES)/hubao.pth
	@touch $@
