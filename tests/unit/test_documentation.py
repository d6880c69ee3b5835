"""The documentation, the schema file and the changelog agree with the code."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from graphql import GraphQLEnumType, GraphQLInputObjectType
from msgspec import structs
from prometheus_client.parser import text_string_to_metric_families

from gateway import __version__, errors, schema
from gateway.cli.main import main
from gateway.cli.probe.assumptions import ASSUMPTIONS
from gateway.cli.schema_diff import Criticality, classify_changes
from gateway.config.settings import Settings, env_name
from gateway.observability.metrics import Metrics
from gateway.observability.request_stats import RequestStats
from gateway.sandbox.fault_injection.faults import Fault
from gateway.sandbox.fixtures.malformed import CLIENT_ID, malformed_entries
from gateway.sandbox.fixtures.sample import CLIENTS
from tests.support.pages import README, code_blocks, documented_metrics, page

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASED = ROOT / "tests/released.graphql"
MIGRATION = ROOT / "tests/clients/typescript/src/migration.ts"
GENERATED = {
    "docs/configuration.md": ("settings", "--markdown"),
    "docs/errors.md": ("errors", "--markdown"),
    "docs/cli.md": ("commands", "--markdown"),
    "gateway/web/explorer/src/errors.json": ("errors", "--json"),
}


def output(*command):
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return result.stdout


def error_rows():
    """The cells of each row of the table of error codes."""
    section = page("errors").split("\n## Codes\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def unindented(text):
    return "".join(f"{line.strip()}\n" for line in text.strip().splitlines())


@pytest.mark.parametrize(("path", "command"), GENERATED.items())
def test_a_generated_file_is_what_its_command_writes(path, command):
    assert (ROOT / path).read_text(encoding="utf-8") == output(*command), "run `make docs`"


def test_make_docs_writes_every_generated_file():
    makefile = (
        (ROOT / "Makefile")
        .read_text(encoding="utf-8")
        .replace("$(SOURCES)", "gateway/web/explorer")
    )
    recipe = makefile.split("\ndocs: ")[1].split("\n\n")[0]
    assert [
        f"$(BIN)/gateway {' '.join(command)} > {path}" for path, command in GENERATED.items()
    ] == [line.strip() for line in recipe.splitlines()[1:]]


def test_the_settings_page_has_every_setting_once():
    rows = re.findall(r"^\| (`[A-Z_]+`) \|", page("configuration"), re.MULTILINE)
    assert rows == [f"`{env_name(name)}`" for name in Settings.model_fields]


def test_the_operations_page_has_every_metric_with_its_labels():
    made = Metrics(client_applications=["web"])
    made.observe_operation(RequestStats(outcome="partial", codes=("NOT_FOUND",), caller="web"), 1.0)
    made.count_read("/", "called")
    made.count_read_failure("/", "NOT_FOUND")
    made.observe_call("/", "404", 1.0, is_retry=True)
    made.count_surprise("/", "odd_envelope")
    families = text_string_to_metric_families(made.exposition().decode())
    told = {
        family.name + "_total" * (family.type == "counter"): (
            family.type,
            {label for sample in family.samples for label in sample.labels} - {"le"},
        )
        for family in families
        if family.name.startswith("gateway_")
    }
    assert documented_metrics() == told


def codes(error=errors.GatewayError):
    yield from [error.code] if "code" in vars(error) else []
    for kind in error.__subclasses__():
        yield from codes(kind)


def test_the_errors_page_has_every_code_and_no_other():
    assert {row[0].strip("`") for row in error_rows()} == {*codes(), *errors.CODES_WITHOUT_CLASS}


def test_the_documented_codes_are_those_of_the_schema():
    enum = schema.build_schema().type_map["ErrorCode"]
    assert isinstance(enum, GraphQLEnumType)
    assert {row[0].strip("`") for row in error_rows()} == {*enum.values}


def test_the_errors_page_says_which_code_is_reserved():
    reserved = [row[0].strip("`") for row in error_rows() if row[1].startswith("reserved: ")]
    assert reserved == ["SUBSCRIPTIONS_DISABLED"]


def test_the_errors_page_says_once_what_to_do_about_each_code():
    section = page("errors").split("\n## What to do\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    told = [code for row in rows for code in re.findall(r"`([A-Z_]+)`", row.split(" | ")[1])]
    assert sorted(told) == sorted(row[0].strip("`") for row in error_rows())


def test_the_errors_page_has_the_status_of_request_errors():
    statuses = {row[0].strip("`"): row[3] for row in error_rows()}

    def request_errors(error):
        yield from [error] if "code" in vars(error) else []
        for kind in error.__subclasses__():
            yield from request_errors(kind)

    for error in request_errors(errors.RequestError):
        assert statuses[error.code].startswith(str(error.status))


def test_the_errors_page_says_which_codes_are_retryable():
    retryable = {row[0].strip("`") for row in error_rows() if row[2] == "yes"}
    assert retryable == {"OVERLOADED", "UPSTREAM_TIMEOUT", "UPSTREAM_BUSY", "UPSTREAM_UNAVAILABLE"}


@pytest.mark.parametrize("text", [README, page("schema")], ids=["README", "schema"])
async def test_a_documented_query_has_its_documented_answer(gateway, text):
    query, answer = code_blocks(text, "graphql")[0], code_blocks(text, "json")[0]
    assert await gateway.ask(query) == json.loads(answer)


def test_the_compiled_queries_page_shows_generated_functions(tmp_path):
    """They are the whole output of the command on the page; comments on lines of their own are added."""
    text = page("compiled-queries")
    command = re.search(r"echo '(.*)' \| gateway compile /dev/stdin", text)
    assert command is not None
    (tmp_path / "operation.graphql").write_text(command[1], encoding="utf-8")
    [annotated] = code_blocks(text, "python")
    shown = re.sub(r"^ *#.*\n", "", annotated, flags=re.MULTILINE)
    assert shown == output("compile", str(tmp_path / "operation.graphql"))


def test_the_security_page_shows_what_the_largest_query_measures():
    command = re.search(
        r"```sh\ngateway cost (.*)\n```\n\n```\n(.*?)```", page("security"), re.DOTALL
    )
    assert command is not None
    assert output("cost", str(ROOT / command[1])) == command[2]


def test_the_mapping_page_names_every_assumption_of_the_probe():
    section = page("rest-mapping").split("\n## Check the assumptions\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", section, re.MULTILINE)
    assert {name: text.replace("`", "") for name, text in rows} == {
        name: text.replace("`", "") for name, text in ASSUMPTIONS.items()
    }


def test_the_mapping_page_has_every_filter_of_a_timeline():
    section = page("rest-mapping").split("\n## Query parameters\n")[1].split("\n## ")[0]
    type_ = schema.build_schema().type_map["ActivityFilter"]
    assert isinstance(type_, GraphQLInputObjectType)
    documented = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", section))))
    assert [name for name in type_.fields if name not in documented] == []


@pytest.mark.parametrize("option", [p.opts[0] for p in main.commands["sandbox"].params])
def test_the_sandbox_page_names_every_option(option):
    assert option in page("sandbox")


def test_the_sandbox_page_has_every_key_of_a_fault():
    section = page("sandbox").split("\n## Fault injection\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(rows) == sorted(field.encode_name for field in structs.fields(Fault))


def test_the_sandbox_page_has_every_client_with_its_number_of_activities():
    rows = re.findall(r"^\| (`\d+`(?:, `\d+`)*) \| ([\d,]+) \|", page("sandbox"), re.MULTILINE)
    documented = {
        client.strip(" `"): int(count.replace(",", ""))
        for clients, count in rows
        for client in clients.split(",")
    }
    malformed = {CLIENT_ID: len([*malformed_entries()])}
    assert documented == {**CLIENTS["1"], **CLIENTS["2"], **malformed}


def test_make_help_describes_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets is not None
    described = re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE)
    assert sorted(targets[1].split()) == sorted(described)


def test_the_hooks_run_commands_of_make_lint():
    """pre-commit finds nothing that `make lint` would not."""
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^ +entry: \.venv/bin/(.+)$", hooks, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\nlint: ")[1].split("\n\n")[0]
    assert len(entries) == hooks.count("- id: ")
    assert [entry for entry in entries if f"\t$(BIN)/{entry}\n" not in f"{recipe}\n"] == []


def test_the_clients_page_shows_both_ways_as_they_run():
    """A client runs them against the sandbox, and compares what they lead to."""
    ways = [unindented(way) for way in code_blocks(page("clients"), "ts")]
    assert len(ways) == 2
    assert [way for way in ways if way not in unindented(MIGRATION.read_text("utf-8"))] == []


def test_the_committed_schema_is_the_one_served():
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == schema.schema_sdl()


def test_the_changelog_tells_of_this_version():
    assert f"\n## {__version__}\n" in CHANGELOG


@pytest.mark.parametrize("release", CHANGELOG.split("\n## ")[1:], ids=lambda text: text.split()[0])
def test_every_release_tells_what_it_does_to_the_schema(release):
    assert "\n### Schema\n" in release


def test_the_changelog_announces_what_is_dangerous_since_the_released_schema():
    newest = " ".join(CHANGELOG.split("\n## ")[1].split("\n### Schema\n")[1].split())
    found = classify_changes(RELEASED.read_text(encoding="utf-8"), schema.schema_sdl())
    announced = [each.text for each in found if each.criticality is not Criticality.SAFE]
    assert [text for text in announced if text not in newest] == []
