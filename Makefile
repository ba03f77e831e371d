# make run    set up, then the tour: several replicas, one log, different answers
# make test   set up, then everything: lint, types, imports, tests on both kernels
PYTHON ?= python3
PYTEST_ARGS ?= -n auto --dist worksteal
TOUR_ARGS ?=
BENCH_ARGS ?=
ENGINE ?= all
TARGET ?= quick
RUNS ?= 10000
SEED ?=
SEEDS ?= 20
SIM_ARGS ?=
CRASH_ARGS ?= --points 1000

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.stamp
NATIVE := $(VENV)/.native
NATIVE_SOURCES := $(shell find native -name target -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test lint fast native docs bench fuzz sim crash lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

setup: $(READY) $(NATIVE) ## the virtual environment and, where possible, the native kernels

$(READY): requirements/runtime.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Tallystick needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(PY) || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "this Python cannot make virtual environments: install python3-venv first"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@# Not compiled here: what is imported is compiled then, most is never imported.
	$(PY) -m pip install --no-compile --quiet --disable-pip-version-check -r requirements/dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(NATIVE): $(READY) $(NATIVE_SOURCES) tools/build_native.py
	@$(PY) tools/build_native.py $@

run: setup ## set up, then the tour (TOUR_ARGS="--data DIR")
	@$(VENV)/bin/tally tour $(TOUR_ARGS)

test: setup lint ## everything: lint, types, imports, tests on native, then on the reference
	@if grep -q '^built' $(NATIVE); then \
	  set -x; \
	  TALLYSTICK_REQUIRE_NATIVE=1 TALLYSTICK_KERNELS=native $(PY) -m pytest $(PYTEST_ARGS) && \
	  TALLYSTICK_KERNELS=reference $(PY) -m pytest -m "not one_kernel" $(PYTEST_ARGS) && \
	  cargo test --quiet --locked --offline --manifest-path native/Cargo.toml; \
	else \
	  TALLYSTICK_KERNELS=reference $(PY) -m pytest $(PYTEST_ARGS) && \
	  echo "native kernels were not tested: $$(cat $(NATIVE))"; \
	fi

lint: $(READY) ## ruff, mypy, import-linter
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

fast: $(READY) ## under a minute: lint, types, the quick tests on whichever kernels there are
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	TALLYSTICK_PROFILE=fast $(PY) -m pytest -x -q -m "not slow" $(PYTEST_ARGS)

native: $(READY) ## build the native kernels again if the last try failed
	@if [ -f $(NATIVE) ] && ! grep -q '^built' $(NATIVE); then rm $(NATIVE); fi
	@$(MAKE) --no-print-directory $(NATIVE)
	@cat $(NATIVE)

docs: setup ## check that what the documents show runs, and that generated pages are fresh
	$(PY) tools/errors_page.py --check
	$(PY) tools/cli_page.py --check
	$(PY) -m pytest -q tests/docs

bench: setup ## every figure, with the machine it was measured on and peers beside it
	@$(PY) -m bench $(BENCH_ARGS)

fuzz: setup ## hostile inputs, every decoder (TARGET=name|quick|all RUNS=n SEED=n ENGINE=name)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/fuzz.txt \
	  || echo "no guided engine for this Python; the others run"
	$(PY) -m tests.fuzz --engine $(ENGINE) --target $(TARGET) --runs $(RUNS) \
	  --seed $(or $(SEED),0)

sim: setup ## simulated worlds (SEEDS=n), or one again with its trace (SEED=n)
	@$(PY) -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(SIM_ARGS)

crash: setup ## power cuts, failing disks, killed processes, flipped bits (CRASH_ARGS="--points 10000")
	@for mode in power io kill bitrot; do \
	  $(PY) -m tests.crash --mode $$mode $(CRASH_ARGS) || exit 1; \
	done

lock: ## take the newest versions of all dependencies into requirements/
	$(PYTHON) tools/lock.py

clean: ## forget everything that was made
	rm -rf $(VENV) .bench native/target dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
