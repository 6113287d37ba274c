# The commands of this project; `make help` lists them. Needs GNU make, Python 3.11 or newer with venv, and a network
# the first time. Everything goes into .venv; nothing outside this folder is changed.

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help demo test test-core nightly planted controls bench pictures build lock clean
.DELETE_ON_ERROR:

help: ## these lines
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: $(VENV)/.for-demo ## a whole day at the desk against a real central server; options in ARGS="--headless --out DIR"
	$(BIN)/vaccinator demo $(ARGS)

# what is compiled once is kept, whatever the shell says: the tests start dozens of processes
test nightly: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/.for-dev ## style, types and every test
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers 2
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-core: $(VENV)/.for-dev ## the tests that need no Qt, on both cores
	$(BIN)/python -m pytest -n 2 -m "not qt" --ignore=tests/gui $(ARGS)

nightly: $(VENV)/.for-dev ## the long forms of what tries to lose a record: kills, power cuts, faults, a week; hours
	VACCINATOR_NIGHTLY=1 QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 2 --dist loadfile \
	  tests/crash tests/disk tests/faults tests/soak tests/whole $(ARGS)

planted: $(VENV)/.for-dev ## plant the faults of other systems in a copy and see each harness catch them; minutes
	$(BIN)/python -m tests.planted $(ARGS)

controls: $(VENV)/.for-dev ## take each control of the threat model out of a copy and see its test fail; minutes
	$(BIN)/python -m tests.controls $(ARGS)

bench: $(VENV)/.for-dev ## the budgets, each beside its reference; to the screen and bench.json
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks $(ARGS)

pictures: $(VENV)/.for-dev ## every screen in every look, into pictures/; those of the README are taken from there
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.gui.pictures pictures
	cp pictures/en-light/08-visit-code.png docs/pictures/visit.png
	cp pictures/hi-light/10-visit-dose.png docs/pictures/visit-hindi.png
	cp pictures/en-dark/23-observation.png docs/pictures/observation-dark.png
	cp pictures/en-light/71-reconcile.png docs/pictures/reconcile.png
	cp pictures/hi-light/79-exception-twice.png docs/pictures/exceptions-hindi.png
	cp pictures/en-light/89-close-sign.png docs/pictures/close.png
	$(BIN)/python -m tests.reports.pictures docs/pictures
	$(BIN)/python -m tests.browser.pictures docs/pictures

build: $(VENV)/.for-dev ## the app as one folder, dist/vaccinator, and its self-test
	$(BIN)/pyinstaller --noconfirm --clean --log-level WARN build.spec
	QT_QPA_PLATFORM=offscreen dist/vaccinator/vaccinator self-test

lock: $(VENV)/.for-lock ## write the pinned requirement files again; UPGRADE=1 takes newer versions
	$(LOCK) --all-extras -o requirements/dev.txt pyproject.toml requirements/build.in
	$(LOCK) -c requirements/dev.txt -o requirements/base.txt pyproject.toml
	$(LOCK) -c requirements/dev.txt --extra central -o requirements/central.txt pyproject.toml
	$(LOCK) -c requirements/dev.txt -o requirements/build.txt requirements/build.in
	$(LOCK) -o requirements/lock.txt requirements/lock.in

clean: ## remove .venv and everything the other commands made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find vaccinator_app tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: an environment is installed again only when the pins or pyproject.toml change.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "This needs Python 3.11 or newer. Name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python cannot make environments here. On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.for-demo: requirements/central.txt requirements/build.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/central.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.for-dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.for-demo

$(VENV)/.for-lock: requirements/lock.txt | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/lock.txt
	@touch $@
