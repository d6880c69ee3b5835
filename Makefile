PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
SOURCES := gateway/web/explorer
PYTEST := $(BIN)/$(if $(COVERED),coverage run -m pytest,pytest)
EXPLORER := $(SOURCES)/built/index.html

.PHONY: help sandbox explorer wheel test test-all slow socket lint covered check bench format schema docs lock

help:                          ## what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

sandbox: $(INSTALLED)          ## serve /graphql over the bundled sandbox
	@$(MAKE) --no-print-directory explorer || echo "GraphiQL was not built: its page will say so. All else is there." >&2
	@$(BIN)/gateway sandbox

explorer: $(EXPLORER)          ## build GraphiQL; needs Node.js and npm

wheel: $(INSTALLED) explorer   ## dist/*.whl, with GraphiQL in it
	test -s $(EXPLORER)
	$(BIN)/hatchling build --target wheel

# With COVERED=1 it is noted what is covered, which takes twice the time: not where it covers nothing new.
test: $(INSTALLED)             ## within a minute: all tests but those that are slow or open a port
	$(PYTEST) -m "not slow and not socket" --numprocesses 2

test-all: test slow socket     ## all tests

slow: $(INSTALLED)             ## the tests that take long, among them compiled queries compared with graphql-core
	$(BIN)/pytest -m "slow and not socket" --numprocesses 2

# All tests of a file run in one process: what it starts, it starts once.
socket: $(INSTALLED)           ## the tests that open a port
	$(PYTEST) -m socket --numprocesses 2 --dist loadfile tests/unit
	$(BIN)/pytest -m socket --numprocesses 2 --dist loadfile --ignore tests/unit

lint: $(INSTALLED)             ## format, rules, types, import contracts, and whether schema.graphql is the schema
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gateway schema check
	$(BIN)/gateway schema diff tests/released.graphql

covered: $(INSTALLED)          ## whether the tests that ran with COVERED=1 cover what they must
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage report --fail-under=100 --include='gateway/upstream/records/field_types.py,gateway/upstream/records/activities.py,gateway/upstream/records/resources.py,gateway/upstream/http/response_body.py,gateway/upstream/http/circuit_breaker.py,gateway/upstream/http/breaker_levels.py,gateway/upstream/http/byte_budget.py,gateway/upstream/records/control_characters.py,gateway/upstream/records/decoding.py,gateway/upstream/records/envelope.py,gateway/upstream/records/error_objects.py,gateway/upstream/http/response_head.py,gateway/upstream/http/status_errors.py,gateway/upstream/records/lenient_decoding.py,gateway/upstream/records/links.py,gateway/upstream/records/coercion.py,gateway/upstream/records/dates.py,gateway/upstream/records/surrogates.py,gateway/schema/pagination.py,gateway/schema/html_elements.py,gateway/schema/html_document.py,gateway/schema/html_text.py,gateway/schema/rendered_text.py,gateway/engine/complexity/cost.py,gateway/engine/complexity/limits.py,gateway/engine/complexity/measure.py,gateway/engine/compiler/collect_fields.py,gateway/engine/compiler/projection.py,gateway/engine/compiler/projection_builder.py,gateway/engine/compiler/declared_types.py,gateway/engine/compiler/item_decoding.py,gateway/engine/compiler/projected_reader.py,gateway/engine/compiler/namespace.py,gateway/engine/compiler/value_context.py,gateway/engine/compiler/response_objects.py,gateway/engine/compiler/field_identity.py,gateway/engine/compiler/leaf_values.py,gateway/engine/compiler/pending.py,gateway/engine/compiler/pending_results.py,gateway/engine/compiler/expressions.py,gateway/engine/compiler/codegen.py'

check: $(INSTALLED)            ## lint, test-all and covered: all that must hold before a commit
	$(BIN)/coverage erase
	$(MAKE) lint
	$(MAKE) test-all covered COVERED=1

bench: $(INSTALLED)            ## against what a team would pick instead; needs Node.js, and takes long
	$(BIN)/python -m tests.benchmarks wait
	$(BIN)/python -m tests.benchmarks

format: $(INSTALLED)           ## format the code and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(INSTALLED)           ## write schema.graphql anew
	$(BIN)/gateway schema print > schema.graphql

docs: $(INSTALLED)             ## write the generated pages of docs/ and GraphiQL's error codes anew
	$(BIN)/gateway settings --markdown > docs/configuration.md
	$(BIN)/gateway errors --markdown > docs/errors.md
	$(BIN)/gateway commands --markdown > docs/cli.md
	$(BIN)/gateway errors --json > $(SOURCES)/src/errors.json

lock: $(INSTALLED)             ## resolve pyproject.toml anew; needs uv
	uv pip compile pyproject.toml --extra otel --universal --generate-hashes --no-header --no-annotate --quiet --python-version 3.11 --output-file requirements.lock
	uv pip compile pyproject.toml --extra otel --group dev --constraint requirements.lock --universal --generate-hashes --no-header --no-annotate --quiet --python-version 3.11 --output-file requirements-dev.lock

$(EXPLORER): $(SOURCES)/node_modules/.package-lock.json $(SOURCES)/build.mjs $(shell find gateway/web/explorer/src -type f)
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
