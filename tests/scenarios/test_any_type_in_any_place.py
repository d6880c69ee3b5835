"""The upstream sends every JSON type in every field's place: breaking one costs no more than its absence.

Each client has one activity, and what lies behind it, with one place broken by a value of
another type; all are asked for at once, all that there is of them, with compiled queries and without.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import copy
from functools import cache
from typing import Any, NamedTuple

import httpx
import pytest
from graphql import (
    GraphQLNamedType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from msgspec import structs
from structlog.testing import capture_logs

from gateway import schema
from gateway.upstream.records import activities, resources
from tests.conftest import Gateway
from tests.scenarios.sameness.changes import Verbatim, written
from tests.scenarios.sameness.samples import ASKED, CARRIED, ENTITIES, NOON, activity
from tests.scenarios.sameness.upstream import ROUTES, TIMELINE

GONE = object()
HUGE = Verbatim(b"9" * 40)
ENDLESS = Verbatim(b"9" * 5_000)
INFINITE = Verbatim(b"1e400")
ODD_KEYS: dict[str, object] = {"": 1, "\x00": [], "__class__": {}, "id": {"$ref": "#"}, "é": None}
TYPES: tuple[tuple[object, ...], ...] = (
    (GONE,),
    (None,),
    (True, False),
    (0, 1.5, -1, HUGE, ENDLESS, INFINITE),
    ("text", "", "x" * 5_000, "\ud800"),
    ([], [[[[]]]], [None]),
    ({}, ODD_KEYS),
)
"""Each place gets one value of each type, in turn."""

FIRST = 100
NUMBERS = range(FIRST, FIRST + len(TYPES))
"""The clients, one for each type; their companies, notes, forms and conferences are called alike."""

Steps = tuple[str | int, ...]
BROKEN = "UPSTREAM_CONTRACT_BROKEN"
CODES = {BROKEN, "COMPANY_UNKNOWN", "NOT_FOUND"}


def of_client(tree: object, number: int) -> bytes:
    """JSON in which the ids that paths begin with are the client's number."""
    json_ = written(tree)
    for id_ in (b"/companies/3/", b'"id":"3"', b'"421"', b'"81"', b"/forms/81/", b'"61"'):
        json_ = json_.replace(id_, re.sub(rb"\d+", b"%d" % number, id_))
    return json_


def places(tree: object, at: Steps = ()) -> Iterator[Steps]:
    yield at
    pairs = tree.items() if isinstance(tree, dict) else ()
    for key, value in enumerate(tree) if isinstance(tree, list) else pairs:
        yield from places(value, (*at, key))


def broken(tree: object, place: Steps, value: object) -> object:
    """A copy of the tree; what stands in it twice is broken at this place alone."""
    if not place:
        return value
    copied: Any = copy(tree)
    if value is GONE and len(place) == 1:
        del copied[place[0]]
    else:
        copied[place[0]] = broken(copied[place[0]], place[1:], value)
    return copied


class Broken(NamedTuple):
    """A place of a sample, of the activities of a kind or of an entity; and what stands there."""

    name: str
    place: Steps
    values: tuple[object, ...]

    def __str__(self) -> str:
        return "/".join(map(str, (self.name, *self.place)))


@cache
def sample(name: str) -> Any:
    if name in ENTITIES:
        return ENTITIES[name]
    kind = name.removesuffix(" activity")
    return activity("1", kind, "updated", NOON, CARRIED[kind][0])


ACTIVITIES = [f"{kind} activity" for kind in CARRIED]
ACTIVITY_BEFORE: Mapping[str, str] = {
    "client": "",
    "note": "note activity",
    **dict.fromkeys(("form", "result"), "formResult activity"),
    **dict.fromkeys(("conference", "session", "registration"), "conferenceRegistration activity"),
}
"""What leads to an entity; to the client nothing has to, to all others an appointment does."""


