# Each target sets up what it needs: a virtual environment, the packages, the jail's Debian package.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

.PHONY: help demo test bench hub lab build prove lint format clean jail

help:
	@echo "make demo   set everything up, build the labs, make a class and grade it"
	@echo "make test   set everything up and run all tests"
	@echo "make bench  this grader beside nbgrader, otter and pytest; some twenty minutes"
	@echo "make hub    a JupyterHub with accounts to try, until Ctrl-C; root on Debian or Ubuntu"
	@echo "make lab    open the student versions in JupyterLab"
	@echo "make build  compile source/ to release/"
	@echo "make prove  prove the hidden suites"
	@echo "make lint   ruff and mypy;  make format  ruff's formatter"

demo: .venv/ready jail
	$(BIN)/autograder demo --into demo

# Two processes: the tests wait for jails, browsers and databases more than they compute.
test: .venv/ready jail
	$(BIN)/pytest --numprocesses 2 --dist loadfile

bench: .venv/ready jail
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python benchmarks/compare.py

# Sets itself up, beside this checkout's .venv: everybody on the machine must be able to read it.
# Some assignments only: make hub RELEASED="gradient_descent"
hub:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv (or set PYTHON=...)"; exit 2; }
	@exec $(PYTHON) deploy/hub/trial.py $(RELEASED)

lab: .venv/ready
	$(BIN)/jupyter lab --notebook-dir=release

build: .venv/ready
	$(BIN)/autograder build

prove: .venv/ready jail
	$(BIN)/autograder prove

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf demo dist .pytest_cache .mypy_cache .ruff_cache

.venv/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv (or set PYTHON=...)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The full jail needs bubblewrap; without it a weaker tier is tried, and refused if it does not hold.
jail:
	@command -v bwrap >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get install -y -qq bubblewrap >/dev/null || { apt-get update -qq && apt-get install -y -qq bubblewrap >/dev/null; }; \
	elif command -v sudo >/dev/null && command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
		sudo apt-get install -y -qq bubblewrap >/dev/null; \
	fi; \
	command -v bwrap >/dev/null || echo "The full jail needs bubblewrap; run: sudo apt-get install bubblewrap"
