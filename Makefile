# One command for each thing a person or a machine does here. `make` alone lists them.
# `make demo` and `make test` need python3 (3.11 or newer), make and a package registry, nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
ifndef APART
.NOTPARALLEL:
endif
MAKEFLAGS += --no-print-directory --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
SOURCES := proto hub agents tests deploy migrations
TYPED := proto/comity hub agents
WORKERS ?= 3
PYTEST := $(PY) -m pytest
# What a run of many tests needs: a folder of its own, mostly in memory, that is gone with it; and no worker that waits.
SCRATCHED = scratch=$$(.ci/scratch); trap 'rm -rf "$$scratch"' EXIT; \
	TMPDIR=$$scratch TEST_POSTGRES_PLACE=$$(dirname $$scratch) \
	$(PYTEST) -o tmp_path_retention_policy=failed -n $(WORKERS) --dist worksteal
LOCK := $(BIN)/uv pip compile --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header --quiet \
	$(if $(UPGRADE),--upgrade)

# The longest first: what is short fills the end.
REST := $(wildcard tests/system tests/attack tests/hub tests/agents tests/architecture)

CHECKS := check-format check-lint check-types check-imports check-contract check-generated check-dependencies \
	check-unused check-architecture

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export KEEP

.PHONY: help demo test test-contract test-rest check $(CHECKS) gen bench chaos fuzz interop fmt lock clean

help: ## Lists what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo-ready ## Plays the whole story between three authorities on this machine (KEEP=1 leaves it running)
	$(PY) deploy/demo

test: $(VENV)/.dev-ready ## Runs every test: the contract with its coverage gate, then everything else
	@rm -rf build/testbar.json build/testbar-runs.json
	@status=0; \
	$(MAKE) test-contract || status=1; \
	TESTBAR_TABLE=all $(MAKE) test-rest || status=1; \
	exit $$status

test-contract: $(VENV)/.dev-ready ## Runs the contract's tests; every line and branch of comity must be reached
	@$(SCRATCHED) tests/contract -m 'not exhaustive' --cov=comity --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

test-rest: $(VENV)/.dev-ready ## Runs the tests of the hub, the agents, the whole system and the architecture
	@$(SCRATCHED) $(REST) tests/contract -m 'exhaustive or not contract'

check: $(VENV)/.dev-ready ## Runs every static check to its end: format, types, imports, contract, generated files
	@$(MAKE) --keep-going --jobs=2 --output-sync=target APART=1 $(filter-out $(SKIP),$(CHECKS))

check-format:
	$(BIN)/ruff format --check $(wildcard $(SOURCES))

check-lint:
	$(BIN)/ruff check $(wildcard $(SOURCES))

check-types:
	$(BIN)/mypy $(wildcard $(TYPED))

check-imports:
	$(BIN)/lint-imports

check-contract:
	cd proto && ../$(BIN)/buf lint
	.ci/breaking

check-generated:
	$(PY) proto/gen.py --check
	$(if $(wildcard proto/vectors/make.py),$(PY) proto/vectors/make.py --check)
	$(PY) proto/gen_docs.py --check

check-dependencies:
	$(BIN)/deptry .

check-unused:
	$(BIN)/vulture

check-architecture:
	$(PYTEST) tests/architecture --ignore=tests/architecture/test_databases_fixtures.py --ignore=tests/architecture/test_wheel.py

gen: $(VENV)/.dev-ready ## Regenerates what is generated: stubs, test vectors, tables in the documents
	$(PY) proto/gen.py
	$(PY) proto/gen_docs.py
	$(if $(wildcard proto/vectors/make.py),$(PY) proto/vectors/make.py)

bench: $(VENV)/.dev-ready ## Measures the hub on this machine and prints the numbers
	$(PY) tests/bench

chaos: $(VENV)/.dev-ready ## Breaks real hubs under load and checks what was kept (CYCLES=1000 SECONDS= SEED= DATABASE=)
	$(PY) -m tests.chaos $(if $(CYCLES),--cycles $(CYCLES)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(DATABASE),--database $(DATABASE))

fuzz: $(VENV)/.dev-ready ## Searches for input that breaks the hub or a decoder, or tells secrets apart (MINUTES=10 SEED=)
	@$(PY) -m pip install --quiet --require-hashes --only-binary :all: -r requirements/fuzz.txt >/dev/null 2>&1 || true
	$(PY) -m tests.fuzz $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

interop: $(VENV)/.dev-ready ## Plays a second implementation (needs node and npm) over the vectors and against a real hub
	$(PY) tests/interop

fmt: $(VENV)/.dev-ready ## Formats the source and mends what the linter can mend
	$(BIN)/ruff check --fix-only $(wildcard $(SOURCES))
	$(BIN)/ruff format $(wildcard $(SOURCES))

lock: $(VENV)/.dev-ready ## Writes the locked requirements anew (UPGRADE=1 takes newer versions)
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) -c requirements/runtime.txt pyproject.toml requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/fuzz.in -o requirements/fuzz.txt

clean: ## Removes everything that make created
	rm -rf $(VENV) build dist .demo .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache tests/interop/node/node_modules
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# The environment, in three steps with a stamp each: a second run finds the stamps and is quick.

$(VENV)/.created:
	.ci/venv $(VENV)
	@touch $@

$(VENV)/.runtime-ready: $(VENV)/.created requirements/runtime.txt requirements/build.txt
	$(PY) -m pip install --quiet --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@touch $@

$(VENV)/.demo-ready: $(VENV)/.runtime-ready pyproject.toml
	$(PY) -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev-ready: $(VENV)/.demo-ready requirements/dev.txt
	$(PY) -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@
