# make study   score the bundled ladder, test it, write the reports
# make test    lint, types, tests
# make published  check what ships under results/ and write it anew, to the same bytes
# make proofs  install Coq and its libraries where apt can (part of make test)
# make slurm   install Slurm where apt can, for the tests that run jobs (part of make test)
# make browser install Chromium where apt can, for the report's tests (part of make test)
# make tex     install LaTeX where apt can, for the tables' tests (part of make test)
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false
# Tests run once a core; the machine's own figure unless told otherwise.
JOBS ?= auto

.PHONY: setup study published test lint proofs slurm browser tex clean help

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

published: .venv/ready
	@$(BIN)/python -m correlate.sources.shipped results
	@$(BIN)/python -m correlate report results/published
	@cp results/published/figures/correlations.svg results/published/answer.svg
	@$(BIN)/python -m correlate.writeup.findings results README.md

lint: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/mypy

# Debian packages that some tests want; a test whose program is missing skips and says so.
COQ_PACKAGES := coq libcoq-mathcomp libcoq-mathcomp-analysis libcoq-mathcomp-real-closed \
  libcoq-mathcomp-multinomials libcoq-mathcomp-algebra-tactics libcoq-mathcomp-zify \
  libcoq-coquelicot bubblewrap
AS_ROOT := $(shell test "$$(id -u)" = 0 || echo sudo -n)
APT := $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get

# $(call debian,PACKAGES): install what is missing; where that cannot be, one line says why.
define debian
	@if dpkg -s $(1) >/dev/null 2>&1; then :; \
	elif ! command -v apt-get >/dev/null; then \
	  echo "$@: no apt-get here; install by hand, or their tests skip: $(1)"; \
	elif ! $(AS_ROOT) true 2>/dev/null; then \
	  echo "$@: needs root or passwordless sudo, or their tests skip: apt-get install $(1)"; \
	else \
	  echo "installing for $@ (a minute or two the first time)"; \
	  { $(APT) install -y -qq --no-install-recommends $(1) || \
	    { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends $(1); }; \
	  } >/dev/null 2>&1 || echo "$@: apt-get install $(1) failed; their tests skip"; \
	fi
endef

proofs:
	$(call debian,$(COQ_PACKAGES))

slurm:
	$(call debian,slurm-wlm munge)

browser:
	$(call debian,chromium)

tex:
	$(call debian,texlive-latex-base texlive-latex-recommended)

test: lint proofs slurm browser tex
	@$(BIN)/pytest -n $(JOBS)

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .hypothesis
