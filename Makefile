# Caseclock. `make run` needs Python 3.11 and make; `make test` brings the rest itself (see tools/test_tools.sh).

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
WORKERS ?= 2
SEEDS ?= 2000

.PHONY: run test lint types js unit audit soak mutants mutmut bench screenshots messages lock clean

## Start the demo: migrated SQLite file under var/, demo people and cases.
run: $(VENV)/.run
	@exec $(BIN)/caseclock demo

## Every check and every test.
test: lint types js unit

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

js: node_modules/.installed
	npm run --silent check
	npm run --silent lint
	npm run --silent test

unit: $(VENV)/.dev tools/.checked node_modules/.installed
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

## The promise under faults, for as long as one likes; each line also runs by itself, with --help.
soak: $(VENV)/.dev tools/.checked
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)
	$(BIN)/python -m tests.hostile --frames 1000000 --seed 1
	$(BIN)/python -m tests.hostile.flood
	$(BIN)/python -m tests.faults.kill_rounds --rounds 200 --seed 1 --database sqlite
	$(BIN)/python -m tests.faults.kill_rounds --rounds 200 --seed 1 --database postgresql
	$(BIN)/python -m tests.faults.day
	$(BIN)/python -m e2e.kill_rounds --rounds 200 --seed 1

## Break each rule of the protocol and of attribution on purpose; the simulation must see every one.
mutants: $(VENV)/.dev
	$(BIN)/python -m tests.simulation.mutants

## Change the pure core of tracking in small ways; its unit tests should see each.
mutmut: $(VENV)/.dev
	$(BIN)/mutmut run --max-children $(WORKERS)
	$(BIN)/mutmut results

## Known weaknesses of what we depend on; fails where the databases of them cannot be asked.
audit: $(VENV)/.dev node_modules/.installed
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.lock || \
		{ echo "audit: a Python package is weak, or the database could not be asked: the lines above say which."; exit 1; }
	npm audit || { echo "audit: an npm package is weak, or the database could not be asked: see above."; exit 1; }

## Side-by-side figures; see bench/README.md.
bench: $(VENV)/.dev
	$(BIN)/python -m bench

## The pictures in README and docs, made from the running product.
screenshots: $(VENV)/.dev tools/.checked
	$(BIN)/python -m tools.screenshots

## Find new texts, bring the catalogues up to date with them, and make what server and scripts read of them.
messages: $(VENV)/.dev
	$(BIN)/python -m tools.messages

## Pin every dependency again, without naming where it comes from.
lock: $(VENV)/.dev
	$(PIP) install uv
	$(BIN)/uv pip compile -q pyproject.toml --extra build --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --universal -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra build --extra dev --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --universal -o requirements-dev.lock

clean:
	rm -rf $(VENV) node_modules mutants build *.egg-info tools/.checked

$(VENV)/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Caseclock needs Python 3.11 or newer: apt-get install -y python3.11 python3.11-venv"; exit 1; }
	"$(PYTHON)" -m venv $(VENV) || \
		{ echo "Python cannot make virtual environments here: apt-get install -y python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

node_modules/.installed: package-lock.json package.json tools/.checked
	npm ci --silent --no-audit --no-fund
	@touch $@

tools/.checked: tools/test_tools.sh
	@sh tools/test_tools.sh
	@touch $@
