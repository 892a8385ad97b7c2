# make demo   train a score model on a ring of 64 spins and print how far it is from the truth
# make test   the linters and the tests
# Both make the virtual environment first if it is not there; PYTHON says with which Python.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# One thread each: the tests' tensors are small, and two workers share the cores.
WORKERS ?= 2

.PHONY: demo test lint install clean

demo: install
	$(BIN)/python train.py +experiment=ising_d64

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

install: $(INSTALLED)

# Torch comes first, so that what needs it finds the tested version already there.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit(f"got Python {v[0]}.{v[1]}, expected 3.11 to 3.13: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install torch -c constraints.txt
	$(BIN)/python -m pip install -e '.[dev]' -c constraints.txt
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
