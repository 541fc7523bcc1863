# Each target sets up what it needs: a virtual environment, its packages, Debian's packages.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

# Accounts are made and changed by programs that an ordinary path does not show.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

.PHONY: help demo test coverage quick bench hub lab build prove docs linkcheck pictures lint format package requirements clean jail packages

help:
	@echo "make demo   set everything up, build the labs, make a class and grade it"
	@echo "make test   set everything up and run all tests"
	@echo "make coverage  how much of the engine those tests run that need no commands"
	@echo "make quick  the tests that show most faults soonest, in under two minutes"
	@echo "make bench  this grader beside nbgrader, otter and pytest; some twenty minutes"
	@echo "make hub    a JupyterHub with accounts to try, until Ctrl-C; root on Debian or Ubuntu"
	@echo "make lab    open the student versions in JupyterLab"
	@echo "make build  compile source/ to release/"
	@echo "make prove  prove the hidden suites"
	@echo "make docs   the documentation's site, into docs/_build;  make linkcheck  its external links"
	@echo "make pictures  take the README's pictures again, from the pages of the demo"
	@echo "make package  build wheel and sdist, try the wheel outside; make requirements  renew the pins"
	@echo "make lint   ruff, mypy and the layers of imports;  make format  ruff's formatter"

demo: .venv/ready jail
	$(BIN)/autograder demo --into demo

# More processes than processors: the tests wait for sandboxes, browsers and databases. Files are
# handed out in the order of tests/conftest.py, the longest first.
test: packages .venv/ready
	@$(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

# Of what runs in the tests' own process. Workers and the sandbox are processes of their own, which are
# not measured: nothing of a measurement may stand in their environment.
coverage: jail .venv/ready
	@$(BIN)/pytest --quiet --numprocesses 2 --dist loadfile -m "not slow" tests/engine --cov --cov-report=term

# What shows most faults soonest; under two minutes on two idle cores.
quick: jail .venv/ready
	@$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not slow" tests/engine tests/differential

bench: .venv/ready jail
	$(BIN)/python -m benchmarks.compare

# Sets itself up, beside this checkout's .venv: everybody on the machine must be able to read it.
# Some assignments only: make hub RELEASED="gradient_descent"
hub:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv (or set PYTHON=...)"; exit 2; }
	@exec $(PYTHON) deploy/hub/hub_trial.py $(RELEASED)

lab: .venv/ready
	$(BIN)/jupyter lab --notebook-dir=release

build: .venv/ready
	$(BIN)/autograder build

prove: .venv/ready jail
	$(BIN)/autograder prove

# Without a warning: every reference, link and heading that a page names is there.
docs: .venv/ready
	$(BIN)/sphinx-build -E -W --keep-going -n -q docs docs/_build
	@echo "docs/_build/index.html"

# Asks the addresses of other hosts, so it needs the internet; no part of the tests.
linkcheck: .venv/ready
	$(BIN)/sphinx-build -q -b linkcheck docs docs/_build/linkcheck

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The README's pictures, from the pages of a demonstration class.
pictures: packages .venv/ready
	$(BIN)/python docs/pictures.py

# Wheel and sdist, and a course graded with nothing but the wheel, outside this checkout.
package: .venv/ready jail
	@$(BIN)/pytest tests/package

# Newer releases for .ci/requirements.txt: for every Python that the package allows. What is pinned
# and still allowed stays, but for: make requirements UPGRADE=--upgrade
requirements: .venv/ready
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --quiet \
		--custom-compile-command "make requirements" --output-file .ci/requirements.txt $(UPGRADE)

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf demo dist docs/_build .pytest_cache .mypy_cache .ruff_cache

# The releases that the tests are run with, with their hashes; no others are installed.
.venv/ready: pyproject.toml .ci/requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv (or set PYTHON=...)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(PIP) --no-deps --require-hashes --requirement .ci/requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Bubblewrap for the full sandbox; without it a weaker tier is tried, and refused if it does not hold.
jail:
	@.ci/install bubblewrap

# What all tests need: a browser, PostgreSQL and npm besides.
packages:
	@.ci/install
