import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Sequence

import pytest
from click.testing import CliRunner, Result

from gateway import __version__
from gateway.cli.main import main
from gateway.config.settings import PREFIX, Settings, env_name
from gateway.errors import BadRequest
from tests.support.processes import PATIENCE_SECONDS

SERVE = {"GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch, tmp_path, telemetry_restored):
    """An empty directory, and none of our variables."""
    monkeypatch.chdir(tmp_path)
    ours = {env_name(name) for name in Settings.model_fields}
    for name in list(os.environ):
        if name.startswith(PREFIX) or name in ours:
            monkeypatch.delenv(name)


@pytest.fixture
def run():
    """Runs a command with these variables."""

    def command(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, arguments, env=environment)

    return command


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real thing, in a process of its own."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def lines(result: Result) -> Sequence[str]:
    return result.stderr.splitlines()


ASKED = "query A { activities(clientId: 7) { totalCount } } query B { client(id: 7) { id } }"


def test_compile_writes_the_source_of_one_operation(run, tmp_path):
    file = tmp_path / "both.graphql"
    file.write_text(ASKED, encoding="utf-8")
    result = run("compile", str(file), "--operation", "B")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "def Client(" in result.stdout
    assert "def ActivityConnection(" not in result.stdout


@pytest.mark.parametrize("command", ["compile", "cost"])
def test_what_a_router_asks_for_is_compiled_and_measured_as_well(run, tmp_path, command):
    file = tmp_path / "router.graphql"
    text = (
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Staff { emailAddress } } }"
    )
    file.write_text(text, encoding="utf-8")
    result = run(command, str(file))
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "Syntax Error"),
        ("{ nothing }", "Cannot query field 'nothing'"),
        (ASKED, "operationName"),
        (f"{{ {' '.join(f'a{n}: __typename' for n in range(10_001))} }}", "cannot be compiled"),
    ],
    ids=["syntax", "validation", "which", "too large"],
)
def test_what_cannot_be_compiled_is_a_problem(run, tmp_path, text, told):
    file = tmp_path / "wrong.graphql"
    file.write_text(text, encoding="utf-8")
    result = run("compile", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr


def test_cost_writes_each_measure_beside_its_limit(run, tmp_path):
    file = tmp_path / "both.graphql"
    file.write_text(ASKED, encoding="utf-8")
    result = run("cost", str(file), "--operation", "B")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"characters: {len(ASKED)} of 100000",
        "tokens: 26 of 10000",
        "depth: 2 of 30",
        "aliases: 0 of 500",
        "aliasCharacters: 0 of 100",
        "rootFields: 1 of 50",
        "duplicateFields: 1 of 200",
        "cost: 2 of 2000000",
    ]


PAGE = "query ($n: Int) { activities(clientId: 7, first: $n) { nodes { id } } }"


@pytest.mark.parametrize(
    ("variables", "status", "cost"),
    [
        ((), 0, "cost: 61 of 100"),
        (("--variables", '{"n": 3}'), 0, "cost: 14 of 100"),
        (("--variables", '{"n": 100}'), 1, "cost: 111 of 100"),
    ],
)
def test_cost_depends_on_variables_and_the_settings_say_what_is_allowed(
    run, tmp_path, variables, status, cost
):
    file = tmp_path / "page.graphql"
    file.write_text(PAGE, encoding="utf-8")
    result = run("cost", str(file), *variables, GATEWAY_MAX_COST="100")
    assert (result.exit_code, result.stderr) == (status, "")
    assert result.stdout.splitlines()[-1] == cost