class Upstream:
    """Sends to each client a sample that is broken by another value, or the samples as they are."""

    def __init__(self) -> None:
        self.broken: Broken | None = None
        self.activity = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.path == TIMELINE:
            item = self._sent(self.activity, int(url.params["clientId"]))
            return _answer(None if item is None else b'{"items":[' + item + b"]}")
        for name, route in ROUTES.items():
            if match := route.fullmatch(url.path):
                number, asked = match[1], match[match.lastindex or 0]
                if not (number.isdigit() and int(number) in NUMBERS):
                    return _answer(None)
                sent = self._sent(name, int(number))
                return _answer(sent and sent.replace(ASKED.encode(), asked.encode()))
        return _answer(None)

    def _sent(self, name: str, number: int) -> bytes | None:
        tree = sample(name)
        if self.broken is not None and self.broken.name == name:
            tree = broken(tree, self.broken.place, self.broken.values[number - FIRST])
        return None if tree is GONE else of_client(tree, number)


def _answer(body: bytes | None) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return httpx.Response(404 if body is None else 200, content=body or b"", headers=headers)


def selection(type_: GraphQLNamedType, inside: frozenset[str] = frozenset()) -> str:
    """All that there is, but nothing within itself."""
    if is_leaf_type(type_):
        return ""
    inside |= {type_.name}
    chosen = ["__typename"]
    for name, field in getattr(type_, "fields", {}).items():
        of = get_named_type(field.type)
        if of.name not in inside and name != "edges":  # which are the nodes once more
            chosen.append(f"{name} {selection(of, inside)}")
    kinds = schema.build_schema().get_possible_types(type_) if is_abstract_type(type_) else ()
    chosen += [f"... on {each.name} {selection(each, inside)}" for each in kinds]
    return "{" + " ".join(chosen) + "}"


@cache
def document(activity: str) -> str:
    """All about the clients' activities; where there are none, about the clients."""
    client = schema.build_schema().type_map["Client"]
    chosen = selection(client, frozenset({"ClientProfile" if activity else "ActivityConnection"}))
    return f"query($ids: [ID!]!) {{ clients(ids: $ids) {chosen} }}"


class Walk:
    """Asks for all clients, with a place broken, of two gateways that must agree."""

    def __init__(self) -> None:
        self._upstream = Upstream()
        unlimited: dict[str, Any] = dict.fromkeys(
            ("max_depth", "max_duplicate_fields", "max_cost", "max_upstream_reads"), 2**30
        )
        transport = httpx.MockTransport(self._upstream)
        self._gateways = [
            Gateway(transport, compile_queries=compile_queries, **unlimited)
            for compile_queries in ("eager", "off")
        ]
        self._healthy: dict[str, list[Any]] = {}

    async def asked(self, activity: str, broken: Broken | None) -> tuple[list[Any], list[Any]]:
        """The clients, and the errors."""
        self._upstream.activity, self._upstream.broken = activity, broken
        bodies = []
        with capture_logs() as events:
            for gateway in self._gateways:
                answer = await gateway.post(document(activity), {"ids": [*map(str, NUMBERS)]})
                assert answer.status_code == 200
                bodies.append(answer.content)
        assert [event for event in events if event["event"] == "internal_error"] == []
        assert bodies[0] == bodies[1]
        found = json.loads(bodies[0], parse_constant=pytest.fail)
        return found["data"]["clients"], found.get("errors", [])

    async def healthy(self, activity: str) -> list[Any]:
        if activity not in self._healthy:
            self._healthy[activity], errors = await self.asked(activity, None)
            assert errors == []
        return self._healthy[activity]


@pytest.fixture(scope="module")
def walk() -> Walk:
    return Walk()


