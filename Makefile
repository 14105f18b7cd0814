# make run    service and Node-RED with the example flow, everything set up first
# make test   the tests         make test-fast   the quick ones        make check   linters and types

VENV := .venv
BIN := $(VENV)/bin
NODES := node-red-nodes
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup run test test-cluster test-container test-fast test-load test-numpy soak fuzz check format bench clean setup-dev

setup: $(VENV)/.installed $(NODES)/node_modules/.installed
	@$(BIN)/cellblock image build

$(VENV)/.installed: pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

$(NODES)/node_modules/.installed: $(NODES)/package-lock.json
	cd $(NODES) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

setup-dev: setup $(VENV)/.installed-dev
	@tests/browser

run: setup
	@exec node $(NODES)/demo/run.mjs $(BIN)/cellblock

test: setup-dev
	$(BIN)/pytest
	cd $(NODES) && npm test

# The service with workers of a Dask cluster: a scheduler and workers in processes of their own.
test-cluster: setup-dev
	$(BIN)/pytest tests/cluster

test-fast: $(VENV)/.installed-dev $(NODES)/node_modules/.installed
	$(BIN)/pytest -q tests/unit -m "not network and not slow"
	cd $(NODES) && npm run --silent test:unit

# A minute of load while workers are killed, 20,000 executions with a plot of the memory, ten minutes of damaged input.
# In `make test` are shorter ones.
test-load: setup-dev
	CELLBLOCK_TEST_LOAD_S=60 $(BIN)/pytest tests/integration/test_load.py

soak: setup-dev
	$(BIN)/python -m tests.soak

fuzz: setup-dev
	$(BIN)/python -m pip install --quiet --only-binary=:all: --group fuzz
	$(BIN)/python -m tests.fuzz

# The container, built for real and tried, without Docker: see docker/test.
test-container: setup-dev
	docker/test

# NumPy's own tests, here and in npm's pyodide. Not part of `make test`: it takes a while.
test-numpy: $(VENV)/.installed-dev
	$(BIN)/python -m tests.numpy_suite

check: $(VENV)/.installed-dev $(NODES)/node_modules/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(NODES) && npm run --silent lint

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev
	$(BIN)/cellblock bench

clean:
	rm -rf $(VENV) $(NODES)/node_modules build dist .mypy_cache .ruff_cache .pytest_cache
