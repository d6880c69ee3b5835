"""Entities that are kept for a while, and what makes them forgotten."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from gateway.errors import FieldError, Forbidden, NotFound, Unauthenticated
from gateway.upstream import endpoints
from gateway.upstream.credentials import Caller
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.read_log import CacheStatus
from gateway.upstream.records import decoding
from tests.support.statuses import REFUSALS, STATUSES
from tests.support.upstream import Upstream
from tests.unit.upstream.reading import fetch, result_of

pytestmark = pytest.mark.usefixtures("no_task_left")

COMPANY = "/companies/{companyId}"
STAFF = f"{COMPANY}/staff"
SERVICES = f"{COMPANY}/services"
APPOINTMENT = f"{COMPANY}/appointments/{{appointmentId}}"
CONFERENCE = "/conferences/{conferenceId}"
SESSION = f"{CONFERENCE}/sessions/{{sessionId}}"
IDS = {"companyId": "3", "appointmentId": "9", "conferenceId": "3", "sessionId": "4"}
KEPT = (COMPANY, STAFF, SERVICES, CONFERENCE, SESSION)
CALLED, SHARED, CACHED = CacheStatus.CALLED, CacheStatus.COALESCED, CacheStatus.CACHED


class EntityUpstream(Upstream):
    """Has its statuses and gates by the templates of paths."""

    def close(self, template: str) -> Callable[[], None]:
        """Closes the gate of a path; what is given back opens it."""
        gate = self.gate_by_key[template.format_map(IDS)] = asyncio.Event()
        return gate.set

    def refuse(self, template: str, status: int) -> None:
        self.status_by_key[template.format_map(IDS)] = status


@pytest.fixture
async def upstream():
    return EntityUpstream()


@pytest.fixture
def reads(reads_over, upstream) -> UpstreamFetcher:
    made: UpstreamFetcher = reads_over(
        upstream, entity_cache_seconds=600, stale_if_error_seconds=600
    )
    return made


async def read(reads: UpstreamFetcher, template: str, by: bytes = b"1") -> CacheStatus:
    """How a read of an entity is answered."""
    caller = Caller((), by)
    ids = {name: id_ for name, id_ in IDS.items() if f"{{{name}}}" in template}
    await fetch(reads, caller, template, decoding.items, ids=ids, cacheable=template in KEPT)
    return caller.read_log[0].cache_status


async def refused(reads: UpstreamFetcher, template: str, by: bytes = b"1") -> FieldError:
    with pytest.raises(FieldError) as error:
        await read(reads, template, by)
    return error.value


async def cached_templates(reads: UpstreamFetcher, by: bytes = b"1") -> set[str]:
    """What is answered without a call."""
    found = {template: await read(reads, template, by) for template in KEPT}
    return {template for template, outcome in found.items() if outcome is CACHED}


async def test_what_is_kept_is_answered_without_a_call(reads, upstream):
    assert await cached_templates(reads) == set()
    assert await cached_templates(reads) == set(KEPT)
    assert set(upstream.calls.values()) == {1}


@pytest.mark.parametrize("path", [APPOINTMENT, "/notes/{appointmentId}"])
async def test_credentials_that_are_refused_anywhere_are_shown_nothing_that_was_kept(
    reads, upstream, path
):
    for by in (b"1", b"2"):
        await cached_templates(reads, by)
    upstream.refuse(path, 401)
    assert isinstance(await refused(reads, path), Unauthenticated)
    before = upstream.calls.copy()
    assert await read(reads, STAFF) is CALLED
    assert upstream.calls - before == {"/companies/3/staff": 1}
    assert await read(reads, STAFF) is CACHED
    assert await cached_templates(reads) == {STAFF}
    assert await cached_templates(reads, b"2") == set(KEPT)


async def test_an_error_object_that_says_401_is_a_refusal_too(reads_over):
    answers = {"/notes/9": {"error": {"code": 401}}}
    reads = reads_over(
        lambda request: httpx.Response(200, json=answers.get(request.url.path, {"items": []})),
        entity_cache_seconds=600,
    )
    await cached_templates(reads)
    assert isinstance(await refused(reads, "/notes/{appointmentId}"), Unauthenticated)
    assert await cached_templates(reads) == set()


async def test_a_refusal_of_credentials_holds_whatever_is_forwarded_with_them(reads, upstream):
    one, other = b"c" * 64, b"c" * 64 + b"french"
    for by in (one, other):
        await cached_templates(reads, by)
    assert await cached_templates(reads, other) == set(KEPT)
    upstream.refuse(APPOINTMENT, 401)
    await refused(reads, APPOINTMENT, other)
    assert await cached_templates(reads, one) == set()


@pytest.fixture
async def refused_meanwhile(reads, upstream, settle):
    """A read that is under way since before the credentials were refused, and what lets it end."""
    let_through = upstream.close(STAFF)
    before = asyncio.create_task(read(reads, STAFF))
    await settle()
    upstream.refuse(APPOINTMENT, 401)
    await refused(reads, APPOINTMENT)
    return before, let_through


async def test_what_is_being_read_when_credentials_are_refused_is_told_and_not_kept(
    reads, upstream, settle, refused_meanwhile
):
    before, let_through = refused_meanwhile
    after = [asyncio.create_task(read(reads, STAFF)) for _ in range(2)]
    await settle()
    let_through()
    assert await before is CALLED
    assert [await each for each in after] == [CALLED, SHARED]
    assert upstream.calls["/companies/3/staff"] == 2
    assert await read(reads, STAFF) is CACHED, "what was read after the refusal is kept"


REFUSED = {
    COMPANY: {COMPANY, STAFF, SERVICES},
    STAFF: {STAFF},
    SERVICES: {SERVICES},
    APPOINTMENT: set(),
    CONFERENCE: {CONFERENCE, SESSION},
    SESSION: {SESSION},
}
"""What is shown no more where a path is refused: the thing, and what belongs to it."""


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize(("path", "forgotten"), REFUSED.items())
async def test_a_thing_that_is_refused_is_shown_no_more_nor_what_belongs_to_it(
    reads, upstream, path, forgotten, status
):
    for by in (b"1", b"2"):
        await cached_templates(reads, by)
    upstream.refuse(path, status)
    with pytest.raises((Forbidden, NotFound)):  # by one who takes nothing that is kept
        await fetch(reads, Caller((), b"1"), path, decoding.items, ids=IDS)
    upstream.status_by_key.clear()
    assert await cached_templates(reads) == set(KEPT) - forgotten
    assert await cached_templates(reads, b"2") == set(KEPT)


@pytest.mark.parametrize("status", sorted({*STATUSES} - {401, *REFUSALS}))
async def test_other_failures_forget_nothing(reads, upstream, status):
    await cached_templates(reads)
    upstream.refuse(APPOINTMENT, status)
    await refused(reads, APPOINTMENT)
    assert await cached_templates(reads) == set(KEPT)


async def test_credentials_that_are_refused_a_timeline_are_shown_no_kept_entities(upstream_over):
    called: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request.url.path.rpartition("/")[2])
        return httpx.Response(401 if called[-1] == "activities" else 200, json={"items": []})

    upstream = upstream_over(answer, entity_cache_seconds=600, stale_if_error_seconds=600)
    caller = Caller((), b"1")
    for _ in range(2):
        await result_of(upstream.fetch(caller, endpoints.STAFF, "3"))
    with pytest.raises(Unauthenticated):
        await result_of(upstream.activities(caller, "7"))
    await result_of(upstream.fetch(caller, endpoints.STAFF, "3"))
    assert called == ["staff", "activities", "staff"]


async def test_what_was_read_before_and_arrives_after_a_refusal_is_never_kept(
    reads, refused_meanwhile
):
    before, let_through = refused_meanwhile
    let_through()
    await before
    assert await read(reads, STAFF) is CALLED
