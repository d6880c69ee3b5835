"""The command line. Results on stdout, everything else on stderr; only this file and its commands may print."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway import __version__, schema as gateway_schema, telemetry
from gateway.errors import OperationError
from gateway.operations.limits import Limits, compared
from gateway.operations.plan.plan import planner
from gateway.operations.prepare import Prepare, Prepared, preparer
from gateway.sandbox.app import create_sandbox
from gateway.sandbox.wire import SandboxProtocol
from gateway.schema.fields import fields
from gateway.schema.limits import limits
from gateway.schema_commands import schema
from gateway.settings import Settings, SettingsRefused, variable
from gateway.web.app import create_app
from gateway.web.protocol import within

_WELCOME = """\
GraphQL over the bundled sandbox: {graphql}
Open it in a browser for GraphiQL. Three queries worth trying:

{queries}
From a shell:
  curl -sG {graphql} --data-urlencode 'query={{ activities(clientId: "1100") {{ totalCount }} }}'

The emulated REST API behind it: {rest}
  curl -s '{rest}/api/2.3/activities?clientId=1001' -H 'apiKey: sandbox-key-1' -H 'token: sandbox-token-1'

For the real API: GATEWAY_UPSTREAM_URL=https://api.agendize.com gateway serve
Callers then send their own apiKey and token headers, or Authorization.
"""

_QUERIES = """\
  # how appointments changed, newest first
  {
    activities(clientId: "1100", kinds: [APPOINTMENT], sort: DESC, first: 5) {
      totalCount
      nodes {
        event
        date { instant }
        changes { field }
        ... on AppointmentActivity {
          appointment { status start { dateTime timeZone } staff { firstName lastName } service { name } }
        }
      }
    }
  }

  # what lies behind an activity: the appointment as it is today, and who it is with
  {
    activities(clientId: "1100", kinds: [APPOINTMENT, FORM_RESULT], first: 5) {
      nodes {
        date { dateTime }
        ... on AppointmentActivity {
          appointment { staff { lastName email } current { status start { instant } company { name } } }
        }
        ... on FormResultActivity { formResult { form { title } answers { path title value values } } }
      }
    }
  }

  # several clients at once
  { clients(ids: ["1001", "1020"]) { id activities(first: 3) { totalCount nodes { kind event } } } }