def differences(one: object, other: object, at: Steps = ()) -> Iterator[Steps]:
    """The innermost places at which two answers differ; a list of another length does as a whole."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from differences(one[key], other[key], (*at, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, yours) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, yours, (*at, index))
    elif one != other:
        yield at


def covers(place: Steps, other: Steps) -> bool:
    return other[: len(place)] == place


PLACES = [
    (name, place)
    for name in (*ACTIVITIES, *ENTITIES)
    if name != "appointments"  # a setting asks for them, and they are like the single ones
    for place in places(sample(name))
]
WALKED = [
    Broken(name, place, tuple(values[turn % len(values)] for values in TYPES))
    for turn, (name, place) in enumerate(PLACES)
]


def test_the_walk_comes_by_every_field():
    keys = {step for walked in WALKED for step in walked.place}
    declared = {
        field.encode_name
        for module in (activities, resources, resources)
        for record in vars(module).values()
        if isinstance(record, type) and issubclass(record, activities.Record)
        for field in structs.fields(record)
    }
    assert declared - keys == {"payload"}  # which is what nobody declared


NOTHING: tuple[object, ...] = (
    *(None, "", [], {}),
    *({"id": ""}, {"foreign": {"id": "1"}}, {"id": None, "text": None, "dateTime": ""}),
)


def held(tree: Any, place: Steps) -> Any:
    for step in place:
        tree = tree[step]
    return tree


def blank(tree: object) -> Any:
    """The same object with an empty text in every place."""
    return {key: blank(each) for key, each in tree.items()} if isinstance(tree, dict) else ""


def nothings(sent: Mapping[str, object]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What says as little as null does, in the place of an object."""
    yield "nothing", NOTHING
    if "id" in sent:
        named = {key: each for key, each in blank(sent).items() if key != "id"}
        yield (
            "empty texts",
            (
                *(
                    None,
                    blank(sent),
                    named,
                    {**named, "id": None},
                    {**named, "id": "", "foreign": 1},
                ),
                *({**dict.fromkeys(sent), "id": ""}, dict.fromkeys(sent)),
            ),
        )
    if sent.keys() == {"dateTime", "timeZone"}:
        zoned = {"timeZone": "Europe/Paris"}
        yield (
            "no local time",
            (
                *(None, zoned, {**zoned, "dateTime": None}, {**zoned, "dateTime": ""}),
                *({"timeZone": ""}, {"timeZone": [], "dateTime": None}, blank(sent)),
            ),
        )


MERGED = ("conferenceRegistration", "session", "start")
"""The place that is read together with the misprinted one: a zone alone says something there."""

OBJECTS = [
    pytest.param(walked := Broken(name, place, values), id=f"{walked} of {what}")
    for name, place in PLACES
    if place and isinstance(place[-1], str) and isinstance(held(sample(name), place), dict)
    for what, values in nothings(held(sample(name), place))
    if place != MERGED or what == "nothing"
]


@pytest.mark.parametrize("walked", OBJECTS)
async def test_an_object_that_says_nothing_is_as_null(walk, walked):
    """In what is shown and in what is told. Empty texts say nothing where an id is needed."""
    name = walked.name
    shown = name if name in ACTIVITIES else ACTIVITY_BEFORE.get(name, "appointment activity")
    healthy = await walk.healthy(shown)
    clients, errors = await walk.asked(shown, walked)
    null, *others = [[*differences(*pair)] for pair in zip(healthy, clients, strict=True)]
    assert others == [null] * len(others)
    told = [
        [
            (error["extensions"]["code"], error["path"][2:])
            for error in errors
            if error["path"][1] == index
        ]
        for index in range(len(NOTHING))
    ]
    assert told == [told[0]] * len(told)


@pytest.mark.parametrize("walked", WALKED, ids=str)
async def test_what_is_broken_costs_no_more_than_its_absence(walk, walked):
    name = walked.name
    shown = name if name in ACTIVITIES else ACTIVITY_BEFORE.get(name, "appointment activity")
    healthy = await walk.healthy(shown)
    clients, errors = await walk.asked(shown, walked)
    assert {error["extensions"]["code"] for error in errors} <= CODES
    lost = [[*differences(*pair)] for pair in zip(healthy, clients, strict=True)]
    absent = [at if isinstance(at[-1], str) else at[:-1] for at in lost[0]]  # lists as a whole
    for index, value in enumerate(walked.values):
        told = BROKEN in {
            error["extensions"]["code"] for error in errors if error["path"][1] == index
        }
        worse = [at for at in lost[index] if not any(covers(each, at) for each in absent)]
        if told:  # else it is another value that may be, such as another id
            assert [at for at in worse if not _excused(walked.place, value, at)] == [], value


def _excused(place: Steps, value: object, lost: Steps) -> bool:
    """Changes are told of all that an activity carries. What stands twice is read where it should
    be. A text for an id is one, which nothing has."""
    return (
        "changes" in lost
        or ("session", "start") in (place[-2:], place[-3:-1])  # the other one, where one is absent
        or place[-1:] == ("form",)  # likewise
        or (place[-1:] == ("id",) and isinstance(value, str))
    )
