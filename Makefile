# make study   score the bundled ladder, test it, write the reports
# make test    lint, types, tests
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false
# Tests run once a core; the machine's own figure unless told otherwise.
JOBS ?= auto

.PHONY: setup study test lint clean help

help:
	@sed -n 's/^# make/make/p' Makefile

# Torch goes first and by its pin, so that no other package pulls in another build of it.
.venv/ready: pyproject.toml constraints.txt
	@echo "installing into .venv (some minutes the first time)"
	@test -d .venv || $(PYTHON) -m venv .venv || \
	  { echo "no venv: install python3-venv (Debian) or a Python 3.11+ that has it"; exit 2; }
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt torch
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,notebook]'
	@touch $@

setup: .venv/ready

study: .venv/ready
	@$(BIN)/python -m eval run bundled
	@$(BIN)/python -m correlate report results/bundled
	@$(BIN)/python -m correlate report results/published

lint: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test: lint
	@$(BIN)/pytest -n $(JOBS)

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .hypothesis
