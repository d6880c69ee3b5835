import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.config.settings import Settings
from gateway.errors import (
    BudgetExceeded,
    CompanyUnknown,
    FieldError,
    InvalidUpstreamResponse,
    NotFound,
    UpstreamUnavailable,
)
from gateway.upstream.credentials import Caller
from gateway.upstream.dataloading import BatchLoader
from gateway.upstream.endpoints import (
    APPOINTMENT,
    CLIENT,
    COMPANY,
    CONFERENCE,
    CONFERENCE_REGISTRATION,
    CONFERENCE_SESSION,
    FORM,
    FORM_RESULT,
    NOTE,
    SERVICE,
    STAFF,
)
from gateway.upstream.read_log import CacheStatus
from gateway.upstream.records.enums import ActivityKind
from gateway.upstream.session import UpstreamSession
from tests.support.processes import PATIENCE_SECONDS

pytestmark = pytest.mark.usefixtures("no_task_left")

COMPANY_PATH = "/api/2.1/scheduling/companies/{}"
APPOINTMENT_PATH = "/api/2.1/scheduling/companies/3/appointments/{}"
LIST = "/api/2.1/scheduling/companies/3/appointments"
LISTED = LIST + "?clientId={}&levelDetail=full"

ONE_BY_ONE: dict[str, tuple[Callable[[UpstreamSession, str], Awaitable[Any]], str]] = {
    "company": (lambda session, id_: session.load(COMPANY, id_), COMPANY_PATH),
    "client": (lambda session, id_: session.load(CLIENT, id_), "/api/2.0/clients/{}"),
    "note": (lambda session, id_: session.load(NOTE, id_), "/api/2.0/notes/{}"),
    "form": (lambda session, id_: session.load(FORM, id_), "/api/2.3/forms/{}"),
    "form result": (
        lambda session, id_: session.load(FORM_RESULT, "5", id_),
        "/api/2.3/forms/5/results/{}",
    ),
    "conference": (
        lambda session, id_: session.load(CONFERENCE, id_),
        "/conferences/api/1.0/conferences/{}",
    ),
    "conference session": (
        lambda session, id_: session.load(CONFERENCE_SESSION, "8", id_),
        "/conferences/api/1.0/conferences/8/sessions/{}",
    ),
    "registration": (
        lambda session, id_: session.load(CONFERENCE_REGISTRATION, "8", "9", id_),
        "/conferences/api/1.0/conferences/8/sessions/9/registrations/{}",
    ),
    "appointment": (
        lambda session, id_: session.load(APPOINTMENT, "3", id_, "7"),
        APPOINTMENT_PATH,
    ),
}
OF_A_COMPANY: dict[str, Callable[[UpstreamSession, str | None, str], Awaitable[Any]]] = {
    "staff": lambda session, company, id_: session.load(STAFF, company, id_),
    "services": lambda session, company, id_: session.load(SERVICE, company, id_),
}
each_thing = pytest.mark.parametrize(("ask", "path"), ONE_BY_ONE.values(), ids=ONE_BY_ONE)
each_list = pytest.mark.parametrize(("name", "ask"), OF_A_COMPANY.items(), ids=OF_A_COMPANY)