def test_cost_tells_all_measures_of_what_is_too_large(run, tmp_path):
    file = tmp_path / "aliases.graphql"
    file.write_text(f"{{ {' '.join(f'a{n}: __typename' for n in range(5_000))} }}", "utf-8")
    result = run("cost", str(file))
    assert result.exit_code == 1
    assert {"tokens: 15002 of 10000", "aliases: 5000 of 500", "rootFields: 5000 of 50"} <= {
        *result.stdout.splitlines()
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "Syntax Error"), ("{ nothing }", "Cannot query field"), (ASKED, "operationName")],
    ids=["syntax", "validation", "which"],
)
def test_what_is_no_operation_has_no_cost(run, tmp_path, text, told):
    file = tmp_path / "wrong.graphql"
    file.write_text(text, encoding="utf-8")
    result = run("cost", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr


@pytest.mark.parametrize("variables", ["", "[]", "1", "{", "{n: 1}", "[" * 2_000, "\ud800"])
def test_variables_are_a_json_object(run, tmp_path, variables):
    file = tmp_path / "page.graphql"
    file.write_text(PAGE, encoding="utf-8")
    result = run("cost", str(file), "--variables", variables)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "not a JSON object" in result.stderr


def test_settings_that_do_not_fit_have_no_cost(run, tmp_path):
    file = tmp_path / "page.graphql"
    file.write_text(PAGE, encoding="utf-8")
    result = run("cost", str(file), GATEWAY_MAX_COST="much")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "GATEWAY_MAX_COST" in result.stderr


def test_serve_without_an_upstream_names_what_is_missing(run):
    result = run("serve")
    assert (result.exit_code, result.stdout) == (2, "")
    assert lines(result) == [
        "Invalid configuration:",
        "GATEWAY_UPSTREAM_URL: is required",
    ]


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT", "GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS"),
        ("GATEWAY_MAX_PAGESIZE", "GATEWAY_MAX_PAGE_SIZE"),
        ("GATEWAY_TOKN", "GATEWAY_TOKEN"),
        ("GATEWAY_API_KEY_FIL", "GATEWAY_API_KEY_FILE"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_an_unknown_variable_stops_the_start_naming_the_nearest(run, command, unknown, nearest):
    result = run(command, **SERVE, **{unknown: "x"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert lines(result)[1:] == [f"{unknown} is not a setting; did you mean {nearest}?"]


def test_all_problems_are_told_together(run):
    wrong = {
        "GATEWAY_UPSTREAM_URL": "api.agendize.com",
        "GATEWAY_MAX_PAGE_SIZE": "0",
        "GATEWAY_INTROSPECTION": "perhaps",
        "GATEWAY_DEFAULT_TIME_ZONE": "Europe/Atlantis",
        "GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS": "ten",
        "GATEWAY_TYPO": "x",
        "PORT": "65536",
        "LOG_LEVEL": "loud",
    }
    result = run("serve", **wrong)
    assert (result.exit_code, result.stdout) == (2, "")
    assert {line.split()[0].rstrip(":") for line in lines(result)[1:]} == set(wrong)


@pytest.mark.parametrize("origin", ["*", "null", "app.example.com", "https://app.example.com/"])
@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_an_origin_of_no_page_stops_the_start_by_variable_and_value(run, command, origin):
    result = run(command, **SERVE, GATEWAY_CORS_ORIGINS=f"https://a.example,{origin}")
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = lines(result)[1:]
    assert line.startswith(f"GATEWAY_CORS_ORIGINS: {origin} is not the origin of a page")


@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_a_manifest_that_cannot_be_read_stops_the_start_naming_the_setting(run, command):
    result = run(command, **SERVE, GATEWAY_TRUSTED_DOCUMENTS_PATH="missing.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert lines(result)[1:] == [
        "GATEWAY_TRUSTED_DOCUMENTS_PATH: cannot be read: No such file or directory"
    ]


@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_documents_that_can_never_run_stop_the_start_by_their_ids(run, tmp_path, command):
    (tmp_path / "manifest.json").write_text('{"x": "{ nothing }"}', encoding="utf-8")
    trusted = {
        "GATEWAY_TRUSTED_DOCUMENTS": "log",
        "GATEWAY_TRUSTED_DOCUMENTS_PATH": "manifest.json",
    }
    free_ports = {"PORT": "0", "GATEWAY_SANDBOX_REST_PORT": "0"}
    result = run(command, **{**SERVE, **trusted, **free_ports})
    assert (result.exit_code, result.stdout) == (2, "")
    assert lines(result) == [
        "Invalid configuration:",
        "GATEWAY_TRUSTED_DOCUMENTS_PATH: x: Cannot query field 'nothing' on type 'Query'.",
    ]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"GATEWAY_API_KEY": "hunter2"}, "must be set together"),
        ({"GATEWAY_TOKEN": "hunter2"}, "must be set together"),
        (
            {"GATEWAY_API_KEY": "a", "GATEWAY_TOKEN": "b", "GATEWAY_BEARER_TOKEN": "hunter2"},
            "cannot be combined with",
        ),
        ({"GATEWAY_DEFAULT_PAGE_SIZE": "101"}, "must not exceed GATEWAY_MAX_PAGE_SIZE"),
        ({"GATEWAY_FORWARD_HEADERS": "X-Tenant, Cookie"}, "Cookie cannot be forwarded"),
        ({"GATEWAY_UPSTREAM_URL": "https://a:hunter2@b.example"}, "must be an origin"),
        ({"GATEWAY_BEARER_TOKEN": "hunter2\nX-Evil: 1"}, "must be printable ASCII"),
        ({"GATEWAY_API_KEY": "hunter2", "GATEWAY_TOKEN": "hünter2"}, "must be printable ASCII"),
    ],
    ids=str,
)
def test_settings_that_do_not_go_together_are_refused_without_secrets(run, environment, words):
    result = run("serve", **(SERVE | environment))
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "hunter2" not in result.stderr


