"""The command line, and its commands that serve. Results go to stdout, everything else to stderr."""

import hashlib
import os
import secrets
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path

import click

from gateway import __version__
from gateway.cli import exit_statuses
from gateway.cli.commands import print_commands
from gateway.cli.error_codes import print_error_codes
from gateway.cli.ports import Port, admin_ports, bind_all, bound_url
from gateway.cli.probe.command import probe
from gateway.cli.query import compile_operation, cost
from gateway.cli.sandbox_options import refuse_wrong_options
from gateway.cli.schema import schema
from gateway.cli.settings import exit_on_configuration_error, print_settings, settings_help
from gateway.cli.welcome import welcome
from gateway.config import paths
from gateway.config.caller_keys import CALLER_KEY_LINE
from gateway.config.serve_settings import ServeSettings
from gateway.config.settings import Settings, env_name
from gateway.observability import logging
from gateway.observability.metrics import SharedMetrics, join_shared_metrics, share_metrics
from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fault_injection.protocol import SandboxProtocol
from gateway.server.admin import admin_service
from gateway.server.lifecycle import (
    GracefulShutdown,
    bind_listening_socket,
    build_server,
    gateway_server,
    reserve_port,
    run,
)
from gateway.server.workers import supervise
from gateway.web.health import UnreadyReason, create_admin_app

_KEY_BYTES = 32
_LOOPBACK_ORIGINS = ("http://localhost:*", "http://127.0.0.1:*")