@pytest.fixture
async def opened(world, upstream_over):
    """Opens sessions over the world."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[UpstreamSession]:
        client = upstream_over(world.answer)
        given = Settings(**{"upstream_url": "http://upstream", **settings})
        session = UpstreamSession(client, Caller((), b""), given)
        try:
            yield session
        finally:
            await session.aclose()

    return opened


@pytest.fixture
async def session(opened):
    async with opened() as session:
        yield session


def ids(found: Sequence[Any]) -> list[str | None]:
    return [each and each.id for each in found]


def appointments(
    session: UpstreamSession, *asked: str, client: str | None = "7"
) -> Awaitable[list[Any]]:
    return asyncio.gather(
        *[session.load(APPOINTMENT, "3", id_, client) for id_ in asked], return_exceptions=True
    )


# One by one


@each_thing
async def test_a_thing_is_read_once_however_often_it_is_asked_for(session, world, ask, path):
    found = await asyncio.gather(*[ask(session, id_) for id_ in ("1", "2", "1", "1")])
    assert ids(found) == ["1", "2", "1", "1"]
    assert ids([await ask(session, "2")]) == ["2"]
    assert Counter(world.called) == {path.format("1"): 1, path.format("2"): 1}


@each_thing
async def test_things_are_read_at_the_same_time_and_no_more_than_are_allowed(
    opened, world, ask, path
):
    async with opened() as session:
        await asyncio.gather(*[ask(session, str(id_)) for id_ in range(1, 7)])
    assert world.most == 6
    world.most = 0
    async with opened(max_concurrent_reads_per_operation=2) as session:
        found = await asyncio.gather(*[ask(session, str(id_)) for id_ in range(1, 7)])
    assert world.most == 2
    assert ids(found) == ["1", "2", "3", "4", "5", "6"]


async def test_things_of_every_kind_share_the_places_there_are(opened, world):
    async with opened(max_concurrent_reads_per_operation=3) as session:
        await asyncio.gather(
            *[ask(session, "1") for ask, _ in ONE_BY_ONE.values()],
            *[ask(session, "3", "1") for ask in OF_A_COMPANY.values()],
            session.timeline("7", kinds=None, appointment_id=None),
        )
    assert world.most == 3
    assert len(world.called) == len(ONE_BY_ONE) + len(OF_A_COMPANY) + 1


@each_thing
async def test_a_thing_that_is_no_more_is_none(session, world, ask, path):
    assert ids(await asyncio.gather(ask(session, "1"), ask(session, "gone"))) == ["1", None]


@each_thing
async def test_a_thing_that_fails_fails_alone_and_is_not_tried_again(session, world, ask, path):
    world.answers[path.format("2")] = 503
    found = await asyncio.gather(
        *[ask(session, id_) for id_ in ("1", "2", "3", "2")], return_exceptions=True
    )
    assert [type(each) for each in found[1::2]] == [UpstreamUnavailable] * 2
    assert ids(found[::2]) == ["1", "3"]
    world.answers.clear()
    with pytest.raises(UpstreamUnavailable):
        await ask(session, "2")
    assert len(world.called) == 3


@each_thing
async def test_a_thing_whose_id_cannot_be_one_is_refused_without_a_call(session, world, ask, path):
    with pytest.raises(InvalidUpstreamResponse):
        await ask(session, "a/b")
    assert ids([await ask(session, "1")]) == ["1"]
    assert world.called == [path.format("1")]


@each_thing
async def test_a_waiter_that_leaves_does_not_spoil_a_thing_for_the_others(
    session, world, settle, ask, path
):
    world.gate.clear()
    leaving, staying = [asyncio.ensure_future(ask(session, "1")) for _ in range(2)]
    await world.arrivals(1)
    leaving.cancel()
    await settle()
    assert leaving.cancelled()
    world.gate.set()
    assert ids([await staying, await ask(session, "1")]) == ["1", "1"]
    assert world.called == [path.format("1")]


@each_thing
async def test_an_only_waiter_that_leaves_does_not_spoil_a_thing_for_a_later_one(
    session, world, settle, ask, path
):
    world.gate.clear()
    leaving = asyncio.ensure_future(ask(session, "1"))
    await world.arrivals(1)
    leaving.cancel()
    await settle()
    world.gate.set()
    assert ids([await ask(session, "1")]) == ["1"]
    assert world.called == [path.format("1")]


@each_thing
async def test_a_session_that_is_closed_gives_up_what_it_reads(opened, world, settle, ask, path):
    world.gate.clear()
    async with opened(max_concurrent_reads_per_operation=2) as session:
        waiters = [asyncio.ensure_future(ask(session, id_)) for id_ in ("1", "2", "3")]
        await world.arrivals(2)
    assert world.given_up == 2
    await asyncio.wait(waiters, timeout=PATIENCE_SECONDS)
    assert all(waiter.cancelled() for waiter in waiters)
    late = asyncio.ensure_future(ask(session, "4"))
    again = asyncio.ensure_future(ask(session, "1"))
    await asyncio.wait([late, again], timeout=PATIENCE_SECONDS)
    assert late.cancelled()
    assert again.cancelled()
    await settle()
    assert len(world.called) == 2


@pytest.mark.sample(3)
@each_thing
async def test_a_session_may_be_closed_at_any_moment(opened, ask, path):
    for steps in range(10):
        async with opened(appointments_by_client=True) as session:
            waiters = [asyncio.ensure_future(ask(session, id_)) for id_ in ("1", "2")]
            for _ in range(steps):
                await asyncio.sleep(0)
        _, pending = await asyncio.wait(waiters, timeout=PATIENCE_SECONDS)
        assert not pending


@each_thing
async def test_another_session_reads_again(opened, world, ask, path):
    for _ in range(2):
        async with opened() as session:
            await ask(session, "1")
    assert world.called == [path.format("1")] * 2


async def test_things_of_two_parents_are_two_things(session, world):
    await asyncio.gather(session.load(FORM_RESULT, "1", "6"), session.load(FORM_RESULT, "2", "6"))
    await asyncio.gather(
        session.load(APPOINTMENT, "1", "6", None), session.load(APPOINTMENT, "2", "6", None)
    )
    assert len(world.called) == 4


# What nothing says the way to


OF_NOTHING: dict[str, Callable[[UpstreamSession], Awaitable[Any]]] = {
    "a client": lambda session: session.load(CLIENT, None),
    "a note": lambda session: session.load(NOTE, None),
    "a company": lambda session: session.load(COMPANY, None),
    "a member of staff": lambda session: session.load(STAFF, "3", None),
    "a member of staff of an unknown company": lambda session: session.load(STAFF, None, None),
    "a service": lambda session: session.load(SERVICE, "3", None),
    "an appointment": lambda session: session.load(APPOINTMENT, "3", None, "7"),
    "an appointment of an unknown company": lambda session: session.load(
        APPOINTMENT, None, None, None
    ),
    "a form": lambda session: session.load(FORM, None),
    "a form result": lambda session: session.load(FORM_RESULT, "5", None),
    "a form result without its form": lambda session: session.load(FORM_RESULT, None, "6"),
    "a conference": lambda session: session.load(CONFERENCE, None),
    "a session without its conference": lambda session: session.load(CONFERENCE_SESSION, None, "9"),
    "a registration without its conference": lambda session: session.load(
        CONFERENCE_REGISTRATION, None, "9", "1"
    ),
    "a registration without its session": lambda session: session.load(
        CONFERENCE_REGISTRATION, "8", None, "1"
    ),
}


@pytest.mark.parametrize("ask", OF_NOTHING.values(), ids=OF_NOTHING)
@pytest.mark.parametrize("settings", [{}, {"company_id": "4", "appointments_by_client": True}])
async def test_a_thing_without_an_id_on_its_way_is_none_without_a_call(
    opened, world, settle, ask, settings
):
    async with opened(**settings) as session:
        assert await ask(session) is None
        await settle()
    assert world.called == []


@pytest.mark.parametrize("endpoint", [NOTE, STAFF, APPOINTMENT, FORM_RESULT])
async def test_a_load_takes_the_ids_of_its_endpoint_and_no_others(session, endpoint):
    for count in (0, 4):
        with pytest.raises(TypeError, match=endpoint.ids[-1]):
            session.load(endpoint, *["1"] * count)


# Lists of a company


@each_list
async def test_a_company_s_list_is_read_once_however_many_of_it_are_asked_for(
    session, world, name, ask
):
    found = await asyncio.gather(*[ask(session, "3", str(id_)) for id_ in range(1, 10)])
    assert ids(found) == [str(id_) for id_ in range(1, 10)]
    assert ids([await ask(session, "3", "1")]) == ["1"]
    assert world.called == [f"{COMPANY_PATH.format(3)}/{name}"]


@each_list
async def test_every_company_has_a_list_of_its_own(session, world, name, ask):
    await asyncio.gather(*[ask(session, company, "1") for company in ("1", "2", "1")])
    assert world.called == [f"{COMPANY_PATH.format(id_)}/{name}" for id_ in (1, 2)]
    assert world.most == 2


@each_list
async def test_what_a_list_does_not_have_is_none(session, world, name, ask):
    assert await ask(session, "3", "gone") is None


@each_list
async def test_what_a_list_that_is_not_whole_does_not_have_is_not_known(session, world, name, ask):
    world.answers[f"{COMPANY_PATH.format(3)}/{name}"] = {"items": [{"id": "1"}, {}]}
    assert ids([await ask(session, "3", "1")]) == ["1"]
    with pytest.raises(InvalidUpstreamResponse):
        await ask(session, "3", "2")


@each_list
@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (503, UpstreamUnavailable)])
async def test_a_list_that_fails_fails_all_who_ask_for_it_and_is_not_tried_again(
    session, world, name, ask, status, error
):
    world.answers[f"{COMPANY_PATH.format(3)}/{name}"] = status
    found = await asyncio.gather(
        ask(session, "3", "1"), ask(session, "3", "2"), ask(session, "4", "1"), ask(session, "3", "1"),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(each) for each in (found[0], found[1], found[3])] == [error] * 3
    assert ids(found[2:3]) == ["1"]
    with pytest.raises(error):
        await ask(session, "3", "9")
    assert len(world.called) == 2


# Which company


OF_NO_COMPANY: list[Callable[[UpstreamSession, str | None], Awaitable[Any]]] = [
    lambda session, company: session.load(STAFF, company, "1"),
    lambda session, company: session.load(SERVICE, company, "1"),
    lambda session, company: session.load(APPOINTMENT, company, "1", "7"),
]


async def of_no_company(session: UpstreamSession, company: str | None = None) -> list[Any]:
    return await asyncio.gather(*[ask(session, company) for ask in OF_NO_COMPANY])


@pytest.mark.parametrize("company", [None, ""])
async def test_without_a_company_nothing_of_one_is_known_and_nothing_is_called(
    session, world, company
):
    for ask in OF_NO_COMPANY:
        with pytest.raises(CompanyUnknown):
            await ask(session, company)
    assert world.called == []


async def test_operators_learn_once_which_setting_names_the_company(session):
    with capture_logs() as entries:
        for ask in OF_NO_COMPANY:
            with pytest.raises(CompanyUnknown, match="The company of this resource is unknown"):
                await ask(session, None)
    assert entries == [
        {"event": "company_unknown", "log_level": "warning", "setting": "GATEWAY_COMPANY_ID"}
    ]


async def test_the_company_of_the_settings_stands_in(opened, world):
    async with opened(company_id="4") as session:
        assert ids(await of_no_company(session)) == ["1", "1", "1"]
    assert all(path.startswith(COMPANY_PATH.format(4) + "/") for path in world.called)
    assert len(world.called) == 3


async def test_a_company_that_is_known_wins_over_the_settings(opened, world):
    async with opened(company_id="4") as session:
        await of_no_company(session, "3")
        await of_no_company(session, "4")
        await of_no_company(session)
    assert Counter(path.split("/")[5] for path in world.called) == {"3": 3, "4": 3}


# Appointments


async def test_appointments_are_read_alone_by_default(session, world):
    assert ids(await appointments(session, "1", "2", "3")) == ["1", "2", "3"]
    assert Counter(world.called) == {APPOINTMENT_PATH.format(id_): 1 for id_ in (1, 2, 3)}


async def test_several_appointments_of_a_client_are_one_list_where_that_is_allowed(opened, world):
    async with opened(appointments_by_client=True) as session:
        assert ids(await appointments(session, "1", "2", "3", "1")) == ["1", "2", "3", "1"]
    assert world.called == [LISTED.format(7)]


async def test_one_appointment_of_a_client_is_read_alone(opened, world):
    async with opened(appointments_by_client=True) as session:
        assert ids(await appointments(session, "1", "1")) == ["1", "1"]
    assert world.called == [APPOINTMENT_PATH.format(1)]


async def test_appointments_of_nobody_knows_whom_are_read_alone(opened, world):
    async with opened(appointments_by_client=True) as session:
        assert ids(await appointments(session, "1", "2", client=None)) == ["1", "2"]
    assert world.called == [APPOINTMENT_PATH.format(1), APPOINTMENT_PATH.format(2)]


async def test_every_client_and_every_company_has_a_list_of_its_own(opened, world):
    async with opened(appointments_by_client=True) as session:
        await asyncio.gather(
            *[session.load(APPOINTMENT, "3", id_, "7") for id_ in ("1", "2")],
            *[session.load(APPOINTMENT, "3", id_, "8") for id_ in ("3", "4")],
            *[session.load(APPOINTMENT, "4", id_, "7") for id_ in ("1", "2")],
            session.load(APPOINTMENT, "4", "3", "8"),
        )
    other = COMPANY_PATH.format(4) + "/appointments"
    assert Counter(world.called) == {
        LISTED.format(7): 1,
        LISTED.format(8): 1,
        f"{other}?clientId=7&levelDetail=full": 1,
        f"{other}/3": 1,
    }


async def test_what_a_list_of_appointments_lacks_is_read_alone(opened, world):
    world.answers[LIST] = {"items": [{"id": "1"}]}
    async with opened(appointments_by_client=True) as session:
        assert ids(await appointments(session, "1", "2", "gone")) == ["1", "2", None]
    assert world.called == [
        LISTED.format(7),
        APPOINTMENT_PATH.format(2),
        APPOINTMENT_PATH.format("gone"),
    ]


async def test_what_a_list_of_appointments_that_is_not_whole_lacks_is_read_alone(opened, world):
    world.answers[LIST] = {"items": [{"id": "1"}, None, {"reference": "2"}]}
    async with opened(appointments_by_client=True) as session:
        assert ids(await appointments(session, "1", "2")) == ["1", "2"]
    assert world.called == [LISTED.format(7), APPOINTMENT_PATH.format(2)]


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_list_of_appointments_that_fails_fails_its_own_alone(opened, world, status):
    world.answers[LIST] = status
    async with opened(appointments_by_client=True) as session:
        found = await asyncio.gather(
            appointments(session, "1", "2"),
            appointments(session, "3", client="8"),
            appointments(session, "4", client=None),
        )
    assert [isinstance(each, FieldError) for each in found[0]] == [True, True]
    assert ids(found[1] + found[2]) == ["3", "4"]
    assert len(world.called) == 3


@pytest.mark.parametrize("answer", [400, 404, {"things": []}], ids=repr)
async def test_where_there_is_no_such_list_appointments_are_read_alone(opened, world, answer):
    world.answers[LIST] = answer
    async with opened(appointments_by_client=True) as session:
        assert ids(await appointments(session, "1", "2")) == ["1", "2"]
    assert world.called == [
        LISTED.format(7),
        APPOINTMENT_PATH.format(1),
        APPOINTMENT_PATH.format(2),
    ]


async def test_an_appointment_that_fails_after_its_list_fails_alone(opened, world):
    world.answers[LIST] = {"items": [{"id": "1"}]}
    world.answers[APPOINTMENT_PATH.format(2)] = 503
    async with opened(appointments_by_client=True) as session:
        one, two, three = await appointments(session, "1", "2", "3")
    assert ids([one, three]) == ["1", "3"]
    assert isinstance(two, UpstreamUnavailable)


async def test_a_later_appointment_does_not_read_an_earlier_one_again(opened, world):
    async with opened(appointments_by_client=True) as session:
        await appointments(session, "1", "2")
        await appointments(session, "1", "2", "3")
    assert world.called == [LISTED.format(7)]


async def test_a_later_appointment_may_join_a_list_that_is_under_way(opened, world, settle):
    world.gate.clear()
    async with opened(appointments_by_client=True) as session:
        first = asyncio.ensure_future(appointments(session, "1", "2"))
        await world.arrivals(1)
        second = asyncio.ensure_future(appointments(session, "3"))
        await settle()
        world.gate.set()
        assert ids(await first + await second) == ["1", "2", "3"]
    assert world.called == [LISTED.format(7)]


async def test_who_leaves_a_list_of_appointments_does_not_spoil_it(opened, world, settle):
    world.gate.clear()
    async with opened(appointments_by_client=True) as session:
        leaving, staying = [
            asyncio.ensure_future(session.load(APPOINTMENT, "3", id_, "7")) for id_ in ("1", "2")
        ]
        await world.arrivals(1)
        leaving.cancel()
        await settle()
        world.gate.set()
        assert ids([await staying, await session.load(APPOINTMENT, "3", "1", "7")]) == ["2", "1"]
    assert world.called == [LISTED.format(7)]


# Batches


@pytest.fixture
def batches(monkeypatch) -> list[list[Any]]:
    """The keys of each batch of each DataLoader of the sessions."""
    keys_of_batches: list[list[Any]] = []

    class RecordingDataLoader(BatchLoader[Any, Any]):
        def __init__(
            self,
            batch_load_fn: Callable[[list[Any]], Awaitable[list[Any]]],
            **options: Any,
        ) -> None:
            async def load(keys: list[Any]) -> list[Any]:
                keys_of_batches.append(keys)
                return await batch_load_fn(keys)

            super().__init__(load, **options)

    monkeypatch.setattr("gateway.upstream.dataloading.BatchLoader", RecordingDataLoader)
    return keys_of_batches


async def test_the_kinds_of_a_timeline_are_one_batch(session, world, batches):
    wanted = [frozenset({ActivityKind.NOTE}), frozenset({ActivityKind.CONSENT}), None]
    await asyncio.gather(
        *[session.timeline("7", kinds=kinds, appointment_id=None) for kinds in wanted]
    )
    assert [len(keys) for keys in batches] == [3]
    assert len(world.called) == 1


@each_list
async def test_what_a_company_has_is_one_batch_of_ids(session, world, batches, name, ask):
    await asyncio.gather(*[ask(session, "3", id_) for id_ in ("1", "2", "1", "3")])
    await asyncio.gather(*[ask(session, "3", id_) for id_ in ("3", "4", "5")])
    assert batches == [["1", "2", "3"], ["4", "5"]]
    assert world.called == [f"{COMPANY_PATH.format(3)}/{name}"]


async def test_appointments_are_one_batch_where_they_can_be_listed(opened, world, batches):
    async with opened(appointments_by_client=True) as session:
        await appointments(session, "1", "2", "1", "3")
    assert batches == [[("3", "1"), ("3", "2"), ("3", "3")]]


@each_thing
async def test_a_single_thing_is_no_batch(session, world, batches, ask, path):
    await asyncio.gather(*[ask(session, id_) for id_ in ("1", "2", "1")])
    assert batches == []


# Tasks


@pytest.fixture
async def tasks() -> AsyncIterator[list[str]]:
    """The tasks that begin, by what runs in them."""
    begun: list[str] = []

    def create_task(
        loop: asyncio.AbstractEventLoop, work: Any, **options: Any
    ) -> asyncio.Task[Any]:
        if "TestRunner" not in work.__qualname__:
            begun.append(work.__qualname__)
        return asyncio.Task(work, loop=loop, **options)

    loop = asyncio.get_running_loop()
    loop.set_task_factory(create_task)
    yield begun
    loop.set_task_factory(None)


@each_thing
@pytest.mark.parametrize("concurrency", [1, 10])
async def test_a_single_thing_is_one_task_however_many_wait_for_it(
    opened, tasks, ask, path, concurrency
):
    async with opened(max_concurrent_reads_per_operation=concurrency) as session:
        found = await asyncio.gather(*[ask(session, id_) for id_ in ("1", "2", "1", "3")])
    assert ids(found) == ["1", "2", "1", "3"]
    assert len(tasks) == 3


async def test_a_batch_takes_no_task_but_its_own_and_that_of_its_read(session, tasks):
    await session.timeline("7", kinds=None, appointment_id=None)
    batch = [task for task in tasks if "dispatch" in task]
    assert len(tasks) == len(batch) + 1
    tasks.clear()
    await asyncio.gather(*[session.load(STAFF, "3", str(id_)) for id_ in range(1, 10)])
    assert len(tasks) == len(batch) + 1


# The budget


async def test_reads_beyond_the_budget_are_refused_and_what_is_there_stays(opened, world):
    async with opened(max_upstream_reads=3) as session:
        found = await asyncio.gather(
            *[session.load(NOTE, str(id_)) for id_ in range(1, 6)], return_exceptions=True
        )
        assert ids(found[:3]) == ["1", "2", "3"]
        assert [type(each) for each in found[3:]] == [BudgetExceeded] * 2
        assert ids([await session.load(NOTE, "1")]) == ["1"]
        with pytest.raises(BudgetExceeded):
            await session.load(STAFF, "3", "1")
        with pytest.raises(BudgetExceeded):
            await session.timeline("7", kinds=None, appointment_id=None)
    assert len(world.called) == 3


async def test_a_read_that_fails_is_a_part_of_the_budget(opened, world):
    async with opened(max_upstream_reads=1) as session:
        assert await session.load(NOTE, "gone") is None
        with pytest.raises(BudgetExceeded):
            await session.load(NOTE, "1")


async def test_a_list_is_one_part_of_the_budget_and_what_it_lacks_another(opened, world):
    world.answers[LIST] = {"items": [{"id": "1"}]}
    async with opened(appointments_by_client=True, max_upstream_reads=2) as session:
        one, two, three = await appointments(session, "1", "2", "3")
    assert ids([one, two]) == ["1", "2"]
    assert isinstance(three, BudgetExceeded)


async def test_the_budget_refuses_reads_in_the_order_of_the_loads(opened, world):
    async with opened(max_upstream_reads=3) as session:
        found = await asyncio.gather(
            session.load(STAFF, "3", "1"),
            session.load(NOTE, "1"),
            session.load(SERVICE, "3", "1"),
            session.load(NOTE, "2"),
            session.load(STAFF, "3", "2"),
            return_exceptions=True,
        )
    assert [isinstance(each, BudgetExceeded) for each in found] == [
        False,
        False,
        False,
        True,
        False,
    ]


async def test_a_budget_is_for_one_session(opened, world):
    for _ in range(2):
        async with opened(max_upstream_reads=1) as session:
            assert ids([await session.load(NOTE, "1")]) == ["1"]


# What was read


async def test_the_calls_are_told_by_their_templates(session, world):
    await session.load(NOTE, "1")
    await session.load(NOTE, "gone")
    await session.load(NOTE, "1")
    assert [(call.path, call.status, call.cache_status) for call in session.read_log] == [
        ("/api/2.0/notes/{noteId}", 200, CacheStatus.CALLED),
        ("/api/2.0/notes/{noteId}", 404, CacheStatus.CALLED),
    ]
