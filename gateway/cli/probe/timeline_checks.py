"""The checks of timelines: how `GET /activities` responds, to which parameters, and with what."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from msgspec import Raw

from gateway.cli.probe.assumptions import Findings
from gateway.cli.probe.observations import observe_activities, observe_envelope
from gateway.cli.probe.probe_client import (
    MADE_UP_CREDENTIALS,
    TOO_MANY_REQUESTS,
    UNKNOWN_CLIENT,
    ProbeClient,
    RequestsStopped,
)
from gateway.cli.probe.survey import ActivitySurvey
from gateway.config.settings import Settings, env_name
from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.observability.event_loop import run_to_completion
from gateway.schema.scalars import to_utc_together
from gateway.upstream import surprises
from gateway.upstream.http.exchange import Exchange
from gateway.upstream.http.read import encode_parameter
from gateway.upstream.records import decoding
from gateway.upstream.records.activities import Activity, AppointmentActivity
from gateway.upstream.records.enums import ActivityKind

_NOT_FOUND = 404
_NOT_MODIFIED = 304
_OK = 200
_REFUSED = frozenset({401, 403})

_OTHER_PREFIXES = ("/api/2.3", "/api/2.1", "/api/2.0")
_MESSAGES = frozenset({ActivityKind.EMAIL_NOTIFICATION, ActivityKind.TEXT_MESSAGE_NOTIFICATION})


class NoTimeline(Exception):
    """The upstream gives no timeline at all: why, in one sentence."""


@dataclass
class Timeline:
    """One response of `GET /activities`.

    Attributes:
        exchange: The response.
        items: The activities as sent.
        records: The activities as the gateway reads them.
    """

    exchange: Exchange
    items: Sequence[Raw]
    records: Sequence[Activity]

    @property
    def ids(self) -> list[str]:
        return [str(record.id) for record in self.records]


class TimelineChecks:
    """Checks the assumptions about timelines."""

    def __init__(
        self, settings: Settings, client: ProbeClient, findings: Findings, survey: ActivitySurvey
    ) -> None:
        self._settings = settings
        self._client = client
        self._findings = findings
        self._survey = survey
        self._prefix = settings.activities_prefix

    async def read_timelines(self, client_ids: Sequence[str]) -> list[tuple[str, Timeline]]:
        """The timelines of the clients that have one; each is surveyed.

        Raises:
            NoTimeline: There is none.
        """
        timelines: list[tuple[str, Timeline]] = []
        problem = ""
        with suppress(RequestsStopped):
            for client_id in client_ids:
                exchange = await self._get(client_id)
                if not timelines and exchange.status == _NOT_FOUND:
                    exchange = await self._get_elsewhere(client_id, exchange)
                timeline = self._read(exchange, surveyed=True)
                if timeline is not None:
                    timelines.append((client_id, timeline))
                problem = problem or _problem(exchange)
        if not timelines:
            raise NoTimeline(problem)
        self._findings.hold("activities-path")
        records = [record for _, timeline in timelines for record in timeline.records]
        observe_activities(records, self._survey, self._settings, self._findings)
        return timelines

    async def check(self, client_id: str, timeline: Timeline, appointment_id: str | None) -> None:
        """Check the assumptions by one timeline, and by others of the same client.

        Raises:
            RequestsStopped: No further request may be made.
        """
        await self._check_repeatability(client_id, timeline)
        await self._check_sort(client_id, timeline)
        await self._check_types(client_id, timeline)
        await self._check_appointment(client_id, timeline, appointment_id)
        await self._check_unknown_client()

    async def check_bad_credentials(self, client_id: str) -> None:
        """Make a request with a made-up key, in the form of the configured credentials."""
        made_up = b"probe-" + uuid4().hex.encode()
        is_bearer = self._settings.bearer_token is not None
        credentials = (
            ((b"Authorization", b"Bearer " + made_up),)
            if is_bearer
            else ((b"apiKey", made_up), (b"token", made_up))
        )
        exchange = await self._get(client_id, credentials=credentials, subject=MADE_UP_CREDENTIALS)
        if exchange.status in _REFUSED:
            self._findings.hold("bad-credentials")
        else:
            self._findings.differ("bad-credentials", f"They have {_outcome(exchange)}.")

    async def _get(  # noqa: PLR0913 - one parameter per part of a request
        self,
        client_id: str,
        parameters: Mapping[str, str] | None = None,
        *,
        shown: str = "",
        further: Sequence[tuple[bytes, bytes]] = (),
        credentials: Sequence[tuple[bytes, bytes]] = (),
        prefix: str | None = None,
        subject: str = "",
    ) -> Exchange:
        path = f"{self._prefix if prefix is None else prefix}/activities"
        query = "".join(
            f"&{name}={encode_parameter(value)}" for name, value in (parameters or {}).items()
        )
        return await self._client.get(
            f"{path}?clientId={{clientId}}{shown or query}",
            f"{path}?clientId={encode_parameter(client_id)}{query}",
            subject=subject,
            further=tuple(further),
            credentials=tuple(credentials),
        )

    async def _get_elsewhere(self, client_id: str, exchange: Exchange) -> Exchange:
        """The response at another known path, where the path that is set is unknown; else the one given."""
        for prefix in _OTHER_PREFIXES:
            if prefix == self._settings.activities_prefix:
                continue
            other = await self._get(client_id, prefix=prefix)
            if self._read(other) is not None:
                self._prefix = prefix
                self._findings.differ(
                    "activities-path",
                    f"It is at {prefix}/activities.",
                    f"{env_name('activities_prefix')}={prefix}",
                )
                return other
        return exchange

    def _read(self, exchange: Exchange, *, surveyed: bool = False) -> Timeline | None:
        """The timeline in a response; None where there is none."""
        if exchange.status != _OK or exchange.body is None:
            return None
        if decoding.parse_error_object(exchange.body) is not None:
            return None
        counted: Counter[str] = Counter()
        try:
            with surprises.observe_surprises(lambda surprise, _: counted.update([surprise])):
                items = run_to_completion(decoding.items(exchange.body))
        except (InvalidUpstreamResponse, ResponseTooLarge):
            return None
        if surveyed:
            observe_envelope(exchange.body, self._findings)
            for surprise in counted:
                if surprise != surprises.ODD_ENVELOPE:
                    self._survey.surprises[surprise] += counted[surprise]
        read = self._survey.add if surveyed else decoding.activity
        return Timeline(exchange, items, [read(item) for item in items])

    async def _check_repeatability(self, client_id: str, timeline: Timeline) -> None:
        exchange = timeline.exchange
        validator = exchange.header("etag")
        modified = exchange.header("last-modified")
        further = [(b"If-None-Match", validator.encode("latin-1"))] if validator else []
        further += [(b"If-Modified-Since", modified.encode("latin-1"))] if modified else []
        again = await self._get(client_id)
        if again.body == exchange.body:
            self._findings.hold("repeatable")
        else:
            other = self._read(again)
            same = other is not None and sorted(other.ids) == sorted(timeline.ids)
            order = " in another order" if same and other and other.ids != timeline.ids else ""
            what = f"The same activities came{order}" if same else "Other activities came"
            self._findings.differ("repeatable", f"{what}, in other bytes.")
        if not further:
            self._findings.hold("validators")
            return
        names = " and ".join(
            name for name, value in (("ETag", validator), ("Last-Modified", modified)) if value
        )
        conditional = await self._get(client_id, further=further)
        is_unchanged = conditional.status == _NOT_MODIFIED
        outcome = "304" if is_unchanged else "no 304"
        self._findings.differ(
            "validators", f"There is {names}; a conditional request had {outcome}."
        )

    async def _check_sort(self, client_id: str, timeline: Timeline) -> None:
        ascending = await self._get_timeline("sort-ascending", client_id, {"sort": "asc"})
        descending = await self._get_timeline("sort-descending", client_id, {"sort": "desc"})
        for name, found, is_reversed in (
            ("sort-ascending", ascending, False),
            ("sort-descending", descending, True),
        ):
            if found is None:
                continue
            zone = self._settings.default_time_zone
            instants = [
                each for each in to_utc_together([one.date for one in found.records], zone) if each
            ]
            if len(instants) < 2:
                self._findings.miss(name, "Fewer than two activities have a known date.")
            elif sorted(found.ids) != sorted(timeline.ids):
                self._findings.differ(name, "Other activities came than without `sort`.")
            elif instants != sorted(instants, reverse=is_reversed):
                self._findings.differ(name, "They came in another order.")
            else:
                self._findings.hold(name)

    async def _check_types(self, client_id: str, timeline: Timeline) -> None:
        kinds = [kind for kind in ActivityKind if kind is not ActivityKind.UNKNOWN]
        counts = Counter(record.kind for record in timeline.records if record.kind in kinds)
        common = [kind.value for kind, _ in counts.most_common(2)]
        for name, words in (("type-one", common[:1]), ("type-several", common[:2])):
            if len(words) < (1 if name == "type-one" else 2):
                self._findings.miss(name, "Too few types were seen.")
                continue
            found = await self._get_timeline(name, client_id, {"type": ",".join(words)})
            if found is None:
                continue
            expected = [str(record.id) for record in timeline.records if record.kind.value in words]
            if sorted(found.ids) == sorted(expected):
                self._findings.hold(name)
            else:
                self._findings.differ(
                    name, f"{len(found.ids)} activities came; {len(expected)} have these types."
                )
        exchange = await self._get(client_id, {"type": "probe"})
        selected = self._read(exchange)
        if selected is not None and not selected.ids:
            self._findings.hold("type-unknown")
        else:
            what = (
                f"{len(selected.ids)} activities came"
                if selected
                else f"It has {_outcome(exchange)}"
            )
            self._findings.differ("type-unknown", f"{what}.")

    async def _check_appointment(
        self, client_id: str, timeline: Timeline, appointment_id: str | None
    ) -> None:
        ids = [
            str(record.appointment.appointment_id)
            for record in timeline.records
            if isinstance(record, AppointmentActivity)
            and record.appointment is not None
            and isinstance(record.appointment.appointment_id, int | str)
        ]
        if appointment_id is None and ids:
            appointment_id = Counter(ids).most_common(1)[0][0]
        if appointment_id not in ids:
            what = "No appointment" if appointment_id is None else "No activity of that appointment"
            for name in ("appointment-filter", "appointment-messages"):
                self._findings.miss(name, f"{what} was seen.")
            return
        found = await self._get_timeline(
            "appointment-filter",
            client_id,
            {"appointmentId": appointment_id},
            shown="&appointmentId={appointmentId}",
        )
        if found is None:
            return
        others = [
            record
            for record in found.records
            if isinstance(record, AppointmentActivity)
            and record.appointment is not None
            and str(record.appointment.appointment_id) != appointment_id
        ]
        own = [
            record
            for record in found.records
            if isinstance(record, AppointmentActivity) and record not in others
        ]
        if others or len(own) < ids.count(appointment_id):
            self._findings.differ(
                "appointment-filter",
                f"{len(own)} of {ids.count(appointment_id)} activities of the appointment came, "
                f"and {len(others)} of others.",
            )
        else:
            self._findings.hold("appointment-filter")
        if any(record.kind in _MESSAGES for record in found.records):
            self._findings.hold("appointment-messages")
        elif any(record.kind in _MESSAGES for record in timeline.records):
            self._findings.differ("appointment-messages", "None came.")
        else:
            self._findings.miss("appointment-messages", "No message was seen.")

    async def _check_unknown_client(self) -> None:
        client_id = f"probe{uuid4().hex[:10]}"
        exchange = await self._get(client_id, shown="&…", subject=UNKNOWN_CLIENT)
        if exchange.status == _NOT_FOUND:
            self._findings.hold("unknown-client")
        else:
            found = self._read(exchange)
            what = "an empty timeline" if found and not found.ids else _outcome(exchange)
            self._findings.differ("unknown-client", f"It has {what}.")

    async def _get_timeline(
        self, name: str, client_id: str, parameters: Mapping[str, str], *, shown: str = ""
    ) -> Timeline | None:
        """The timeline for a query; where there is none, that is how the assumption differs."""
        exchange = await self._get(client_id, parameters, shown=shown)
        timeline = self._read(exchange)
        if timeline is None:
            self._findings.differ(name, f"The request has {_outcome(exchange)}.")
        return timeline


def _outcome(exchange: Exchange) -> str:
    """What a response was, in words."""
    if exchange.status is None:
        return f"no response ({exchange.reason})" if exchange.reason else "no response"
    if exchange.status == _OK:
        return "status 200, but no list of activities"
    return f"status {exchange.status}"


def _problem(exchange: Exchange) -> str:
    """Why a first response is no timeline, in one sentence."""
    if exchange.status in _REFUSED:
        return f"The credentials are refused: status {exchange.status}."
    if exchange.status == _NOT_FOUND:
        return "The client or the path of activities is unknown: status 404."
    if exchange.status == TOO_MANY_REQUESTS:
        return "The rate of requests is limited: status 429."
    return f"There is {_outcome(exchange)}. {exchange.problem}".rstrip()