"""

_PROBLEMS = 1
_USAGE = 2


@click.group()
@click.version_option(__version__)
def main() -> None:
    """A GraphQL gateway over the Client Activities REST API."""


@contextmanager
def _refusals() -> Iterator[None]:
    """Configuration that does not fit ends the command, with every problem named."""
    try:
        yield
    except SettingsRefused as error:
        click.echo(f"The configuration does not fit:\n{error}", err=True)
        sys.exit(_USAGE)


def _settings_table() -> str:
    rows = ["\b", "Settings, from the environment:"]
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else field.default
        rows += [f"  {variable(name)} ({_shown(default)})", f"      {field.description}"]
    return "\n".join(rows)


def _shown(default: object) -> str:
    match default:
        case None | ():
            return "unset"
        case bool():
            return str(default).lower()
    return str(default)


@main.command(epilog=_settings_table())
def serve() -> None:
    """Serve /graphql over the REST API at GATEWAY_UPSTREAM_URL."""
    with _refusals():
        settings = Settings.from_environment()
        telemetry.configure(settings.log_level)
        server = _gateway(settings)
    _serve(server, announcement=f"http://{settings.host}:{settings.port}/graphql")


@main.command()
@click.option("--rest-only", is_flag=True, help="The emulated REST API alone.")
@click.option("--port", type=int, help="The port; 8000 (GraphQL), or 8001 with --rest-only.")
@click.option("--rest-port", type=int, default=8001, show_default=True, help="The REST API's port.")
@click.option("--activities", type=click.IntRange(0, 100_000), help="Adds client 5000 with N.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which made-up world.")
def sandbox(
    *, rest_only: bool, port: int | None, rest_port: int, activities: int | None, seed: int
) -> None:
    """Serve /graphql over a made-up REST API: no credentials, no network."""
    rest_port = port if rest_only and port is not None else rest_port
    given: dict[str, object] = {"upstream_url": f"http://127.0.0.1:{rest_port}", "explain": True}
    if port is not None:
        given["port"] = port
    with _refusals():
        settings = Settings.from_environment(**given, **_of_the_sandbox())
    telemetry.configure(settings.log_level)
    host = settings.host if rest_only else "127.0.0.1"
    emulated = create_sandbox(seed=seed, activities=activities)
    rest = _server(emulated, host, rest_port, protocol=SandboxProtocol)
    if rest_only:
        _serve(rest, announcement=f"The emulated REST API: http://{host}:{rest_port}")
        return
    welcome = _WELCOME.format(
        graphql=f"http://{settings.host}:{settings.port}/graphql",
        queries=_QUERIES,
        rest=f"http://{host}:{rest_port}",
    )
    with _refusals():
        gateway = _gateway(settings)
    _serve(rest, gateway, announcement=welcome)


def _of_the_sandbox() -> dict[str, object]:
    """Its paths, and credentials for callers that send none; never what is meant for the real API."""
    fields = Settings.model_fields
    places = ["clients_path", *(name for name in fields if name.endswith("_prefix"))]
    paths = {name: fields[name].default for name in places}
    credentials = {"api_key": "sandbox-key-1", "token": "sandbox-token-1", "bearer_token": None}
    return {**paths, **credentials}


class _Server(uvicorn.Server):
    """A server among others: signals are the command's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone. uvicorn's own would raise each again when done, and so end the process."""
        yield


def _gateway(settings: Settings) -> _Server:
    protocol = within(settings.request_timeout_seconds)
    return _server(create_app(settings), settings.host, settings.port, protocol=protocol)


def _server(app: ASGIApp, host: str, port: int, *, protocol: type[HttpToolsProtocol]) -> _Server:
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol,
        log_level="warning",
        log_config=None,  # what it says goes where all libraries' words go: see telemetry
        access_log=False,
        server_header=False,
    )
    return _Server(config)


def _bound(server: _Server) -> socket.socket:
    host, port = server.config.host, server.config.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=server.config.backlog)
    except OSError as error:
        click.echo(f"Port {port} of {host} cannot be used: {error.strerror}.", err=True)
        sys.exit(_USAGE)


def _serve(*servers: _Server, announcement: str) -> None:
    """Until SIGTERM or SIGINT; then answers what was asked before, and returns."""

    def stop(number: int, frame: FrameType | None) -> None:
        for server in servers:
            server.handle_exit(number, frame)

    sockets = [_bound(server) for server in servers]  # all of the ports, or none
    click.echo(announcement, err=True)

    # What is there by now stays: the collector need not look at it again, and the rest is short-lived.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

    async def serve_all() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        async with asyncio.TaskGroup() as group:
            for server, bound in zip(servers, sockets, strict=True):
                group.create_task(server.serve([bound]))

    with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
        runner.run(serve_all())


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--operation", help="Which operation of FILE, where it has several.")
def plan(file: Path, operation: str | None) -> None:
    """Write the Python source by which the operation in FILE is answered."""
    served = gateway_schema.schema()
    prepared = _prepared(preparer(served, planner=planner(served, fields(served))), file, operation)
    if prepared.plan is None:
        click.echo("There is no plan for this operation: graphql-core answers it.", err=True)
        sys.exit(_PROBLEMS)
    click.echo(prepared.plan.text, nl=False)


def _prepared(prepare: Prepare, file: Path, operation: str | None) -> Prepared:
    """An operation in a file; one that cannot be prepared ends the command."""
    try:
        return prepare(file.read_text(encoding="utf-8"), operation)
    except OperationError as error:
        click.echo("\n".join(str(problem["message"]) for problem in error.problems), err=True)
        sys.exit(_PROBLEMS)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--operation", help="Which operation of FILE, where it has several.")
@click.option("--variables", default="{}", help="Its variables, as a JSON object.")
def cost(file: Path, operation: str | None, variables: str) -> None:
    """How large the operation in FILE is, beside what is allowed; exit status 1 where it is too large."""
    try:
        given = msgspec.json.decode(variables, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise click.BadParameter("not a JSON object", param_hint="--variables") from error
    served = gateway_schema.schema()
    with _refusals():
        allowed = limits(
            served, fields(served), Settings.from_environment(upstream_url="http://unused")
        )
    # Prepared whatever its size, so that all of it is told.
    prepared = _prepared(preparer(served, limits=Limits(weights=allowed.weights)), file, operation)
    measures = compared(prepared.size, allowed, given)
    for each in measures:
        click.echo(f"{each.limit}: {each.measured} of {each.allowed}")
    if any(each.is_beyond for each in measures):
        sys.exit(_PROBLEMS)


main.add_command(schema)
