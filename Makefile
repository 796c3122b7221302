# Everything runs from here, for people and for CI alike.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KIT := plugins/contract_tests
PLUGINS := $(filter-out $(KIT),$(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml)))
PACKAGES := -e '.[cli]' $(addprefix -e ,$(PLUGINS))
# Python compiles what it imports: a seventh of what pip would compile.
INSTALL := $(BIN)/python -m pip install -q --no-compile -c constraints.txt
FLOORS := $(VENV)/floors

.PHONY: help install demo test test-fast costs test-postgres test-floors lint format fuzz kill bench docs assets screenshots

help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "%-12s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Set up .venv with the host and its channels; PYTHON=python3.12 names another Python

# A Python that is named explicitly replaces the one of an existing environment.
ifneq ($(filter command environment,$(origin PYTHON)),)
ifneq ($(shell $(BIN)/python -V 2>&1),$(shell $(PYTHON) -V 2>&1))
.PHONY: $(VENV)/.pip
endif
endif

$(VENV)/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with make PYTHON=python3.12 …")'
	$(PYTHON) -m venv --clear $(VENV)
	$(INSTALL) pip
	touch $@

$(VENV)/.installed: $(VENV)/.pip pyproject.toml $(addsuffix /pyproject.toml,$(PLUGINS)) constraints.txt
	$(INSTALL) $(PACKAGES)
	touch $@

# All at once: each run of pip begins with looking through everything, and builds the project again.
$(VENV)/.dev: $(VENV)/.pip pyproject.toml $(addsuffix /pyproject.toml,$(PLUGINS) $(KIT)) constraints.txt
	$(INSTALL) $(PACKAGES) -e $(KIT) -e '.[postgres]' --group dev
	touch $(VENV)/.installed $@

$(FLOORS)/.made: $(VENV)/.dev floors.txt tools/floors.py
	$(BIN)/python tools/floors.py $(FLOORS)
	touch $@

demo: install ## Host, simulated messengers and mailbox on this machine; ARGS=--script plays a story
	$(BIN)/trinity-channels demo $(ARGS)

lint: $(VENV)/.dev ## Formatting, lint, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Rewrite the code as `lint` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: $(VENV)/.dev ## Everything that decides about a change; ARGS="tests/cli -x" a part of the tests
	$(MAKE) --jobs 2 lint $(if $(ARGS),,$(FLOORS)/.made)
	$(BIN)/python tests/browser.py
	$(BIN)/python $(if $(ARGS),-m pytest $(ARGS),tests/run.py --with-floors $(FLOORS)/bin/python)

test-fast: $(VENV)/.dev ## One case of each test, without load, browsers, PostgreSQL, whole programs and the costliest, in a minute
	$(BIN)/python tests/run.py --fast

costs: $(VENV)/.dev ## Measure which tests test-fast leaves out as the costliest: tests/costly.txt
	$(BIN)/python tests/run.py --measure

test-postgres: $(VENV)/.dev ## All stories on PostgreSQL, with all their cases
	$(BIN)/python -m pytest tests/stories --postgres

test-floors: $(FLOORS)/.made ## All tests with the oldest libraries that are supported, those of floors.txt
	$(BIN)/python tests/browser.py
	$(FLOORS)/bin/python $(if $(ARGS),-m pytest $(ARGS),tests/run.py --floors)

# Seconds to go on for, and examples of each property in one run.
FUZZ ?= 300
EXAMPLES ?= 500

fuzz: $(VENV)/.dev ## Properties with new examples; FUZZ=300 seconds, EXAMPLES=500 of each
	$(BIN)/python tests/fuzz.py --seconds $(FUZZ) --examples $(EXAMPLES) $(ARGS)

KILLS ?= 200

kill: $(VENV)/.dev ## Kill hosts, databases and the provider under load; KILLS=200 over both databases
	$(BIN)/python -m tests.load.kills --kills $(KILLS)

bench: $(VENV)/.dev ## Measure accept, the whole way, start-up and memory
	$(BIN)/python -m bench $(ARGS)

docs: install ## Write the reference pages from the code
	$(BIN)/python docs/generate.py

assets: install ## Fetch the vendored files of the pages, by version and hash; needs npm
	$(BIN)/python tools/fetch_assets.py

screenshots: $(VENV)/.dev ## Draw the pages of a fictional host into build/pictures, to be looked at
	$(BIN)/python tests/browser.py
	$(BIN)/python -m pytest tests/pages/pictures.py tests/cli/pictures.py
