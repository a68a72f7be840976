# make study   score the bundled ladder, test it, write the reports
# make test    lint, types, tests
# make proofs  install Coq and its libraries where apt can (part of make test)
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false
# Tests run once a core; the machine's own figure unless told otherwise.
JOBS ?= auto

.PHONY: setup study test lint proofs clean help

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

# What the proof checkers need, as Debian packages; quick when they are there already.
COQ_PACKAGES := coq libcoq-mathcomp libcoq-mathcomp-analysis libcoq-mathcomp-real-closed \
  libcoq-mathcomp-multinomials libcoq-mathcomp-algebra-tactics libcoq-mathcomp-zify \
  libcoq-coquelicot bubblewrap
AS_ROOT := $(shell test "$$(id -u)" = 0 || echo sudo -n)

proofs:
	@if dpkg -s $(COQ_PACKAGES) >/dev/null 2>&1; then :; \
	elif ! command -v apt-get >/dev/null; then \
	  echo "proofs: no apt-get here; install Coq 8.16 with math-comp and Coquelicot by hand, or the Coq tests skip"; \
	elif ! $(AS_ROOT) true 2>/dev/null; then \
	  echo "proofs: needs root or passwordless sudo for apt-get install $(COQ_PACKAGES); the Coq tests skip"; \
	else \
	  echo "installing Coq and its libraries (a minute or two the first time)"; \
	  { $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(COQ_PACKAGES) || \
	    { $(AS_ROOT) apt-get update -qq && \
	      $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(COQ_PACKAGES); }; \
	  } >/dev/null 2>&1 || \
	  echo "proofs: apt-get install $(COQ_PACKAGES) failed; the Coq tests skip"; \
	fi

test: lint proofs
	@$(BIN)/pytest -n $(JOBS)

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .hypothesis
