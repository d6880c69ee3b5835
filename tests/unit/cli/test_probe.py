"""`gateway probe`: over the sandbox every assumption holds; each planted difference has exactly its line."""

import json
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.cli.probe.assumptions import ASSUMPTIONS, Verdict
from gateway.cli.probe.command import run_probe
from gateway.cli.probe.recording import prepare_folder, write_recording
from gateway.cli.probe.report import Report
from gateway.cli.probe.timeline_checks import NoTimeline
from gateway.sandbox.app import create_sandbox
from gateway.upstream.http.exchange import ExchangeClient
from gateway.upstream.http.failure_reason import FailureReason
from gateway.upstream.http.transport import CertificateVerificationFailed, ConnectFailed
from tests.support.clock import Clock
from tests.support.gateway import ACCOUNT_1, SANDBOX, Gateway, settings_of
from tests.support.processes import PATIENCE_SECONDS, free_ports, inherited, running

CLIENT = "1200"
TIMELINE = "/api/2.3/activities"

SANDBOX_APP = create_sandbox()

Alter = Callable[[httpx.Request, httpx.Response], httpx.Response]


class AlteredSandbox(httpx.AsyncBaseTransport):
    """The sandbox with one difference: `redirect` changes a request, `alter` its response."""

    def __init__(
        self,
        alter: Alter = lambda _, response: response,
        redirect: Callable[[httpx.Request], httpx.Request] = lambda request: request,
    ) -> None:
        self._alter = alter
        self._redirect = redirect
        self._sandbox = httpx.ASGITransport(SANDBOX_APP)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = await self._sandbox.handle_async_request(self._redirect(request))
        await response.aread()
        return self._alter(request, response)


async def record(folder: Path, transport: httpx.AsyncBaseTransport) -> tuple[Report, list[str]]:
    """The report of a probe that is recorded, and the made-up ids of its clients."""
    settings = settings_of(upstream_url=SANDBOX, **ACCOUNT_1)
    result = await run_probe(
        settings, ExchangeClient(settings, transport), (CLIENT, "1001"), pause=Clock().sleep
    )
    prepare_folder(folder)
    ids = write_recording(folder, result.requests, (CLIENT, "1001"), "sandbox", Random(1))
    return result.report, ids


async def probe_over(
    transport: httpx.AsyncBaseTransport, *clients: str, clock: Clock | None = None, **options: Any
) -> Report:
    settings = settings_of(**{"upstream_url": SANDBOX, **ACCOUNT_1, **options.pop("settings", {})})
    result = await run_probe(
        settings,
        ExchangeClient(settings, transport),
        clients or (CLIENT,),
        pause=(clock or Clock()).sleep,
        **options,
    )
    return result.report


def differences(report: Report) -> dict[str, str]:
    """The setting that answers each assumption that differs."""
    return {
        finding.name: finding.setting
        for finding in report.findings
        if finding.verdict is Verdict.DIFFERS
    }


async def test_every_assumption_holds_over_the_sandbox():
    report = await probe_over(AlteredSandbox())
    assert [each for each in report.findings if each.verdict is not Verdict.HOLDS] == []
    assert [finding.name for finding in report.findings] == list(ASSUMPTIONS)


def respond(status: int, content: Any = None, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=names, json=content)


