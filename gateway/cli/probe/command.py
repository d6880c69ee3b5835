"""The command `gateway probe`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from gateway.cli import exit_statuses
from gateway.cli.probe.assumptions import Findings
from gateway.cli.probe.observations import observe_headers
from gateway.cli.probe.probe_client import MAX_REQUESTS, ProbeClient, ProbeRequest, RequestsStopped
from gateway.cli.probe.recording import FolderNotEmpty, prepare_folder, write_recording
from gateway.cli.probe.report import Report, build_report
from gateway.cli.probe.resource_checks import ResourceChecks
from gateway.cli.probe.shapes import shape
from gateway.cli.probe.survey import ActivitySurvey
from gateway.cli.probe.timeline_checks import NoTimeline, TimelineChecks
from gateway.cli.settings import exit_on_configuration_error
from gateway.config.settings import Settings
from gateway.upstream.credentials import CallerFactory
from gateway.upstream.http.exchange import ExchangeClient, connect
from gateway.upstream.records import links


@click.command(
    epilog=f"Exit status 1 means that an assumption differs, 2 that nothing could be asked. At most "
    f"{MAX_REQUESTS} requests are made, 4 a second."
)
@click.option(
    "--client", "clients", multiple=True, required=True, help="The id of a client; repeatable."
)
@click.option("--appointment", help="The id of an appointment of the first client.")
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
@click.option(
    "--no-bad-credentials", is_flag=True, help="Do not ask once with made-up credentials."
)
@click.option(
    "--show-words",
    is_flag=True,
    help="Write keys and words that are not documented as they were sent, not their shapes.",
)
@click.option(
    "--record",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the responses into this folder, with made-up values, for `gateway sandbox --replay`.",
)
def probe(
    clients: tuple[str, ...],
    appointment: str | None,
    *,
    as_json: bool,
    no_bad_credentials: bool,
    show_words: bool,
    folder: Path | None,
) -> None:
    """Ask the REST API whether the gateway's assumptions about it hold, with GET requests only.

    The credentials are those of the settings. The report has names of documented fields and words, types,
    lengths and counts, and no value that the REST API sent.
    """
    if appointment is not None and not links.is_id(appointment):
        raise click.BadParameter("not an id", param_hint="--appointment")
    with exit_on_configuration_error():
        settings = Settings.from_environment()
    if folder is not None:
        _prepare_or_exit(folder)
    try:
        result = asyncio.run(
            _probe(settings, clients, appointment, not no_bad_credentials, show_words)
        )
    except NoTimeline as nothing:
        click.echo(f"Nothing could be asked. {nothing}", err=True)
        sys.exit(exit_statuses.USAGE)
    if folder is not None:
        _record(folder, result.requests, clients, settings)
    report = result.report
    click.echo(report.to_json() if as_json else report.to_text())
    sys.exit(exit_statuses.FAILURE if report.has_differences else 0)


def _prepare_or_exit(folder: Path) -> None:
    try:
        prepare_folder(folder)
    except (FolderNotEmpty, OSError) as error:
        reason = "there are files in it" if isinstance(error, FolderNotEmpty) else error.strerror
        raise click.BadParameter(f"{folder}: {reason}", param_hint="--record") from error


def _record(
    folder: Path, requests: Sequence[ProbeRequest], clients: tuple[str, ...], settings: Settings
) -> None:
    host = urlsplit(settings.upstream_url).netloc
    recorded_ids = write_recording(folder, requests, clients, host, SystemRandom())
    options = " ".join(f"--client {each}" for each in recorded_ids)
    click.echo(
        f"Recorded. `gateway sandbox --replay {folder}` serves it; probe it with {options}.",
        err=True,
    )


class ProbeResult(NamedTuple):
    """The report of a probe, and the requests behind it."""

    report: Report
    requests: Sequence[ProbeRequest]


async def _probe(
    settings: Settings,
    clients: tuple[str, ...],
    appointment: str | None,
    asks_with_bad_credentials: bool,
    show_words: bool,
) -> ProbeResult:
    async with connect(settings) as client:
        return await run_probe(
            settings,
            client,
            clients,
            appointment,
            asks_with_bad_credentials=asks_with_bad_credentials,
            show_words=show_words,
        )


async def run_probe(  # noqa: PLR0913 - one parameter per option
    settings: Settings,
    client: ExchangeClient,
    clients: tuple[str, ...],
    appointment: str | None = None,
    *,
    asks_with_bad_credentials: bool = True,
    show_words: bool = False,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ProbeResult:
    """Check all assumptions, and build the report.

    Raises:
        NoTimeline: No client has a timeline.
    """
    credentials = CallerFactory(settings).from_headers(()).headers
    if not credentials:
        raise NoTimeline("The settings have no credentials.")
    probe_client = ProbeClient(
        client,
        credentials,
        pause=pause,
        report_progress=lambda line: click.echo(line, err=True),
    )
    findings = Findings()
    survey = ActivitySurvey(str if show_words else shape)
    timeline_checks = TimelineChecks(settings, probe_client, findings, survey)
    resource_checks = ResourceChecks(settings, probe_client, findings)
    timelines = await timeline_checks.read_timelines(clients)
    records = [record for _, timeline in timelines for record in timeline.records]
    client_id, timeline = timelines[0]
    if appointment is None:
        client_id, timeline = max(timelines, key=lambda each: len(each[1].items))
    try:
        await timeline_checks.check(client_id, timeline, appointment)
        await resource_checks.check(client_id, timeline.records)
        if asks_with_bad_credentials:
            await timeline_checks.check_bad_credentials(client_id)
        else:
            findings.miss("bad-credentials", "It was not asked: --no-bad-credentials.")
    except RequestsStopped as stopped:
        findings.miss_all(str(stopped))
    observe_headers([each.exchange for each in probe_client.requests], findings)
    host = urlsplit(settings.upstream_url).netloc
    report = build_report(findings.in_order(), probe_client.requests, survey, records, host)
    return ProbeResult(report, probe_client.requests)
