# What a person or CI does with this checkout. Needs python3 (3.11 or newer) and make, nothing else.
#
#   make sandbox   a local Slack, a local Twilio and the real bot, on one page in the browser
#   make test      every test        make lint   style, types and layers
#   make image-check   the steps of the Dockerfile, replayed without Docker
#   make chaos     two bots and a Redis, killed 300 times while people work (KILLS=1000 SEED=7 for other runs)
#   make run       the bot itself; settings from the environment or a file .env (see docs/settings.md)
#   make docs      the pages that are made from the code
#   make lock      pin the dependencies anew (UPGRADE=--upgrade: to their newest versions)
#   make dependency-audit   known holes in what is pinned; fails where it cannot be found out
#   make licences  docs/licences.md; fails where one is not permitted
#   make bench-ack      how fast Slack is answered      make bench-start   from start to ready, and memory
#   make bench-decide   from a click on Approve to its decision (QUICK=--quick: a short run, also of the others)
#   make bench-poll     a sweep of 10,000 registrations      make bench-costs   what following costs in a day
#   make bench-scale    1, 2 and 4 bots on one Redis
#   make bench-events   a storm of Twilio's events (QUICK=--quick: a small one)
#   make clean     remove what make made; keeps .tenfour, where the bot's data is

SHELL := /bin/bash
# Four test workers and each bot that they start would otherwise compile everything by themselves, each time.
export PYTHONDONTWRITEBYTECODE :=
VENV := .venv
BIN := $(VENV)/bin
SANDBOX_PORT ?= 8010

RIGHT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c '$(RIGHT)' 2>/dev/null && echo $$name && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install

.PHONY: sandbox run test image-check chaos lint docs docs-check lock clean dependency-audit licences bench-events bench-decide bench-scale bench-poll bench-costs bench-ack bench-start
.DELETE_ON_ERROR:

sandbox: $(VENV)/.runtime
	@SANDBOX_PORT=$(SANDBOX_PORT) exec $(BIN)/python -m bot sandbox

run: $(VENV)/.runtime
	@set -a; if [ -f .env ]; then . ./.env; fi; set +a; exec $(BIN)/python -m bot run

test: $(VENV)/.dev
	@$(BIN)/python -m tests.needs
	$(BIN)/python -m pytest

image-check: $(VENV)/.dev
	$(BIN)/python -m pytest -n0 -m image tests/deploy/test_image.py

chaos: $(VENV)/.dev
	$(BIN)/python -m tests.chaos --kills $(or $(KILLS),300) $(if $(SEED),--seed $(SEED))

bench-ack: $(VENV)/.dev
	@$(BIN)/python -m bench.ack $(QUICK)

bench-start: $(VENV)/.dev
	@$(BIN)/python -m bench.start $(QUICK)

bench-decide: $(VENV)/.dev
	@$(BIN)/python -m bench.decide $(QUICK)

bench-poll: $(VENV)/.dev
	@$(BIN)/python -m bench.poll $(QUICK)

bench-costs: $(VENV)/.dev
	@$(BIN)/python -m bench.costs

bench-scale: $(VENV)/.dev
	@$(BIN)/python -m bench.scale $(QUICK)

bench-events: $(VENV)/.dev
	$(BIN)/python -m bench.events $(QUICK)

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.runtime
	$(BIN)/python -m bot.settings_page > docs/settings.md.new
	mv docs/settings.md.new docs/settings.md
	$(BIN)/python -m bot.watching.page > docs/metrics.md.new
	mv docs/metrics.md.new docs/metrics.md
	$(BIN)/python -m bot operations > docs/operations.md.new
	mv docs/operations.md.new docs/operations.md
	$(BIN)/python -m bot rejections > docs/rejections.md.new
	mv docs/rejections.md.new docs/rejections.md

docs-check: $(VENV)/.runtime
	@$(BIN)/python -m bot.watching.page | diff -u docs/metrics.md - || { echo 'docs/metrics.md is out of date: run "make docs"' >&2; exit 1; }
	@$(BIN)/python -m bot.settings_page | diff -u docs/settings.md - || { echo 'docs/settings.md is out of date: run "make docs"' >&2; exit 1; }
	@$(BIN)/python -m bot operations | diff -u docs/operations.md - || { echo 'docs/operations.md is out of date: run "make docs"' >&2; exit 1; }
	@$(BIN)/python -m bot rejections | diff -u docs/rejections.md - || { echo 'docs/rejections.md is out of date: run "make docs"' >&2; exit 1; }

# No host names in the locks: pip takes the packages from wherever the machine is told to, and the hashes decide.
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 $(UPGRADE) pyproject.toml
lock: $(VENV)/.dev
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra otel --constraints requirements.lock -o requirements-otel.lock
	$(LOCK) --extra build --extra otel --extra dev --constraints requirements.lock -o requirements-dev.lock

# Strict: a package that the advisory database does not tell about is not one that is known to be sound.
dependency-audit: $(VENV)/.dev
	@$(BIN)/pip-audit --strict --progress-spinner off --disable-pip -r requirements.lock || { \
		echo 'Either something pinned has a known hole (named above), or the advisory database does not answer from here: nothing is proven.' >&2; exit 1; }

licences: $(VENV)/.dev
	$(BIN)/python -m tests.licences > docs/licences.md.new
	mv docs/licences.md.new docs/licences.md

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find bot handlers tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@if ! '$(PYTHON)' -c '$(RIGHT)' 2>/dev/null; then \
		echo "Tenfour needs Python 3.11 or newer, found: $$($(or $(PYTHON),python3) --version 2>&1). Install it, or name one: make PYTHON=/path/to/python3.12 sandbox" >&2; \
		exit 1; \
	fi
	@'$(PYTHON)' -m venv $(VENV) || { rm -rf $(VENV); echo "No virtual environment could be made (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }

# The stamps are newer than what they were made from, so a second start installs nothing.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what the bot needs into $(VENV) ..."
	@$(PIP) --require-hashes --no-deps -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV) ..."
	@$(PIP) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
