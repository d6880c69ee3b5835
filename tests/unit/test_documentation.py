"""The README, the schema file and the changelog agree with the code."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from graphql import GraphQLEnumType
from prometheus_client.parser import text_string_to_metric_families

from gateway import __version__, errors, schema
from gateway.cli.main import main
from gateway.cli.schema import schema as schema_commands
from gateway.cli.schema_diff import Criticality, classify_changes
from gateway.config.settings import Settings, env_name
from gateway.observability.metrics import Metrics
from gateway.observability.request_stats import RequestStats
from gateway.web.request_middleware import PROBE_PATHS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASED = ROOT / "tests/released.graphql"
MIGRATION = ROOT / "tests/clients/typescript/src/migration.ts"


def rows(heading):
    """The cells of the table under a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def unindented(text):
    return "".join(f"{line.strip()}\n" for line in text.strip().splitlines())


def test_the_readme_has_every_setting_with_its_default_and_what_it_is():
    result = CliRunner().invoke(main, ["settings", "--markdown"])
    assert [line.split(" | ")[0] for line in result.stdout.splitlines()[2:]] == [
        f"| `{env_name(name)}`" for name in Settings.model_fields
    ]
    assert f"\n\n{result.stdout}\n" in README


def test_the_readme_has_every_metric_with_its_type_and_labels():
    made = Metrics()
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
    written = {
        name.strip(" `"): (kind.strip(), set(re.findall(r"`(\w+)`", labels)))
        for _, name, kind, labels, *_ in (
            line.split("|") for line in README.splitlines() if line.startswith("| `gateway_")
        )
    }
    assert written == told


def codes(error=errors.GatewayError):
    yield from [error.code] if "code" in vars(error) else []
    for kind in error.__subclasses__():
        yield from codes(kind)


def test_the_readme_has_every_error_code_and_no_other():
    assert {row[0].strip("`") for row in rows("Errors")} == {*codes(), *errors.CODES_WITHOUT_CLASS}


def test_the_readme_s_error_codes_are_those_of_the_schema():
    enum = schema.build_schema().type_map["ErrorCode"]
    assert isinstance(enum, GraphQLEnumType)
    assert {row[0].strip("`") for row in rows("Errors")} == {*enum.values}


def test_the_readme_says_which_error_code_is_reserved():
    reserved = [row[0].strip("`") for row in rows("Errors") if row[1].startswith("reserved: ")]
    assert reserved == ["SUBSCRIPTIONS_DISABLED"]


def test_the_readme_has_the_status_of_every_request_error():
    statuses = {row[0].strip("`"): row[2] for row in rows("Errors")}

    def request_errors(error):
        yield from [error] if "code" in vars(error) else []
        for kind in error.__subclasses__():
            yield from request_errors(kind)

    for error in request_errors(errors.RequestError):
        assert statuses[error.code].startswith(str(error.status))


async def test_the_readme_shows_a_query_and_its_answer(gateway):
    query = re.search(r"```graphql\n(.*?)```", README, re.DOTALL)
    answer = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert query is not None
    assert answer is not None
    assert await gateway.ask(query[1]) == json.loads(answer[1])


def test_the_readme_shows_a_part_of_a_compiled_query(tmp_path):
    written = re.search(r"echo '(.*)' \| gateway compile /dev/stdin", README)
    part = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert written is not None
    assert part is not None
    (tmp_path / "timeline.graphql").write_text(written[1], encoding="utf-8")
    result = CliRunner().invoke(main, ["compile", str(tmp_path / "timeline.graphql")])
    assert result.stdout.startswith(part[1])


def test_the_readme_shows_what_its_largest_query_measures():
    command = re.search(r"```sh\ngateway cost (.*)\n```\n\n```\n(.*?)```", README, re.DOTALL)
    assert command is not None
    result = CliRunner().invoke(main, ["cost", str(ROOT / command[1])])
    assert (result.exit_code, result.stdout) == (0, command[2])


@pytest.mark.parametrize(
    "command", sorted(n for n, each in main.commands.items() if not each.hidden)
)
def test_the_readme_names_every_command(command):
    assert f"gateway {command}" in README or f"make {command}" in README


@pytest.mark.parametrize("option", [p.opts[0] for p in main.commands["sandbox"].params])
def test_the_readme_names_every_option_of_the_sandbox(option):
    assert option in README


def test_the_readme_s_example_for_kubernetes_fits_the_settings(monkeypatch):
    """It gives a gateway the time that it takes to end, asks at paths that there are, and adds no variables."""
    example = README.split("apiVersion: apps/v1\n")[1].split("```")[0]
    for name, value in re.findall(r'name: ([A-Z_]+), value: "(.*?)"', example):
        monkeypatch.setenv(name, value)
    settings = Settings.from_environment()
    patience = re.search(r"terminationGracePeriodSeconds: (\d+)", example)
    assert patience is not None
    assert int(patience[1]) > settings.drain_seconds + settings.shutdown_grace_seconds
    assert "enableServiceLinks: false" in example
    probes = re.findall(r"(\w+)Probe: {httpGet: {path: (/\w+)", example)
    assert probes == [("startup", "/livez"), ("liveness", "/livez"), ("readiness", "/readyz")]
    assert {path for _, path in probes} <= PROBE_PATHS


def test_the_readme_names_every_make_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets is not None
    assert [target for target in targets[1].split() if f"`{target}`" not in README] == []


def test_the_readme_shows_both_ways_as_they_run():
    """A consumer runs them against the sandbox, and compares what they lead to."""
    clients = README.split("\n## Client integration\n")[1].split("\n## ")[0]
    ways = [unindented(way) for way in re.findall(r"```ts\n(.*?)```", clients, re.DOTALL)]
    assert len(ways) == 2
    assert [way for way in ways if way not in unindented(MIGRATION.read_text("utf-8"))] == []


def test_the_committed_schema_is_the_one_served():
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == schema.schema_sdl()


@pytest.mark.parametrize("command", sorted(schema_commands.commands))
def test_the_readme_names_every_command_about_the_schema(command):
    assert f"`gateway schema {command}" in README


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