class _Commands(click.Group):
    """The commands. After Ctrl-C they exit quietly, where Click would print a line and exit with 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(exit_statuses.INTERRUPTED)


@click.group(cls=_Commands)
@click.version_option(__version__)
def main() -> None:
    """A GraphQL gateway over the Client Activities REST API."""
    _reserve_standard_descriptors()


def _reserve_standard_descriptors() -> None:
    """Open the null device for each closed standard descriptor: a socket could get its number, and the log.

    Writing to such a descriptor fails as before.
    """
    for descriptor in range(logging.STANDARD_ERROR + 1):
        try:
            os.fstat(descriptor)
        except OSError:
            placeholder = os.open(os.devnull, os.O_RDONLY)
            os.set_inheritable(placeholder, True)  # or workers had it closed again


@main.command(epilog=settings_help())
def serve() -> None:
    """Serve /graphql over the REST API at GATEWAY_UPSTREAM_URL.

    Also served are /schema.graphql, /livez, /readyz and /metrics, and GraphiQL's files at /explorer/.
    The page at / links to them.
    """
    with exit_on_configuration_error():
        settings = ServeSettings.from_environment()
        logging.configure(settings.log_level, settings.log_format)
        if settings.allow_anonymous and settings.has_service_credentials:
            logging.log_warning("anonymous_callers")
        if settings.workers > 1:
            sys.exit(_serve_with_workers(settings))
        shutdown = gateway_server(settings)
        bound, *admin_sockets = bind_all(
            [Port(settings.host, settings.port), *admin_ports(settings)]
        )
        fields = _startup_log_fields(settings, bound, *admin_sockets)
        logging.log_info("started", **fields)
    run(shutdown, [bound], beside=_admin_service(shutdown, *admin_sockets))


def _startup_log_fields(
    settings: Settings, bound: socket.socket, admin_socket: socket.socket | None = None
) -> dict[str, object]:
    """The fields of the log event at the start: never the user or the password of a proxy."""
    fields: dict[str, object] = {"url": bound_url(settings.host, bound, paths.GRAPHQL)}
    if settings.admin_address is not None and admin_socket is not None:
        fields["admin_url"] = bound_url(settings.admin_address.host, admin_socket)
    if settings.proxy is not None:
        fields["proxy"] = settings.proxy.authority
    return fields


def _admin_service(
    shutdown: GracefulShutdown, admin_socket: socket.socket | None = None
) -> AbstractAsyncContextManager[None] | None:
    """The service of the admin address in the process of the gateway, if there is such an address."""
    if shutdown.admin_app is None or admin_socket is None:
        return None
    return admin_service(shutdown.admin_app, admin_socket)


def _serve_with_workers(settings: Settings) -> int:
    with ExitStack() as stack:
        bound = stack.enter_context(reserve_port(settings.host, settings.port))
        admin_sockets = [stack.enter_context(each) for each in bind_all(admin_ports(settings))]
        metrics = stack.enter_context(share_metrics())
        fields = _startup_log_fields(settings, bound, *admin_sockets)
        logging.log_info("started", **fields, workers=settings.workers)
        if metrics.folder is None:
            logging.log_warning("metrics.not_shared")
        return supervise(
            settings.workers,
            stop_timeout_seconds=settings.drain_seconds + settings.shutdown_grace_seconds,
            reloads_files=settings.names_files,
            environment={"PORT": str(bound.getsockname()[1]), **metrics.environment},
            on_worker_exit=metrics.mark_worker_dead,
            beside=_supervised_admin_service(metrics, *admin_sockets),
        )


def _supervised_admin_service(
    metrics: SharedMetrics, admin_socket: socket.socket | None = None
) -> Callable[[UnreadyReason], AbstractAsyncContextManager[None]] | None:
    """The service of the admin address in the supervisor of workers, if there is such an address."""
    if admin_socket is None:
        return None
    return lambda unready_reason: admin_service(
        create_admin_app(unready_reason, metrics.exposition), admin_socket
    )


@main.command(hidden=True)
@click.argument("control_fd", type=int)
def work(control_fd: int) -> None:
    """Serve as one of several workers: the command of the processes that `serve` starts."""
    with join_shared_metrics():
        with exit_on_configuration_error():
            settings = Settings.from_environment()
            logging.configure(settings.log_level, settings.log_format)
            shutdown = gateway_server(settings)
            sockets = [bind_listening_socket(settings.host, settings.port, reuse_port=True)]
        with socket.socket(fileno=control_fd) as control_socket:
            run(shutdown, sockets, control_socket)


@main.command()
@click.option("--rest-only", is_flag=True, help="Serve the emulated REST API only.")
@click.option(
    "--port", type=int, help="The port, else PORT, or 8000; with --rest-only, of the REST API."
)
@click.option(
    "--rest-port",
    type=int,
    help="The port of the REST API, else GATEWAY_SANDBOX_REST_PORT, or 8001.",
)
@click.option(
    "--activities", type=click.IntRange(0, 100_000), help="Add client 5000 with N activities."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The seed of the generated data."
)
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve what `gateway probe --record` wrote into this folder, in place of the generated data.",
)
@click.option(
    "--fixtures",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Serve the clients and resources in this file, in place of the generated data.",
    metavar="FILE",
)
@click.option(
    "--activity-every",
    type=click.FloatRange(min=0.1),
    help="Add client 6000, and an activity to it every so many seconds.",
    metavar="SECONDS",
)
@click.option("--etag", is_flag=True, help="Answer with ETag, and 304 to If-None-Match.")
@click.option(
    "--rate-limit",
    type=click.IntRange(min=1),
    help="Answer 429 from request N + 1 of an account in a second.",
    metavar="N",
)
def sandbox(  # noqa: PLR0913 - one parameter per option
    *,
    rest_only: bool,
    port: int | None,
    rest_port: int | None,
    activities: int | None,
    seed: int,
    replay: Path | None,
    fixtures: Path | None,
    activity_every: float | None,
    etag: bool,
    rate_limit: int | None,
) -> None:
    """Serve /graphql over an emulated REST API: no credentials, no network."""
    with exit_on_configuration_error():
        settings = _read_sandbox_settings(port, rest_port)
    logging.configure(settings.log_level, settings.log_format)
    host = settings.host if rest_only else "127.0.0.1"
    rest_port = port if rest_only and port is not None else settings.sandbox_rest_port
    with refuse_wrong_options(click.get_current_context()):
        sandbox_app = create_sandbox(
            seed=seed,
            activities=activities,
            replay=replay,
            fixtures=fixtures,
            etag=etag,
            rate_limit=rate_limit,
            activity_every_seconds=activity_every,
        )
    has_sample_data = replay is None and fixtures is None
    shutdown = GracefulShutdown(
        [build_server(sandbox_app, host, rest_port, protocol_class=SandboxProtocol)]
    )
    rest_option = "--port" if rest_only else "--rest-port"
    ports = [Port(host, rest_port, f"{env_name('sandbox_rest_port')} or {rest_option}")]
    if not rest_only:
        ports += [
            Port(settings.host, settings.port, "PORT or --port"),
            *admin_ports(settings),
        ]
    with ExitStack() as stack:
        with exit_on_configuration_error():
            sockets = [stack.enter_context(each) for each in bind_all(ports)]
            rest_url = bound_url(host, sockets[0])
            if not rest_only:
                settings = settings.model_copy(update={"upstream_url": rest_url})
                shutdown = gateway_server(
                    settings,
                    sandbox_server=shutdown.servers[0],
                    has_sample_data=has_sample_data,
                )
        if rest_only:
            logging.log_info("started", url=rest_url)
        else:
            fields = _startup_log_fields(settings, *sockets[1:])
            logging.log_info("started", **fields)
            logging.write_text(welcome(fields["url"], rest_url, has_sample_data=has_sample_data))
        server_count = len(shutdown.servers)
        beside = _admin_service(shutdown, *sockets[server_count:])
        run(shutdown, sockets[:server_count], beside=beside)


def _read_sandbox_settings(port: int | None, rest_port: int | None) -> Settings:
    """The settings of the gateway over the sandbox, with the ports of the options, where they are given."""
    overrides: dict[str, object] = {"upstream_url": "http://127.0.0.1", "explain": True}
    if port is not None:
        overrides["port"] = port
    if rest_port is not None:
        overrides["sandbox_rest_port"] = rest_port
    settings = Settings.from_environment(**overrides, **_sandbox_settings())
    if "cors_origins" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"cors_origins": _LOOPBACK_ORIGINS})


def _sandbox_settings() -> dict[str, object]:
    """The sandbox's paths, and credentials for callers that send none; never those for the real API."""
    model_fields = Settings.model_fields
    path_settings = [
        "appointments_path",
        "clients_path",
        *(name for name in model_fields if name.endswith("_prefix")),
    ]
    paths = {name: model_fields[name].default for name in path_settings}
    credentials = {"api_key": "sandbox-key-1", "token": "sandbox-token-1", "bearer_token": None}
    return {**paths, **credentials}


@main.command()
@click.argument("name")
def caller_key(name: str) -> None:
    """Generate a key for the caller NAME, and its line for GATEWAY_CALLER_KEYS_FILE."""
    key = secrets.token_urlsafe(_KEY_BYTES)
    line = f"{name}:{hashlib.sha256(key.encode()).hexdigest()}"
    if not CALLER_KEY_LINE.fullmatch(line):
        raise click.BadParameter(
            "1 to 64 letters, digits, dots, hyphens or underscores", param_hint="NAME"
        )
    click.echo(f"X-Gateway-Key: {key}\n{line}")


for command in (
    compile_operation,
    cost,
    schema,
    print_settings,
    print_error_codes,
    print_commands,
    probe,
):
    main.add_command(command)
