import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from graphql import build_schema, is_interface_type, is_union_type

from gateway import schema
from gateway.cli.main import main


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs a command about the schema, in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["schema", *arguments])

    return command


def lines(result: Result) -> Sequence[str]:
    return result.stderr.splitlines()


def changed(*replaced: tuple[str, str]) -> None:
    """Writes old.graphql: the schema, with these texts replaced."""
    text = schema.schema_sdl()
    for new, old in replaced:
        assert new in text
        text = text.replace(new, old)
    Path("old.graphql").write_text(text, encoding="utf-8")


def test_print_writes_the_schema_and_nothing_else(run):
    result = run("print")
    assert (result.exit_code, result.stdout, result.stderr) == (0, schema.schema_sdl(), "")


def test_print_writes_a_subgraph_where_that_is_wanted(run):
    result = run("print", "--federation")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == schema.schema_sdl(federated=True) != schema.schema_sdl()


def test_check_says_nothing_where_the_file_is_current(run, tmp_path):
    (tmp_path / "schema.graphql").write_text(schema.schema_sdl(), encoding="utf-8")
    result = run("check")
    assert (result.exit_code, result.output) == (0, "")


def test_check_takes_another_file(run, tmp_path):
    (tmp_path / "other.graphql").write_text(schema.schema_sdl(), encoding="utf-8")
    assert run("check", "other.graphql").exit_code == 0


def test_check_fails_with_the_difference(run, tmp_path):
    changed = schema.schema_sdl().replace("totalCount: Int!", "total: Int!")
    (tmp_path / "schema.graphql").write_text(changed, encoding="utf-8")
    result = run("check")
    assert (result.exit_code, result.stdout) == (1, "")
    assert {"--- schema.graphql", "+++ served"} <= set(lines(result))
    assert "-  total: Int!" in lines(result)
    assert "+  totalCount: Int!" in lines(result)
    assert "run `make schema`" in lines(result)[-1]


def test_check_fails_without_the_file(run):
    result = run("check")
    assert (result.exit_code, result.stdout) == (1, "")
    assert lines(result) == [
        "schema.graphql does not exist: `gateway schema print > schema.graphql` writes it."
    ]


def test_diff_says_that_nothing_changed(run):
    changed()
    result = run("diff", "old.graphql")
    assert (result.exit_code, result.stdout) == (0, "")
    assert lines(result) == ["0 breaking, 0 dangerous, 0 safe"]


def test_diff_fails_where_a_change_is_breaking_and_tells_the_worst_first(run):
    changed(("  isStale: Boolean!", "  stale: Boolean!"))
    result = run("diff", "old.graphql")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "breaking: Field Completeness.stale was removed.",
        "safe: Field Completeness.isStale was added.",
    ]


def test_diff_passes_where_the_worst_is_dangerous(run):
    changed(
        ("type UnknownActivity implements Activity", "type UnknownActivity"),
        ('  """The object was created."""\n  CREATED\n', ""),
    )
    result = run("diff", "old.graphql")
    assert result.exit_code == 0
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == ["dangerous"] * 2
    assert lines(result) == ["0 breaking, 2 dangerous, 0 safe"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"type Query { a: Missing }", b"query { a }", b"\xff"],
    ids=["empty", "syntax", "invalid", "an operation", "bytes"],
)
def test_what_is_no_schema_is_wrong_usage(run, content):
    Path("old.graphql").write_bytes(content)
    result = run("diff", "old.graphql")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "not a schema" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["check", "a", "b"], ["diff"], ["diff", "missing.graphql"], ["possible-types", "a"]],
    ids=" ".join,
)
def test_wrong_usage_has_a_status_of_its_own(run, arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: " in result.stderr


def test_possible_types_are_those_of_every_interface_and_union(run):
    result = run("possible-types")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = build_schema(schema.schema_sdl())
    assert json.loads(result.stdout) == {
        name: sorted(each.name for each in printed.get_possible_types(type_))
        for name, type_ in printed.type_map.items()
        if (is_interface_type(type_) or is_union_type(type_)) and not name.startswith("__")
    }
    assert "AppointmentActivity" in json.loads(result.stdout)["Activity"]