OWN = [
    {"GATEWAY_API_KEY": "hunter2", "GATEWAY_TOKEN": "hunter2"},
    {"GATEWAY_BEARER_TOKEN": "hunter2"},
]


@pytest.mark.parametrize("own", OWN, ids=["keys", "bearer"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
def test_service_credentials_are_not_served_to_everybody(run, own, host):
    result = run("serve", **SERVE, **own, HOST=host)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "GATEWAY_CALLER_KEYS_FILE" in result.stderr
    assert "GATEWAY_ALLOW_ANONYMOUS=true" in result.stderr
    assert "hunter2" not in result.stderr


def test_open_service_credentials_are_reported_with_all_problems(run):
    bearer = {"GATEWAY_BEARER_TOKEN": "hunter2", "HOST": "0.0.0.0"}
    result = run("serve", **SERVE, **bearer, GATEWAY_MAX_COST="much")
    assert [line.split()[0] for line in lines(result)[1:]] == ["HOST:", "GATEWAY_MAX_COST:"]


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_caller_keys_without_service_credentials_stop_the_start(run, tmp_path, host):
    (tmp_path / "keys").write_text(f"web:{'ab' * 32}", encoding="utf-8")
    result = run("serve", **SERVE, HOST=host, GATEWAY_CALLER_KEYS_FILE="keys")
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = lines(result)[1:]
    assert line == (
        "GATEWAY_CALLER_KEYS_FILE: needs service credentials, which the keys give access to: set "
        "GATEWAY_API_KEY and GATEWAY_TOKEN, or GATEWAY_BEARER_TOKEN"
    )


def test_caller_keys_with_half_of_the_credentials_are_one_problem(run, tmp_path):
    (tmp_path / "keys").write_text(f"web:{'ab' * 32}", encoding="utf-8")
    result = run("serve", **SERVE, GATEWAY_TOKEN="t", GATEWAY_CALLER_KEYS_FILE="keys")
    assert lines(result)[1:] == ["GATEWAY_API_KEY and GATEWAY_TOKEN must be set together"]


TAKEN = "cannot be used"
"""What is said where all settings are in order, and only the port is not."""


@pytest.mark.parametrize(
    ("host", "more"),
    [
        ("127.0.0.1", {}),
        ("127.9.9.9", {}),
        ("::1", {}),
        ("localhost", {}),
        ("0.0.0.0", {"GATEWAY_ALLOW_ANONYMOUS": "true"}),
        ("0.0.0.0", {"GATEWAY_CALLER_KEYS_FILE": "keys"}),
    ],
)
def test_service_credentials_are_served_where_somebody_decides_to_whom(
    run, tmp_path, log, host, more
):
    (tmp_path / "keys").write_text(f"web:{'ab' * 32}", encoding="utf-8")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        port = str(taken.getsockname()[1])
        result = run("serve", **SERVE, **OWN[0], **more, HOST=host, PORT=port)
    assert (result.exit_code, result.stdout) == (2, "")
    assert TAKEN in result.stderr
    assert ("anonymous_callers" in log()) is ("GATEWAY_ALLOW_ANONYMOUS" in more)


def test_without_service_credentials_every_address_is_served(run):
    with socket.create_server(("0.0.0.0", 0)) as taken:
        result = run("serve", **SERVE, HOST="0.0.0.0", PORT=str(taken.getsockname()[1]))
    assert TAKEN in result.stderr


def test_a_key_and_its_line_are_made(run, tmp_path):
    result = run("caller-key", "web")
    header, line = result.stdout.splitlines()
    key = header.removeprefix("X-Gateway-Key: ")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(key) >= 32
    assert line == f"web:{hashlib.sha256(key.encode()).hexdigest()}"
    assert run("caller-key", "web").stdout != result.stdout


@pytest.mark.parametrize("name", ["", "a b", "a:b", "é", "x" * 65])
def test_a_name_that_no_line_can_hold_gets_no_key(run, name):
    result = run("caller-key", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "NAME" in result.stderr


def test_the_help_of_serve_lists_every_setting_with_its_default(run):
    result = run("serve", "--help")
    assert result.exit_code == 0
    shown = {line.strip() for line in result.stdout.splitlines()}
    for name, field in Settings.model_fields.items():
        heads = {line for line in shown if line.startswith(f"{env_name(name)} (")}
        assert len(heads) == 1, name
        assert field.description in shown


def test_settings_are_written_as_in_the_help_of_serve(run):
    result = run("settings")
    assert (result.exit_code, result.stderr) == (0, "")
    written = [line.strip() for line in result.stdout.splitlines()]
    shown = [line.strip() for line in run("serve", "--help").stdout.splitlines()]
    assert written == shown[shown.index(written[0]) :]


@pytest.mark.parametrize(
    "line",
    [
        "HOST (127.0.0.1)",
        "PORT (8000)",
        "GATEWAY_UPSTREAM_URL (required)",
        "GATEWAY_TOKEN (unset)",
        "GATEWAY_CORS_ORIGINS (unset)",
        "GATEWAY_GRAPHIQL (true)",
        "GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS (10.0)",
    ],
)
def test_the_help_of_serve_shows_defaults_as_they_are_written(run, line):
    assert f"    {line}" in run("serve", "--help").stdout.splitlines()


def test_error_codes_are_written_with_their_status(run):
    lines = run("errors").stdout.splitlines()
    assert lines[:2] == [f"BAD_REQUEST ({BadRequest.status})", f"    {BadRequest.when}"]
    assert "OVERLOADED (503 with `Retry-After`)" in lines


def test_commands_are_written_with_their_arguments(run):
    lines = run("commands").stdout.splitlines()
    usage = lines.index("gateway cost [OPTIONS] FILE")
    assert lines[usage + 1].startswith("    Measure the operation in FILE")
    assert not any(line.startswith("gateway work ") for line in lines)


def test_the_help_names_the_commands(run):
    commands = run("--help").stdout.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in commands if line] == [
        "caller-key",
        "commands",
        "compile",
        "cost",
        "errors",
        "probe",
        "sandbox",
        "schema",
        "serve",
        "settings",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["server"],
        ["serve", "--port", "1"],
        ["sandbox", "--port", "many"],
        ["sandbox", "--activities", "-1"],
        ["sandbox", "--activities", "100001"],
        ["sandbox", "--activity-every", "0"],
        ["sandbox", "--rate-limit", "0"],
        ["sandbox", "--replay", ".", "--etag"],
        ["sandbox", "--fixtures", "none-such.json"],
        ["schema"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_usage_has_a_status_of_its_own(run, arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: " in result.stderr


def test_wrong_fixtures_are_reported_by_their_path(run, tmp_path):
    (tmp_path / "world.json").write_text('{"clients": {"7": {"activities": [{"id": 1}]}}}')
    result = run("sandbox", "--fixtures", "world.json")
    assert result.exit_code == 2
    assert "--fixtures: world.json, $.clients.7.activities[0]: " in result.stderr


def test_options_without_effect_are_refused(run, tmp_path):
    (tmp_path / "world.json").write_text("{}")
    result = run("sandbox", "--fixtures", "world.json", "--seed", "1")
    assert result.exit_code == 2
    assert "--seed has no effect with --fixtures." in result.stderr


def test_the_version_is_told(run):
    result = run("--version")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.split()[-1] == __version__


@pytest.mark.slow
def test_python_m_gateway_is_the_command():
    done = python("-m", "gateway", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[-1] == __version__


@pytest.mark.slow
def test_python_m_gateway_ends_with_the_status_of_the_command():
    done = python("-m", "gateway", "serve", GATEWAY_UPSTREAM_ULR="http://upstream")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "Invalid configuration:",
        "GATEWAY_UPSTREAM_ULR is not a setting; did you mean GATEWAY_UPSTREAM_URL?",
        "GATEWAY_UPSTREAM_URL: is required",
    ]
