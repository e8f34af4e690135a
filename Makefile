# The two commands are `make run` and `make test`; `make help` lists the rest.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
HISTORY ?= ../shared/data

.PHONY: help setup run test test-history check format bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 16

setup: .venv/.core ## make .venv with what running needs

run: setup ## play the bundled demo tape and show the dashboard on 127.0.0.1:8050
	$(BIN)/foreshock demo

test: .venv/.dev ## run every test that needs nothing outside the project
	@bash tests/install_chromium.sh
	$(BIN)/pytest

test-history: .venv/.dev ## run the tests on real history; HISTORY=folder with train/, eval/ and feeds/
	HISTORY=$(HISTORY) $(BIN)/pytest tests/history -o 'norecursedirs=.*'

check: .venv/.dev ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev ## format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: .venv/.dev ## measure what docs/performance.md reports
	$(BIN)/python benchmarks/bench_bus.py
	$(BIN)/python benchmarks/bench_dashboard.py

clean: ## remove runs and caches (not .venv)
	rm -rf data .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed: install python3.11, or make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || { echo "Python 3.11 or newer is needed, found `$(PYTHON) -V`: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/.core: .venv/bin/uv requirements/core.txt pyproject.toml
	$(BIN)/uv pip install --python $(BIN)/python -r requirements/core.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

.venv/.dev: .venv/.core requirements/dev.txt
	$(BIN)/uv pip install --python $(BIN)/python -r requirements/dev.txt
	@touch $@
