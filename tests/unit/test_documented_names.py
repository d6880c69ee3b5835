"""The names that the pages use are those of the code: settings, commands, codes, log events, files."""

import ast
import re

import pytest
from graphql import is_enum_type

from gateway.cli.error_codes import error_codes
from gateway.cli.main import main
from gateway.cli.schema import schema as schema_commands
from gateway.config.settings import Settings, env_name
from gateway.schema import build_schema
from gateway.upstream.http.failure_reason import FailureReason
from tests.support.pages import README, ROOT, page

PAGES = {path.stem: page(path.stem) for path in (ROOT / "docs").glob("*.md")} | {"README": README}
CURRENT = {name: text for name, text in PAGES.items() if name != "upgrading"}
"""All pages but the one that has names of earlier versions."""

LOGGER = re.compile(r"\blog\b|\blog_(debug|info|warning)\b|\b_logger\b|^write$")
FOLDERS = "|".join(
    [
        "tests",
        "docs",
        "gateway",
        *(path.name for path in (ROOT / "gateway").iterdir() if path.is_dir()),
    ]
)


@pytest.mark.parametrize("text", CURRENT.values(), ids=CURRENT)
def test_a_page_names_settings_that_there_are(text):
    settings = {env_name(name) for name in Settings.model_fields}
    secrets = {f"{env_name(name)}_FILE" for name in Settings.SECRETS}
    assert {*re.findall(r"\bGATEWAY_[A-Z_]*[A-Z]", text)} <= settings | secrets


@pytest.mark.parametrize("text", CURRENT.values(), ids=CURRENT)
def test_a_page_names_commands_that_there_are(text):
    commands = {*main.commands} | {f"schema {name}" for name in schema_commands.commands}
    named = re.findall(r"`gateway (schema [a-z-]+|[a-z-]+)[^`\n]*`", text)
    assert {*named} <= commands


@pytest.mark.parametrize("text", CURRENT.values(), ids=CURRENT)
def test_a_page_names_files_that_there_are(text):
    paths = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
    roots = (ROOT, ROOT / "gateway")
    assert [path for path in paths if not any((root / path).exists() for root in roots)] == []


@pytest.mark.parametrize("name", ["troubleshooting", "schema", "caching", "resilience"])
def test_a_page_names_error_codes_that_there_are(name):
    """Words of capitals with an underscore are codes on these pages, or settings, or values of another enum."""
    words = re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGES[name])
    known = {each.code for each in error_codes()} | {
        env_name(name) for name in Settings.model_fields
    }
    enums = [type_ for type_ in build_schema().type_map.values() if is_enum_type(type_)]
    others = {"SSL_CERT_FILE"}.union(*(type_.values for type_ in enums))
    assert {*words} <= known | others


def test_the_operations_page_has_every_reason_of_a_failed_read():
    section = PAGES["operations"].split("\n## Reasons of failed reads\n")[1].split("\n## ")[0]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    assert {*re.findall(r"`(\w+)`", " ".join(rows[1:]))} == {*FailureReason}


def logged_events():
    """The names that calls of a logger have among their arguments, in all of the gateway's source."""
    for path in (ROOT / "gateway").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and LOGGER.search(ast.unparse(call.func)):
                yield from (each.value for each in call.args[:2] if isinstance(each, ast.Constant))


def test_the_operations_page_has_every_log_event_and_no_other():
    section = PAGES["operations"].split("\n## Logs\n")[1].split("\n## ")[0]
    cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    assert {*re.findall(r"`([\w.]+)`", " ".join(cells))} == {*logged_events()}


@pytest.fixture(scope="module")
def literals():
    """The source of the gateway, in which texts of several lines are one."""
    source = "".join(path.read_text("utf-8") for path in (ROOT / "gateway").rglob("*.py"))
    return re.sub(r'"\s*\n\s*f?"', "", source).replace("`", "")


@pytest.mark.parametrize(
    "message", re.findall(r"`((?:The|Port|Invalid|with) [^`]{15,})`", PAGES["troubleshooting"])
)
def test_the_messages_of_the_troubleshooting_page_are_in_the_code(literals, message):
    stable = re.sub(r"\b8000\b", "{port}", message).replace("127.0.0.1", "{host}")
    stable = stable.partition(": Address already in use")[0]
    assert stable in literals
