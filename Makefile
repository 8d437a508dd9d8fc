# Two commands matter: `make run` and `make test`. Each does all its own set-up from a bare clone.
.DEFAULT_GOAL := help
.PHONY: help run story test test-full faults topology bench bench-check check format images env tools clean
BIN := .venv/bin
HOST ?= 127.0.0.1
PORT ?= 8000
DATABASE ?=
JOBS ?= 2
# The tests run far from Beijing: half of each day there is another date here, so a rule that asks the machine shows.
ZONE ?= America/New_York
# The long files come first (tests/schedule.py); by itself the scheduler would begin those with few tests last.
# Many tests start processes; where byte code may not be kept, each would compile everything again.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -rs
export PYTHON

help:  ## list what make can do
	@echo "certsvc: issues and verifies electronic registration certificates"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'
	@echo
	@echo "  make run HOST=127.0.0.1 PORT=8000 DATABASE=postgresql://user@host/name"

run: env  ## a demo service with made-up certificates on http://127.0.0.1:8000
	@CERTSVC_ENV=dev CERTSVC_DATA_DIR="$${CERTSVC_DATA_DIR:-var}" CERTSVC_KEYS_DIR="$${CERTSVC_KEYS_DIR:-keys/dev}" \
	$(if $(DATABASE),CERTSVC_DATABASE_URL='$(DATABASE)') \
	CERTSVC_PUBLIC_URL="$${CERTSVC_PUBLIC_URL:-http://$(if $(filter 0.0.0.0 ::,$(HOST)),127.0.0.1,$(HOST)):$(PORT)}" \
	$(BIN)/certsvc demo --host '$(HOST)' --port '$(PORT)'

# LANG is in everybody's environment; only one given on the command line is a wish.
STORY_LANG ?= $(if $(filter command line,$(origin LANG)),$(LANG),zh)

story: env  ## the whole tale with a service of its own, from application to cancellation (LANG=en)
	@LANG=C.UTF-8 PYTHONPATH=samples $(BIN)/python -m registration_desk story --lang '$(STORY_LANG)'

test: env tools check  ## every check, then every test; long drills run a seeded tenth
	TZ=$(ZONE) $(PYTEST)

test-full: env tools check  ## the same with the long drills whole, then in two more time zones
	TZ=$(ZONE) DRILLS=full $(PYTEST)
	TZ=UTC $(PYTEST)
	TZ=Asia/Shanghai $(PYTEST)

faults: env tools  ## kill, starve and break it at every step; prints the table of what was lost (nothing)
	DRILLS=full $(PYTEST) tests/faults

topology: env tools  ## two API processes, two workers, PostgreSQL, S3, nginx: kill any one; prints what was lost (nothing)
	DRILLS=full $(PYTEST) tests/topology

bench: env tools  ## how fast it is, beside the naive way and the physical floor; writes bench/results.md
	$(BIN)/python -m bench

bench-check: env tools  ## the same measured afresh against bench/floor.toml; names what is not reached
	$(BIN)/python -m bench --check

check: env  ## ruff, mypy --strict and the layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

images: env tools  ## take the pictures in docs/images again
	@$(BIN)/python -m tools.screenshots
	@$(BIN)/python -m tools.story_pictures

format: env  ## let ruff lay out the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

env:  ## the Python environment alone (.venv, from uv.lock)
	@tools/setup.sh

tools:  ## the outside programs the tests compare with
	@tools/test_tools.sh

clean:  ## remove the environment and the caches; state in var/ and keys/ stays
	rm -rf .venv .uv .readers .stamp-tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
