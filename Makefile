# Everything runs from here, for people and for CI alike.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := -e . -e plugins/whatsapp

.PHONY: install demo test lint bench docs

install: $(VENV)/.installed

$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt pip
	touch $@

$(VENV)/.installed: $(VENV)/.pip pyproject.toml plugins/whatsapp/pyproject.toml constraints.txt
	$(BIN)/python -m pip install -q -c constraints.txt $(PACKAGES)
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install -q -c constraints.txt --group dev
	touch $@

demo: install
	$(BIN)/trinity-channels demo $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python tests/browser.py
	$(BIN)/python -m pytest $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(ARGS)
