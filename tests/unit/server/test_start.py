"""How a start fails, and what it says first: each by a process of its own."""

import json
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from tests.support import plain_http
from tests.support.processes import PATIENCE_SECONDS, inherited, running, until

pytestmark = pytest.mark.socket


def refused(command: str, **environment: str) -> str:
    """What is written by a start that does not succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", command],
        env={**inherited(), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


@pytest.mark.parametrize(
    ("variable", "option"), [("PORT", "--port"), ("GATEWAY_SANDBOX_REST_PORT", "--rest-port")]
)
def test_the_sandbox_takes_its_ports_from_the_environment_and_names_a_taken_one(variable, option):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        ports = {"PORT": "0", "GATEWAY_SANDBOX_REST_PORT": "0", variable: port}
        told = refused("sandbox", **ports)
    assert told == (
        f"Port {port} of 127.0.0.1 cannot be used: Address already in use: "
        f"set {variable} or {option} to another.\n"
    )


def test_the_sandbox_names_both_of_its_ports_where_both_are_taken():
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as rest,
        closing(socket.create_server(("127.0.0.1", 0))) as graphql,
    ):
        rest_port, port = (str(each.getsockname()[1]) for each in (rest, graphql))
        told = refused("sandbox", PORT=port, GATEWAY_SANDBOX_REST_PORT=rest_port)
    assert [line.split()[1] for line in told.splitlines()] == [rest_port, port]
    assert "set GATEWAY_SANDBOX_REST_PORT or --rest-port" in told
    assert "set PORT or --port" in told


def test_an_address_of_another_machine_is_told_by_its_variable():
    told = refused("serve", HOST="192.0.2.1", PORT="0", GATEWAY_UPSTREAM_URL="http://127.0.0.1:9")
    assert told.endswith(": see HOST.\n")


def test_an_empty_secret_file_is_told_by_its_variable(tmp_path):
    (tmp_path / "token").write_text("\n", encoding="utf-8")
    told = refused(
        "serve",
        GATEWAY_UPSTREAM_URL="http://127.0.0.1:9",
        GATEWAY_BEARER_TOKEN_FILE=str(tmp_path / "token"),
    )
    assert "GATEWAY_BEARER_TOKEN_FILE: the named file is empty" in told


def test_the_first_line_is_an_event_with_an_address_that_can_be_opened():
    with closing(socket.create_server(("::1", 0), family=socket.AF_INET6)) as free:
        port = str(free.getsockname()[1])
    url = f"http://[::1]:{port}"
    environment = {"HOST": "::1", "PORT": port, "WEB_CONCURRENCY": "", "LOG_LEVEL": "INFO"}
    upstream = {"GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9"}
    links = {"GATEWAY_API_SERVICE_HOST": "10.0.0.7", "GATEWAY_API_PORT": "tcp://10.0.0.7:80"}
    with running("serve", ready=f"{url}/livez", **environment, **upstream, **links) as gateway:
        until(lambda: len(gateway.stderr) > 0)
        first = json.loads(gateway.stderr[0])
    assert (first["event"], first["url"]) == ("started", f"{url}/graphql")
    assert (first["service"], first["level"]) == ("gateway", "info")


def test_the_port_that_is_announced_is_the_one_that_was_bound():
    environment = {"PORT": "0", "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9"}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve"],
        env={**inherited(), **environment},
        stderr=subprocess.PIPE,
        text=True,
    ) as gateway:
        assert gateway.stderr is not None
        url = json.loads(gateway.stderr.readline())["url"]
        assert plain_http.get(url.replace("/graphql", "/livez")).status_code == 200
        gateway.terminate()
        assert gateway.wait(20) == 0


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (
            ["--port", "0", "--rest-port", "0"],
            "?query={activities(clientId:1100){totalCount}}",
        ),
        (["--rest-only", "--port", "0"], "/api/2.3/activities?clientId=1001"),
    ],
)
def test_the_ports_that_the_sandbox_announces_are_those_that_were_bound(arguments, path):
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "sandbox", *arguments],
        env=inherited(),
        stderr=subprocess.PIPE,
        text=True,
    ) as sandbox:
        assert sandbox.stderr is not None
        url = json.loads(sandbox.stderr.readline())["url"]
        credentials = {"apiKey": "sandbox-key-1", "token": "sandbox-token-1"}
        try:
            answer = plain_http.get(f"{url}{path}", headers=credentials)
        finally:
            sandbox.terminate()
        _, rest_of_log = sandbox.communicate(timeout=PATIENCE_SECONDS)
    assert (answer.status_code, "errors" in answer.json()) == (200, False)
    assert ":0/" not in rest_of_log
