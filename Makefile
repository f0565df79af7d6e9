VENV ?= .venv
BIN  := $(VENV)/bin
LOCK := requirements.lock
COMPILE := pip compile pyproject.toml --group dev --extra evals --universal --python-version 3.11 \
           --generate-hashes --no-header --no-annotate --quiet
PYTHON ?= python3

.PHONY: demo test lint format unit contract journey gate browser bench setup lock upgrade lock-check clean

demo: setup  ## build the example shop, read it, and serve the inbox
	$(BIN)/undertone demo --home .demo

test: setup lint unit contract journey gate browser  ## everything that must hold before a commit lands

lint: setup  ## format, lint, types, import contracts, lock
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(MAKE) --no-print-directory lock-check

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

unit: setup
	$(BIN)/pytest tests/unit

contract: setup
	$(BIN)/pytest tests/contract

journey: setup
	$(BIN)/pytest tests/journey

gate: setup  ## the smoke evaluation against its reviewed figures
	$(BIN)/undertone eval run --smoke --gate --home .cache

browser: setup
	$(BIN)/pytest tests/browser

bench: setup
	$(BIN)/python -m app.bench
	$(BIN)/python -m app.bench_memory
	$(BIN)/python -m app.bench_inbox

setup: $(VENV)/.ready
$(VENV)/.ready: $(LOCK) pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/^[a-z].*==/{/^uv==/p;/^    --hash/p;}' $(LOCK) > $(VENV)/uv.txt
	test -x $(BIN)/uv || $(BIN)/pip install --quiet --require-hashes -r $(VENV)/uv.txt
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip sync --require-hashes $(LOCK)
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

lock: ; $(BIN)/uv $(COMPILE) --output-file $(LOCK)
upgrade: ; $(BIN)/uv $(COMPILE) --upgrade --output-file $(LOCK)
lock-check:
	cp $(LOCK) $(VENV)/lock.txt
	$(BIN)/uv $(COMPILE) --output-file $(VENV)/lock.txt
	cmp $(LOCK) $(VENV)/lock.txt
	! grep -nE '://|^-' $(LOCK)

clean:
	rm -rf .demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
