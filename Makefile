PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
SOURCES := gateway/web/explorer
PYTEST := $(BIN)/$(if $(COVERED),coverage run -m pytest,pytest)
SAMENESS := tests/scenarios/sameness
EXPLORER := $(SOURCES)/built/index.html

.PHONY: sandbox explorer wheel test socket lint covered check bench format lock schema

sandbox: $(INSTALLED)          ## serve /graphql over the bundled sandbox
	@$(MAKE) --no-print-directory explorer || echo "GraphiQL was not built: its page will say so. All else is there." >&2
	@$(BIN)/gateway sandbox

explorer: $(EXPLORER)          ## build GraphiQL; needs Node.js and npm

wheel: $(INSTALLED) explorer   ## dist/*.whl, with GraphiQL in it
	test -s $(EXPLORER)
	$(BIN)/hatchling build --target wheel

# Thousands of operations take twice as long where it is noted what they cover, and cover nothing new.
test: $(INSTALLED)             ## everything but what opens a port; with COVERED=1, noting what is covered
	$(PYTEST) -m "not socket" --numprocesses 2 --ignore $(SAMENESS)
	$(BIN)/pytest $(SAMENESS) --numprocesses 2

socket: $(INSTALLED)           ## what opens a port, one test at a time
	$(PYTEST) -m socket --durations 12

lint: $(INSTALLED)             ## format, rules, types, import contracts, and whether schema.graphql is the schema
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gateway schema check
	$(BIN)/gateway schema diff tests/schema/released.graphql

covered: $(INSTALLED)          ## whether the tests that ran with COVERED=1 cover what they must
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage report --fail-under=100 --include='gateway/upstream/declaring.py,gateway/upstream/records.py,gateway/upstream/entities.py,gateway/upstream/conferences.py,gateway/upstream/forms.py,gateway/upstream/body.py,gateway/upstream/breaker.py,gateway/upstream/breakers.py,gateway/upstream/byte_budget.py,gateway/upstream/control_characters.py,gateway/upstream/decode.py,gateway/upstream/envelope.py,gateway/upstream/failures.py,gateway/upstream/heads.py,gateway/upstream/statuses.py,gateway/upstream/lenient.py,gateway/upstream/links.py,gateway/upstream/odd_values.py,gateway/upstream/dates.py,gateway/upstream/surrogates.py,gateway/schema/pages.py,gateway/schema/elements.py,gateway/schema/html_document.py,gateway/schema/plain_text.py,gateway/schema/shown_text.py,gateway/operations/cost.py,gateway/operations/limits.py,gateway/operations/sizes.py,gateway/operations/weights.py,gateway/operations/plan/arguments.py,gateway/operations/plan/declared.py,gateway/operations/plan/selections.py,gateway/operations/plan/shapes.py,gateway/operations/plan/leaves.py,gateway/operations/plan/parts.py,gateway/operations/plan/body.py,gateway/operations/plan/source.py'

check: $(INSTALLED)            ## all of that
	$(BIN)/coverage erase
	$(MAKE) lint
	$(MAKE) test socket covered COVERED=1

bench: $(INSTALLED)            ## against what a team would pick instead; needs Node.js, and takes long
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks wait

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(INSTALLED)           ## write schema.graphql anew
	$(BIN)/gateway schema print > schema.graphql

lock: $(INSTALLED)             ## resolve pyproject.toml anew; needs uv
	uv pip compile pyproject.toml --extra otel --universal --generate-hashes --no-header --no-annotate --quiet --python-version 3.11 --output-file requirements.lock
	uv pip compile pyproject.toml --extra otel --group dev --constraint requirements.lock --universal --generate-hashes --no-header --no-annotate --quiet --python-version 3.11 --output-file requirements-dev.lock

$(EXPLORER): $(SOURCES)/node_modules/.package-lock.json $(SOURCES)/build.mjs $(shell find gateway/web/explorer/src -type f) README.md
	@npm --prefix $(SOURCES) run --silent build

$(SOURCES)/node_modules/.package-lock.json: $(SOURCES)/package-lock.json
	npm --prefix $(SOURCES) ci --ignore-scripts --loglevel=error
	@touch $@

$(INSTALLED): requirements-dev.lock pyproject.toml
	test -d .venv || $(PYTHON) -m venv .venv
	@echo "Installing what requirements-dev.lock names into .venv; once, in a minute or two."
	$(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
