PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
SOURCES := gateway/web/explorer
PYTEST := $(BIN)/$(if $(COVERED),coverage run -m pytest,pytest)
EXPLORER := $(SOURCES)/built/index.html
UV ?= $(shell command -v uv)
# PYTHON,PIP: installs packages for an interpreter: by uv, where it is installed, in seconds instead of a minute.
INSTALL = $(if $(UV),$(UV) pip install --python $(1),$(2) --python $(1) install --disable-pip-version-check)
SBOM := dist/sbom
VALIDATE_SBOM := import sys; from cyclonedx.schema import SchemaVersion; from cyclonedx.validation.json import JsonStrictValidator; problem = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read()); sys.exit(problem and str(problem))

# Where Python may not keep what it compiled, each process of pytest compiles all test modules anew, in 4 seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install sandbox explorer wheel image sbom test test-all slow socket lint covered check bench format schema docs lock

help:                          ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED)          ## install the locked dependencies and the gateway into .venv

sandbox: $(INSTALLED)          ## serve /graphql over the bundled sandbox
	@$(MAKE) --silent explorer || echo "GraphiQL was not built: its page says how to build it. Everything else works." >&2
	@$(BIN)/gateway sandbox

explorer: $(EXPLORER)          ## build GraphiQL; needs Node.js and npm

wheel: $(INSTALLED) explorer   ## build dist/*.whl, which contains GraphiQL
	test -s $(EXPLORER)
	$(BIN)/hatchling build --target wheel

image:                         ## build the container image, labelled with its revision and time; needs Docker
	docker build --tag gateway --build-arg REVISION=$$(git rev-parse HEAD) --build-arg CREATED=$$(date --utc +%Y-%m-%dT%H:%M:%SZ) .

# By tools of an environment of their own, since they bring thirty packages.
sbom: $(INSTALLED) $(SOURCES)/node_modules/.package-lock.json    ## list the packages of the image and of GraphiQL in dist/sbom-*.json, as CycloneDX
	rm -rf $(SBOM)
	mkdir -p $(SBOM)
	$(PYTHON) -m venv $(SBOM)/tools
	$(call INSTALL,$(SBOM)/tools/bin/python,$(SBOM)/tools/bin/pip) --quiet --require-hashes -r requirements-sbom.lock
	$(PYTHON) -m venv --without-pip $(SBOM)/image
	$(call INSTALL,$(SBOM)/image/bin/python,$(SBOM)/tools/bin/pip) --quiet --require-hashes -r requirements.lock
	sed "s/^dynamic = .*/version = \"$$($(BIN)/hatchling version)\"/" pyproject.toml > $(SBOM)/pyproject.toml
	$(SBOM)/tools/bin/cyclonedx-py environment --pyproject $(SBOM)/pyproject.toml --output-reproducible --output-file dist/sbom-python.json $(SBOM)/image/bin/python
	npm --prefix $(SOURCES) sbom --sbom-format cyclonedx --omit dev > dist/sbom-graphiql.json
	$(SBOM)/tools/bin/python -c '$(VALIDATE_SBOM)' dist/sbom-graphiql.json
	rm -r $(SBOM)

# COVERED=1 records the coverage, which doubles the time. The slow tests, and the servers of tests outside of tests/unit,
# need not: the others reach the same lines.
test: $(INSTALLED)             ## run the tests that are not slow and open no port; takes a minute on two idle cores
	$(PYTEST) -m "not slow and not socket" --numprocesses 2

test-all: test slow socket     ## run all tests

slow: $(INSTALLED)             ## run the slow tests, such as the comparison of compiled queries with graphql-core
	$(BIN)/pytest -m "slow and not socket" --numprocesses 2

# All tests of a file run in one process, which starts each server that they share only once.
socket: $(INSTALLED)           ## run the tests that open a port
	$(PYTEST) -m socket --numprocesses 2 --dist loadfile tests/unit
	$(BIN)/pytest -m socket --numprocesses 2 --dist loadfile --ignore tests/unit

lint: $(INSTALLED)             ## check format, rules, types and import contracts, and that schema.graphql is up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gateway schema check
	$(BIN)/gateway schema diff tests/released.graphql

covered: $(INSTALLED)          ## report the coverage of the tests that ran with COVERED=1, and fail if it is too low
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage report --fail-under=100 --include='gateway/upstream/records/field_types.py,gateway/upstream/records/activities.py,gateway/upstream/records/resources.py,gateway/upstream/http/response_body.py,gateway/upstream/http/circuit_breaker.py,gateway/upstream/http/breaker_levels.py,gateway/upstream/http/byte_budget.py,gateway/upstream/records/control_characters.py,gateway/upstream/records/decoding.py,gateway/upstream/records/envelope.py,gateway/upstream/records/error_objects.py,gateway/upstream/http/response_head.py,gateway/upstream/http/status_errors.py,gateway/upstream/records/lenient_decoding.py,gateway/upstream/records/links.py,gateway/upstream/records/coercion.py,gateway/upstream/records/dates.py,gateway/upstream/records/surrogates.py,gateway/schema/pagination.py,gateway/schema/html_elements.py,gateway/schema/html_document.py,gateway/schema/html_text.py,gateway/schema/rendered_text.py,gateway/engine/complexity/cost.py,gateway/engine/complexity/limits.py,gateway/engine/complexity/measure.py,gateway/engine/compiler/collect_fields.py,gateway/engine/compiler/projection.py,gateway/engine/compiler/projection_builder.py,gateway/engine/compiler/declared_types.py,gateway/engine/compiler/item_decoding.py,gateway/engine/compiler/projected_reader.py,gateway/engine/compiler/namespace.py,gateway/engine/compiler/value_context.py,gateway/engine/compiler/response_objects.py,gateway/engine/compiler/field_identity.py,gateway/engine/compiler/leaf_values.py,gateway/engine/compiler/pending.py,gateway/engine/compiler/pending_results.py,gateway/engine/compiler/expressions.py,gateway/engine/compiler/codegen.py'

check: $(INSTALLED)            ## run lint, test-all and covered: all checks before a commit
	$(BIN)/coverage erase
	$(MAKE) lint
	$(MAKE) test-all covered COVERED=1

bench: $(INSTALLED)            ## compare the gateway with other GraphQL servers; needs Node.js, takes half an hour
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
	echo "cyclonedx-bom>=7,<8" | uv pip compile - --universal --generate-hashes --no-header --no-annotate --quiet --python-version 3.11 --output-file requirements-sbom.lock
	echo uv | uv pip compile - --universal --generate-hashes --no-header --no-annotate --quiet --python-version 3.11 --output-file requirements-uv.lock

$(EXPLORER): $(SOURCES)/node_modules/.package-lock.json $(SOURCES)/build.mjs $(shell find gateway/web/explorer/src -type f)
	@npm --prefix $(SOURCES) run --silent build

$(SOURCES)/node_modules/.package-lock.json: $(SOURCES)/package-lock.json
	npm --prefix $(SOURCES) ci --ignore-scripts --loglevel=error
	@touch $@

$(INSTALLED): requirements-dev.lock pyproject.toml
	test -d .venv || $(PYTHON) -m venv .venv
	@echo "Installing what requirements-dev.lock names into .venv; once, in a minute or two."
	$(call INSTALL,$(BIN)/python,$(BIN)/pip) --require-hashes -r requirements-dev.lock
	$(call INSTALL,$(BIN)/python,$(BIN)/pip) --quiet --no-deps --no-build-isolation -e .
	@touch $@
