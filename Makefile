# Two commands matter: `make demo` and `make test`. Each sets up what it needs in .venv and then does its job.
# Needs Python 3.11 or newer with venv. ARGS passes options on: make demo ARGS=--once

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench bench-peers fuzz lock env-example wheel clean

help:
	@echo "make demo    stand-ins for three ATSs, the service and sample LERs, all the way (ARGS=--once to stop after it)"
	@echo "make test    every check: layers, types, style, tests"
	@echo "make fuzz    every parser fed with changed inputs, 10 minutes each (ARGS='json_text --seconds 60' for less)"
	@echo "make bench   speed and memory, as multiples of a floor measured in the same run"
	@echo "make bench-peers   the same workloads through public verifiers, each in an environment of its own"

# What it takes to run: locked and hashed; the project itself is installed from this folder, and compiled as a wheel's
# installation would.
$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q connector adapters
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run
	$(BIN)/ler-connector demo $(ARGS)

test: $(VENV)/.dev lint
	$(BIN)/python -m pytest -n 2 -rs $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python bench/bench.py $(ARGS)

bench-peers: $(VENV)/.dev
	$(BIN)/python bench/peers/run.py $(ARGS)

# Locks hold names, versions and hashes only; no index address is written into them.
lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		--extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		--extra build --extra dev pyproject.toml -o requirements-dev.lock

env-example: $(VENV)/.run
	$(BIN)/python -m connector.config

wheel: $(VENV)/.run
	$(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