def change_activities(change: Callable[[list[Any]], list[Any] | None]) -> Alter:
    """Change the activities of every timeline, in place or by a new list."""

    def alter(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != TIMELINE or response.status_code != 200:
            return response
        activities = response.json()["items"]
        changed = change(activities)
        return respond(200, {"items": activities if changed is None else changed})

    return alter


def change_each(kind: str, change: Callable[[Any], object]) -> Alter:
    """Change each activity of a kind."""

    def change_all(activities: list[Any]) -> None:
        for activity in activities:
            if activity["type"] == kind:
                change(activity[kind])

    return change_activities(change_all)


def answer_otherwise(
    parameter: str, value: str | None, answer: Callable[[list[Any]], Any]
) -> Alter:
    """Change the timelines that are requested with a parameter, and perhaps with this value of it."""

    def alter(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        sent = request.url.params.get(parameter)
        if request.url.path != TIMELINE or sent is None or (value is not None and sent != value):
            return response
        return respond(200, {"items": answer(response.json()["items"])})

    return alter


def refuse(path_end: str, status: int = 403) -> Alter:
    """Refuse requests for paths with this end, without digits."""

    def alter(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        path = "/".join(
            "0" if any(map(str.isdigit, part)) and "." not in part else part
            for part in request.url.path.split("/")
        )
        is_refused = path.endswith(path_end) and "/companies/0/" not in request.url.path
        return respond(status) if is_refused else response

    return alter


def move(old: str, new: str) -> AlteredSandbox:
    """The sandbox with paths that begin otherwise."""

    def redirect(request: httpx.Request) -> httpx.Request:
        path = request.url.raw_path.decode()
        path = path.replace(new, old, 1) if path.startswith(new) else "/nowhere"
        known = [prefix for prefix in MOVABLE if request.url.path.startswith(prefix)]
        if not request.url.path.startswith((old, new)) and known:
            return request
        url = request.url.copy_with(raw_path=path.encode())
        return httpx.Request("GET", url, headers=request.headers)

    return AlteredSandbox(redirect=redirect)


MOVABLE = ("/api/", "/conferences/")


def with_header(**headers: str) -> Alter:
    def alter(_: httpx.Request, response: httpx.Response) -> httpx.Response:
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    return alter


def shuffle() -> Alter:
    """Begin each response with another activity."""
    turns = count()

    def rotate(activities: list[Any]) -> list[Any]:
        turn = next(turns) % 2
        return activities[turn:] + activities[:turn]

    def alter(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.params.keys() != {"clientId"}:
            return response
        return change_activities(rotate)(request, response)

    return alter


def remove(*keys: str) -> Callable[[Any], object]:
    return lambda details: [details.pop(key, None) for key in keys]


def without_company(details: Any) -> None:
    details["selfLink"] = f"{SANDBOX}/api/2.1/appointments/{details['id']}"


def add_offset(activities: list[Any]) -> None:
    for activity in activities[:1]:
        activity["date"]["dateTime"] += "+00:00"
        activity["date"]["timeZone"] = "UTC"


def bare_list(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    return (
        respond(200, response.json()["items"])
        if request.url.path == TIMELINE and response.status_code == 200 and response.json()["items"]
        else response
    )


def only_first_type(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    first, comma, _ = request.url.params.get("type", "").partition(",")
    if not comma:
        return response
    return respond(
        200, {"items": [each for each in response.json()["items"] if each["type"] == first]}
    )


def all_types(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """One word selects two types."""
    sent = request.url.params.get("type", "")
    if not sent or "," in sent or sent == "probe":
        return response
    other = {
        "id": "1",
        "type": "note",
        "date": {"dateTime": "2026-03-01T09:00:00", "timeZone": "UTC"},
    }
    return respond(200, {"items": [*response.json()["items"], other]})


def empty_for_unknown(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    is_timeline = request.url.path == TIMELINE
    return respond(200, {"items": []}) if is_timeline and response.status_code == 404 else response


def welcome_everybody(_: httpx.Request, response: httpx.Response) -> httpx.Response:
    return respond(200, {"items": []}) if response.status_code == 401 else response


def add_company_zero(request: httpx.Request) -> httpx.Request:
    """A path without a company is one of all companies."""
    path = request.url.path.replace(
        "/api/2.3/scheduling/appointments", "/api/2.1/scheduling/companies/0/appointments"
    )
    return httpx.Request("GET", request.url.copy_with(path=path), headers=request.headers)


def refuse_company_zero(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    return respond(404) if "/companies/0/" in request.url.path else response


def no_messages(activities: list[Any]) -> list[Any]:
    return [each for each in activities if "Notification" not in each["type"]]


def wrong_appointments(activities: list[Any]) -> list[Any]:
    return [each for each in activities if each["type"] != "appointment"]


OTHERWISE: dict[str, tuple[AlteredSandbox, str, dict[str, Any]]] = {
    "list-envelope": (AlteredSandbox(bare_list), "list-envelope", {}),
    "a page": (
        AlteredSandbox(
            lambda request, response: (
                respond(200, {**response.json(), "next": "/page/2"})
                if request.url.path == TIMELINE and response.status_code == 200
                else response
            )
        ),
        "whole-list",
        {},
    ),
    "another order each time": (AlteredSandbox(shuffle()), "repeatable", {}),
    "an ETag": (AlteredSandbox(with_header(etag='"a"')), "validators", {}),
    "another compression": (
        AlteredSandbox(with_header(content_encoding="br")),
        "compression",
        {},
    ),
    "a rate limit": (AlteredSandbox(with_header(x_ratelimit_limit="100")), "rate-limits", {}),
    "a number in words": (
        AlteredSandbox(
            change_each("conferenceRegistration", lambda one: one.update(numberOfSeats="two"))
        ),
        "activity-values",
        {},
    ),
    "a further field": (
        AlteredSandbox(change_each("note", lambda note: note.update(colour="red"))),
        "activity-fields",
        {},
    ),
    "a further status": (
        AlteredSandbox(change_each("appointment", lambda one: one.update(status="onHold"))),
        "activity-words",
        {},
    ),
    "an offset": (AlteredSandbox(change_activities(add_offset)), "dates", {}),
    "no time zone": (
        AlteredSandbox(change_each("appointment", lambda one: one["start"].pop("timeZone"))),
        "time-zones",
        {"default_time_zone": "Europe/Paris"},
    ),
    "the newest first": (
        AlteredSandbox(answer_otherwise("sort", "asc", lambda items: items[::-1])),
        "sort-ascending",
        {},
    ),
    "the oldest first": (
        AlteredSandbox(answer_otherwise("sort", "desc", lambda items: items[::-1])),
        "sort-descending",
        {},
    ),
    "one type selects two": (AlteredSandbox(all_types), "type-one", {}),
    "several types select one": (AlteredSandbox(only_first_type), "type-several", {}),
    "an unknown type is refused": (
        AlteredSandbox(
            lambda request, response: (
                respond(400) if request.url.params.get("type") == "probe" else response
            )
        ),
        "type-unknown",
        {},
    ),
    "appointmentId is ignored": (
        AlteredSandbox(answer_otherwise("appointmentId", None, wrong_appointments)),
        "appointment-filter",
        {},
    ),
    "no messages of an appointment": (
        AlteredSandbox(answer_otherwise("appointmentId", None, no_messages)),
        "appointment-messages",
        {},
    ),
    "an unknown client has no activities": (
        AlteredSandbox(empty_for_unknown),
        "unknown-client",
        {},
    ),
    "results without a link": (
        AlteredSandbox(change_each("formResult", remove("selfLink"))),
        "form-result-links",
        {},
    ),
    "other clients": (
        move("/api/2.0/clients", "/api/2.3/contacts"),
        "client-path",
        {"clients_path": "/api/2.3/contacts"},
    ),
    "other notes": (
        move("/api/2.0/notes", "/api/2.3/notes"),
        "note-path",
        {"notes_prefix": "/api/2.3"},
    ),
    "other companies": (
        move("/api/2.1/scheduling", "/api/2.3/scheduling"),
        "company-path",
        {"scheduling_prefix": "/api/2.3/scheduling"},
    ),
    "other forms": (
        move("/api/2.3/forms", "/api/2.0/forms"),
        "form-path",
        {"forms_prefix": "/api/2.0"},
    ),
    "other activities": (
        move("/api/2.3/activities", "/api/2.1/activities"),
        "activities-path",
        {"activities_prefix": "/api/2.1"},
    ),
    "no staff": (AlteredSandbox(refuse("/staff")), "staff-path", {}),
    "no services": (AlteredSandbox(refuse("/services")), "service-path", {}),
    "no appointment": (AlteredSandbox(refuse("/appointments/0", 404)), "appointment-path", {}),
    "appointments without a company": (
        AlteredSandbox(redirect=add_company_zero),
        "appointment-without-company",
        {"appointments_path": "/api/2.3/scheduling/appointments"},
    ),
    "no company 0": (AlteredSandbox(refuse_company_zero), "company-zero", {}),
    "no appointments of a client": (
        AlteredSandbox(refuse("/companies/0/appointments", 400)),
        "client-appointments",
        {},
    ),
    "no form result": (AlteredSandbox(refuse("/results/0")), "form-result-path", {}),
    "no conference": (AlteredSandbox(refuse("/conferences/0", 404)), "conference-path", {}),
    "no session": (AlteredSandbox(refuse("/sessions/0")), "session-path", {}),
    "no registration": (AlteredSandbox(refuse("/registrations/0")), "registration-path", {}),
    "any credentials": (AlteredSandbox(welcome_everybody), "bad-credentials", {}),
}


@pytest.mark.parametrize(("upstream", "name", "settings"), OTHERWISE.values(), ids=OTHERWISE)
async def test_a_difference_has_its_line_and_its_setting(upstream, name, settings):
    found = differences(await probe_over(upstream))
    assert [*found] == [name]
    if settings:
        [(setting, value)] = settings.items()
        shown = "…" if setting == "default_time_zone" else value
        assert found[name] == f"GATEWAY_{setting.upper()}={shown}"
        assert differences(await probe_over(upstream, settings=settings)) == {}


async def test_links_without_a_company_are_answered_by_a_setting():
    upstream = AlteredSandbox()
    await probe_over(upstream)
    [company] = {
        request.url.path.split("/")[5]
        for request in upstream.requests
        if "/staff" in request.url.path
    }
    unlinked = AlteredSandbox(change_each("appointment", without_company))
    report = await probe_over(unlinked)
    assert differences(report) == {"appointment-links": "GATEWAY_COMPANY_ID=…"}
    assert "No company is known." in report.to_text()
    assert differences(await probe_over(unlinked, settings={"company_id": company})) == {}


async def test_a_documented_field_that_never_occurs_is_named():
    report = await probe_over(AlteredSandbox(change_each("appointment", remove("previousNotes"))))
    [unseen] = [each for each in report.findings if each.verdict is not Verdict.HOLDS]
    assert (unseen.name, unseen.verdict) == ("unseen-fields", Verdict.NOT_SEEN)
    assert unseen.detail == "Never seen: appointment.previousNotes."


async def test_requests_are_made_one_at_a_time_with_the_configured_credentials():
    upstream, clock = AlteredSandbox(), Clock(0)
    await probe_over(upstream, clock=clock)
    assert {request.method for request in upstream.requests} == {"GET"}
    assert clock.now == 0.25 * (len(upstream.requests) - 1)
    keys = [request.headers["apikey"] for request in upstream.requests]
    assert {*keys[:-1]} == {"sandbox-key-1"}
    assert keys[-1].startswith("probe-")


async def test_made_up_credentials_are_left_out_on_demand():
    upstream = AlteredSandbox()
    report = await probe_over(upstream, asks_with_bad_credentials=False)
    assert {request.headers["apikey"] for request in upstream.requests} == {"sandbox-key-1"}
    assert report.findings[-1].verdict is Verdict.NOT_SEEN


async def test_nothing_is_asked_after_a_refusal_for_the_rate():
    answered = count(1)
    upstream = AlteredSandbox(lambda _, response: respond(429) if next(answered) == 5 else response)
    report = await probe_over(upstream)
    assert len(upstream.requests) == 5
    found = differences(report)
    assert "rate-limits" in found
    assert "not seen" in report.to_text()


@pytest.mark.slow
async def test_at_most_sixty_requests_are_made():
    upstream = AlteredSandbox()
    await probe_over(upstream, *[CLIENT] * 70)
    assert len(upstream.requests) == 60


@pytest.mark.parametrize(
    ("alter", "sentence"),
    [
        (lambda _, __: respond(401), "The credentials are refused: status 401."),
        (
            lambda _, __: respond(404),
            "The client or the path of activities is unknown: status 404.",
        ),
        (lambda _, __: respond(429), "The rate of requests is limited: status 429."),
        (lambda _, __: respond(503), "There is status 503."),
        (
            lambda _, __: httpx.Response(200, text="<html>"),
            "There is status 200, but no list of activities.",
        ),
    ],
)
async def test_a_probe_without_a_timeline_says_why(alter, sentence):
    with pytest.raises(NoTimeline) as nothing:
        await probe_over(AlteredSandbox(alter))
    assert str(nothing.value) == sentence


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectFailed(FailureReason.CONNECTION_REFUSED), "connection_refused"),
        (CertificateVerificationFailed(""), "certificate_not_verified"),
        (httpx.ReadTimeout(""), "timeout"),
    ],
)
async def test_a_probe_without_a_connection_says_why(error, reason):
    class Unreachable(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise error

    with pytest.raises(NoTimeline, match=f"no response .{reason}."):
        await probe_over(Unreachable())


@pytest.mark.parametrize("client", ["\udcff", "x" * 70_000], ids=["not text", "too long"])
async def test_a_client_that_no_request_can_name_is_a_sentence(client):
    upstream = AlteredSandbox()
    with pytest.raises(NoTimeline, match=r"There is no response\. The request cannot be encoded\."):
        await probe_over(upstream, client)
    assert upstream.requests == []


async def test_an_entity_tag_that_cannot_be_sent_back_ends_nothing():
    def tag(_: httpx.Request, response: httpx.Response) -> httpx.Response:
        headers = [*response.headers.raw, (b"etag", b'"\xe9"')]
        return httpx.Response(response.status_code, headers=headers, content=response.content)

    assert [*differences(await probe_over(AlteredSandbox(tag)))] == ["validators"]


async def test_of_an_appointment_without_an_activity_nothing_is_said():
    report = await probe_over(AlteredSandbox(), appointment="4711")
    unseen = [each.name for each in report.findings if each.verdict is Verdict.NOT_SEEN]
    assert unseen == ["appointment-filter", "appointment-messages"]
    assert differences(report) == {}


async def test_the_json_report_has_the_findings_and_shapes():
    report = json.loads((await probe_over(AlteredSandbox())).to_json())
    assert [each["name"] for each in report["findings"]] == list(ASSUMPTIONS)
    assert report["fields"]["appointment.status"]["words"].keys() >= {"accepted", "cancelled"}
    assert report["fields"]["id"]["types"] == {"text": 100}
    assert "/api/2.0/notes/{noteId}" in report["requests"]
    assert set(report["time_zones"]) >= {"Europe/Paris"}


async def test_unknown_words_are_shown_on_demand():
    upstream = AlteredSandbox(change_each("appointment", lambda one: one.update(status="onHold")))
    hidden, shown = await probe_over(upstream), await probe_over(upstream, show_words=True)
    assert "onHold" not in hidden.to_text() + hidden.to_json()
    assert "aaAaaa" in hidden.to_text()
    assert "onHold" in shown.to_text()


@pytest.mark.parametrize(
    "upstream",
    [
        AlteredSandbox(),
        *(OTHERWISE[name][0] for name in ("an ETag", "a further field", "an offset")),
    ],
    ids=["as documented", "an ETag", "a further field", "an offset"],
)
async def test_a_recording_replays_with_the_same_report(upstream, tmp_path):
    report, ids = await record(tmp_path, upstream)
    replay = httpx.ASGITransport(create_sandbox(replay=tmp_path))
    for _ in range(2):  # again, the responses have their turns from the first
        again = await probe_over(replay, *ids)
        assert again.to_text().splitlines() == report.to_text().splitlines()
        assert again.fields == report.fields
        assert again.links == report.links
        assert again.requests == report.requests


async def test_a_recording_has_made_up_ids_that_agree_with_each_other(tmp_path):
    _, ids = await record(tmp_path, AlteredSandbox())
    gateway = Gateway(httpx.ASGITransport(create_sandbox(replay=tmp_path)))
    query = """query($id: ID!) { activities(clientId: $id, first: 100) { totalCount nodes {
        client { id profile { firstName } } } } }"""
    answer = await gateway.ask(query, {"id": ids[0]})
    assert "errors" not in answer
    assert answer["data"]["activities"]["totalCount"] == 100
    assert answer["data"]["activities"]["nodes"][0]["client"]["profile"]["firstName"]
    assert ids[0] != CLIENT


@pytest.mark.usefixtures("telemetry_restored")
def test_a_folder_with_files_is_not_recorded_into(tmp_path):
    tmp_path.joinpath("note.txt").touch()
    options = ["probe", "--client", "1", "--record", str(tmp_path)]
    result = CliRunner().invoke(main, options, env={"GATEWAY_UPSTREAM_URL": SANDBOX})
    assert result.exit_code == 2
    assert "there are files in it" in result.stderr


@pytest.mark.usefixtures("telemetry_restored")
def test_a_folder_without_a_recording_is_not_replayed(tmp_path):
    result = CliRunner().invoke(main, ["sandbox", "--replay", str(tmp_path)])
    assert result.exit_code == 2
    assert "has no recorded response" in result.stderr
    tmp_path.joinpath("001.json").write_text("{}")
    result = CliRunner().invoke(main, ["sandbox", "--replay", str(tmp_path)])
    assert "001.json is no recorded response" in result.stderr


@pytest.mark.socket
def test_the_command_reports_over_the_network_and_records(tmp_path):
    [port] = free_ports(1)
    address, folder = f"http://127.0.0.1:{port}", tmp_path / "recording"
    credentials = {"GATEWAY_API_KEY": "sandbox-key-1", "GATEWAY_TOKEN": "sandbox-token-1"}
    command = [sys.executable, "-m", "gateway", "probe", "--client", CLIENT, "--json"]
    with running(
        "sandbox", "--rest-only", "--port", str(port), ready=f"{address}/_sandbox/requests"
    ):
        result = subprocess.run(
            [*command, "--record", str(folder), "--no-bad-credentials"],
            env=inherited() | credentials | {"GATEWAY_UPSTREAM_URL": address},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=True,
        )
    report = json.loads(result.stdout)
    assert {each["verdict"] for each in report["findings"][:-1]} == {"holds"}
    assert report["findings"][-1]["verdict"] == "not seen"
    assert sum(sum(each.values()) for each in report["requests"].values()) == len(
        [*folder.glob("*.json")]
    )
    assert "Recorded." in result.stderr
