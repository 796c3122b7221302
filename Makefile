# Everything runs from here, for people and for CI alike.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KIT := plugins/contract_tests
PLUGINS := $(filter-out $(KIT),$(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml)))
PACKAGES := -e . $(addprefix -e ,$(PLUGINS))

.PHONY: install demo test lint fuzz bench docs

install: $(VENV)/.installed

$(VENV)/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt pip
	touch $@

$(VENV)/.installed: $(VENV)/.pip pyproject.toml $(addsuffix /pyproject.toml,$(PLUGINS)) constraints.txt
	$(BIN)/python -m pip install -q -c constraints.txt $(PACKAGES)
	touch $@

$(VENV)/.dev: $(VENV)/.installed $(KIT)/pyproject.toml
	$(BIN)/python -m pip install -q -c constraints.txt -e $(KIT) --group dev
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

# Seconds to go on for, and examples of each property in one run.
FUZZ ?= 300
EXAMPLES ?= 500

fuzz: $(VENV)/.dev
	$(BIN)/python tests/fuzz.py --seconds $(FUZZ) --examples $(EXAMPLES) $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(ARGS)

docs: install
	$(BIN)/python docs/generate.py
