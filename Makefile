PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: sandbox test check bench format lock schema socket

sandbox: $(INSTALLED)          ## serve /graphql over the bundled sandbox
	@$(BIN)/gateway sandbox

test: $(INSTALLED)             ## everything but what opens a port
	$(BIN)/pytest -m "not socket"

socket: $(INSTALLED)           ## what opens a port
	$(BIN)/pytest -m socket

check: $(INSTALLED)            ## format, lint, types, import contracts, tests with coverage, schema against the file and the release
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage report --fail-under=100 --include='gateway/upstream/records.py,gateway/upstream/entities.py,gateway/upstream/forms.py,gateway/upstream/decode.py,gateway/upstream/links.py,gateway/schema/pages.py,gateway/schema/plain_text.py,gateway/operations/cost.py,gateway/operations/limits.py,gateway/operations/sizes.py,gateway/operations/weights.py,gateway/operations/plan/arguments.py,gateway/operations/plan/selections.py,gateway/operations/plan/shapes.py,gateway/operations/plan/leaves.py,gateway/operations/plan/parts.py,gateway/operations/plan/body.py,gateway/operations/plan/source.py'
	$(BIN)/gateway schema check
	$(BIN)/gateway schema diff tests/schema/released.graphql

bench: $(INSTALLED)            ## against what a team would pick instead; needs Node.js, and takes long
	$(BIN)/python -m tests.benchmarks

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(INSTALLED)           ## write schema.graphql anew
	$(BIN)/gateway schema print > schema.graphql

lock: $(INSTALLED)             ## resolve pyproject.toml anew; needs uv
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --quiet --python-version 3.11 --output-file requirements.lock
	uv pip compile pyproject.toml --group dev --constraint requirements.lock --universal --generate-hashes --no-header --no-annotate --quiet --python-version 3.11 --output-file requirements-dev.lock

$(INSTALLED): requirements-dev.lock pyproject.toml
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
