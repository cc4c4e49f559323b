# make demo: set up and run the main job on the built-in junction.
# make test: set up and pass the tests. Everything lives in .venv; nothing is installed outside it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
# The compiled modules are rebuilt before anything runs when their sources changed, so that no stale one can pass.
COMPILED := $(wildcard kernels/*.pyx kernels/*.pxd engine/sumo/*.pyx engine/sumo/*.h)

.PHONY: setup demo test test-slow measure check clean

setup: $(VENV)/.installed

$(VENV)/.installed: constraints.txt pyproject.toml setup.py $(COMPILED)
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) setuptools cython numpy eclipse-sumo
	$(PIP) --no-build-isolation --editable '.[benchmarks,dev]'
	$(PIP) --no-deps atspm utdf2gmns  # for the controller's log and the UTDF file in them; their code is never imported
	# Python keeps no bytecode where PYTHONDONTWRITEBYTECODE is set, and every start would take a second longer.
	$(BIN)/python -m compileall -q -j 0 -x '/(tests?|sumo)/' $(VENV)/lib conf engine experiments kernels scenarios
	touch $@

demo: setup
	$(BIN)/greensplit sweep scenario=junction search.budget=24 out=studies/demo

# The fast tests: pure logic, and simulations of seconds.
test: setup
	$(BIN)/python -m pytest -m "not slow"

# Real Ray, whole sweeps, lost workers, the README's commands: continuous integration runs them, too.
test-slow: setup
	$(BIN)/python -m pytest -m slow

# The speed figures of docs/speed.md; takes half an hour.
measure: setup
	$(BIN)/greensplit bench

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cython-lint kernels engine  # it calls pycodestyle by name
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build *.egg-info studies
	find kernels engine \( -name '*.so' -o -name '*.cpp' -o -name '__pycache__' \) -exec rm -rf {} +
