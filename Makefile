# Needs Python 3.11 or newer, git and make. `make PYTHON=/path/to/python3.12 test` picks another interpreter.

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
SITE ?= site

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Reinstalled when one of these changes; the code itself is installed editable.
INPUTS := pyproject.toml hatch_build.py scanner/version.py

.DEFAULT_GOAL := help
.PHONY: help demo test docs lint fix check compile lock clean

help:                            ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.demo              ## scan the example exchange
	$(BIN)/riskscan scan --exit-zero --output text=- --output "html=$(VENV)/tokyo-exchange.html" examples/tokyo-exchange
	@echo 'The same to click through: $(abspath $(VENV))/tokyo-exchange.html'

test: $(VENV)/.test              ## run the tests
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

# Without --quiet, which drops the warnings that --strict counts.
docs: $(VENV)/.docs              ## build the documentation site, without a network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir "$(SITE)"

lint: $(VENV)/.dev               ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.dev                ## what the linter can repair by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check:                           ## everything that CI runs
	PYTHON="$(PYTHON)" .ci/run

compile: $(VENV)/.demo           ## refresh the compiled rules, catalog and incidents of an editable install
	$(BIN)/python hatch_build.py

lock: $(VENV)/.dev               ## pin the action's dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade \
	  --no-emit-index-url --no-header --output-file requirements.lock pyproject.toml action/build.in

clean:                           ## remove what was made
	rm -rf $(VENV) dist site scanner/_compiled .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'riskscan needs Python 3.11 or newer; $(PYTHON) is not. Try: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python $(INPUTS)
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/bin/python $(INPUTS)
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.docs: $(VENV)/bin/python $(INPUTS)
	$(PIP) --editable '.[docs]'
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: $(VENV)/bin/python $(INPUTS)
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.docs $(VENV)/.demo
