# Two commands matter: `make demo` (the desk in a simulated market) and `make test` (every check there is).
# Both set up .venv by themselves; a stamp file makes the second call start at once. No step needs root.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
CORE := .venv/.stamp-core
DEV := .venv/.stamp-dev
BENCH := .venv/.stamp-bench
WORKERS ?= 2
DEMO_ARGS ?=
SERVE_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
CORE_ROOMS := rfq/domain rfq/desk rfq/audit pricing

.PHONY: help setup demo serve test check cover bench bench-fix nightly clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: $(DEV) ## .venv with everything for development (no torch)

demo: $(CORE) ## a simulated market, both roles, live in the terminal (DEMO_ARGS="--seconds 30 --headless --json")
	@$(BIN)/rfq demo $(DEMO_ARGS)

serve: $(CORE) ## the desk on real time (SERVE_ARGS=...)
	@$(BIN)/rfq serve $(SERVE_ARGS)

test: check ## every check, then every test but the nightly ones; some ten minutes on two cores
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(TEST_ARGS)

check: $(DEV) ## style, types, import contracts, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if [ -f alembic/env.py ]; then .ci/migrations; fi

cover: $(DEV) ## the tests with branch coverage, and what it must reach
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --cov --cov-report=term $(TEST_ARGS)
	@for room in $(CORE_ROOMS); do printf '%s: ' $$room; \
		$(BIN)/coverage report --include="$$room/*" --format=total --fail-under=95 || exit 1; done

bench: $(BENCH) ## the tables of docs/BENCHMARKS.md
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-fix: $(DEV) ## FIX beside QuickFIX in the same run: the session, and the whole service
	@$(BIN)/python -m benchmarks fix fix_desk fix_codec $(BENCH_ARGS)

nightly: check cover ## everything, with the heavy worlds and the crash suites
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --timeout 7200 \
		-m "nightly or not nightly" $(TEST_ARGS)

clean: ## removes .venv and every cache
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A Python without ensurepip (some distributions cut it out) still works if its own pip can serve the new .venv.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found; say which: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON); the first time takes a minute." >&2
	@$(PYTHON) -m venv .venv 2>/dev/null || { $(PYTHON) -m venv --clear --without-pip .venv && \
		$(PYTHON) -m pip --python $(BIN)/python install -q pip; }

$(CORE): pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) install -c constraints.txt -e ".[dev,fast,tables,plot]"
	@touch $(CORE) $@

# A peer that only the benches need: it brings pandas and scipy.
$(BENCH): $(DEV)
	@$(PIP) install -c constraints.txt -e ".[bench]"
	@touch $@
