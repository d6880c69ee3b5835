"""The upstream sends every JSON type in every field's place: what comes out is stated by what is declared.

Breaking a value costs no more than its absence.

Each client has one activity, and what lies behind it, with one place broken by a value of
another type; all are asked for at once, all that there is of them, with compiled queries and without.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin

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
from gateway.upstream.records import activities, enums, field_types, resources
from tests.differential.changes import Verbatim, written
from tests.differential.samples import (
    ASKED,
    CARRIED,
    ENTITIES,
    FORM_RESULT,
    NOON,
    REGISTRATION,
    activity,
)
from tests.differential.upstream import ROUTES, TIMELINE
from tests.support.gateway import Gateway

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
NUMBERS = range(FIRST, FIRST + 20)
"""The clients, one for each value that is sent; their companies, notes, forms and conferences are called alike."""

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


def with_value(tree: object, place: Steps, value: object) -> object:
    """A copy of the tree; what stands in it twice is broken at this place alone."""
    if not place:
        return value
    copied: Any = copy(tree)
    if value is GONE and len(place) == 1:
        del copied[place[0]]
    else:
        copied[place[0]] = with_value(copied[place[0]], place[1:], value)
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
    if name in OTHER_ACTIVITIES:
        return activity("1", name.partition(" ")[0], "updated", NOON, OTHER_ACTIVITIES[name])
    kind = name.removesuffix(" activity")
    return activity("1", kind, "updated", NOON, CARRIED[kind][0])


OTHER_ACTIVITIES: Mapping[str, Mapping[str, object]] = {
    "formResult activity without misprint": {
        "formResult": {"id": FORM_RESULT["id"], "form": FORM_RESULT["form"]}
    },
    "formResult activity, misprinted": {
        "formResult": {key: each for key, each in FORM_RESULT.items() if key != "form"}
    },
    "conferenceRegistration activity without misprint": {"conferenceRegistration": REGISTRATION},
    "conferenceRegistration activity, misprinted": {"aconferenceRegistration": REGISTRATION},
}
"""Activities in which nothing stands twice, so that a value is shown, or nothing is."""

ACTIVITIES = [f"{kind} activity" for kind in CARRIED]
ACTIVITY_BEFORE: Mapping[str, str] = {
    "client": "",
    "note": "note activity",
    **dict.fromkeys(("form", "result"), "formResult activity"),
    **dict.fromkeys(("conference", "session", "registration"), "conferenceRegistration activity"),
}
"""What leads to an entity; to the client nothing has to, to all others an appointment does."""


def shown_by(name: str) -> str:
    """The activity that shows a sample, or leads to it."""
    is_activity = name in ACTIVITIES or name in OTHER_ACTIVITIES
    return name if is_activity else ACTIVITY_BEFORE.get(name, "appointment activity")


class SampleUpstream:
    """Sends to each client a sample that is broken by another value, or the samples as they are."""

    def __init__(self) -> None:
        self._activity = ""
        self._broken = ""
        self._sent_broken: dict[int, bytes | None] = {}

    def send(self, activity: str, broken: Broken | None) -> None:
        """From now on, an activity, and a sample with each value of `broken` in its place."""
        self._activity, self._broken, self._sent_broken = activity, "", {}
        if broken is not None:
            self._broken = broken.name
            for number, value in zip(NUMBERS, broken.values, strict=False):
                tree = with_value(sample(broken.name), broken.place, value)
                self._sent_broken[number] = None if tree is GONE else of_client(tree, number)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.path == TIMELINE:
            item = self._sent(self._activity, int(url.params["clientId"]))
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
        return self._sent_broken.get(number) if name == self._broken else healthy_body(name, number)


@cache
def healthy_body(name: str, number: int) -> bytes:
    """The body of a sample as it is, for a client."""
    return of_client(sample(name), number)


def _answer(body: bytes | None) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return httpx.Response(404 if body is None else 200, content=body or b"", headers=headers)


MADE_OF_NODES = {"edges", "counts", "appointmentThreads"}
"""Fields that show the activities once more."""


def selection(
    type_: GraphQLNamedType, inside: frozenset[str] = frozenset(), chosen_before: Any = ()
) -> str:
    """All that there is, but nothing within itself, and of a kind nothing that was chosen of all."""
    if is_leaf_type(type_):
        return ""
    inside |= {type_.name}
    chosen = ["__typename"]
    fields = getattr(type_, "fields", {})
    for name, field in fields.items():
        of = get_named_type(field.type)
        if of.name not in inside and name not in {*MADE_OF_NODES, *chosen_before}:
            chosen.append(f"{name} {selection(of, inside)}")
    kinds = schema.build_schema().get_possible_types(type_) if is_abstract_type(type_) else ()
    chosen += [f"... on {each.name} {selection(each, inside, fields)}" for each in kinds]
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
        self._upstream = SampleUpstream()
        unlimited: dict[str, Any] = dict.fromkeys(
            ("max_depth", "max_duplicate_fields", "max_cost", "max_upstream_reads"), 2**30
        )
        transport = httpx.MockTransport(self._upstream)
        self._gateways = [
            Gateway(transport, compile_queries=compile_queries, **unlimited)
            for compile_queries in ("eager", "off")
        ]
        self._healthy: dict[str, list[Any]] = {}

    async def ask(self, activity: str, broken: Broken | None) -> tuple[list[Any], list[Any]]:
        """The clients, and the errors."""
        self._upstream.send(activity, broken)
        numbers = NUMBERS if broken is None else NUMBERS[: len(broken.values)]
        bodies = []
        with capture_logs() as events:
            for gateway in self._gateways:
                answer = await gateway.post(document(activity), {"ids": [*map(str, numbers)]})
                assert answer.status_code == 200
                bodies.append(answer.content)
        assert [event for event in events if event["event"] == "internal_error"] == []
        assert bodies[0] == bodies[1]
        found = json.loads(bodies[0], parse_constant=pytest.fail)
        return found["data"]["clients"], found.get("errors", [])

    async def healthy(self, activity: str, broken: Broken) -> list[Any]:
        """The clients as they are where nothing is broken, one for each value."""
        if activity not in self._healthy:
            self._healthy[activity], errors = await self.ask(activity, None)
            assert errors == []
        return self._healthy[activity][: len(broken.values)]


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


NOT_SENT = {activities.CompanySnapshot, resources.RequestedClient}
"""What is made of a link and of an argument, and not sent as an object."""


def test_the_walk_comes_by_every_field():
    keys = {step for walked in WALKED for step in walked.place}
    declared = {
        field.encode_name
        for module in (activities, resources, resources)
        for record in vars(module).values()
        if isinstance(record, type) and issubclass(record, activities.Record)
        for field in structs.fields(record)
        if record not in NOT_SENT
    }
    assert declared - keys == {"payload"}  # which is what nobody declared


RECORDS: Mapping[str, type[activities.Record]] = {
    **{f"{kind} activity": record for kind, record in activities.KINDS.items()},
    **{name: activities.KINDS[name.partition(" ")[0]] for name in OTHER_ACTIVITIES},
    "client": resources.Client,
    "note": resources.Note,
    "company": resources.Company,
    "staff": resources.Staff,
    "services": resources.Service,
    "appointment": resources.Appointment,
    "form": resources.Form,
    "result": resources.FormResult,
    "conference": resources.Conference,
    "session": resources.ConferenceSession,
    "registration": resources.ConferenceRegistration,
}


def members(declared: Any) -> frozenset[Any]:
    return frozenset(map(repr, field_types.union_members(declared))) - {repr(type(None))}


def declared_at(declared: Any, place: Steps) -> tuple[str, Any]:
    """The name of the field at a place of what is declared, and its type; None where there is nothing such."""
    step, *rest = place
    for each in field_types.union_members(declared):
        if isinstance(step, int) and get_origin(each) is Annotated:
            (element,) = get_args(get_args(each)[0])
            return declared_at(element, tuple(rest)) if rest else ("an element", element)
        if isinstance(step, str) and isinstance(each, type) and issubclass(each, activities.Record):
            for field in structs.fields(each):
                if field.encode_name == step:
                    owner = activities.Activity if issubclass(each, activities.Activity) else each
                    name = f"{owner.__module__}.{owner.__name__}.{step}"
                    return declared_at(field.type, tuple(rest)) if rest else (name, field.type)
    return "", None


def declared_in(name: str, place: Steps) -> tuple[str, Any]:
    """The name of the field at a place of a sample, and its type; None where nothing is declared."""
    inside = place[2:] if name in {"staff", "services"} else place
    if inside and name.endswith("misprinted"):
        inside = (activities.MISPRINTS.get(str(inside[0]), inside[0]), *inside[1:])
    return declared_at(RECORDS[name], inside) if inside else ("", None)


def needs(name: str, place: Steps) -> bool:
    """Whether an object cannot be read without the id or the kind that stands at a place."""
    _, declared = declared_in(name, place)
    is_identity = place[-1] == "id" or place == ("type",)
    return is_identity and type(None) not in field_types.union_members(declared)


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


def nothings(name: str, place: Steps) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What says as little as null does, in the place of an object."""
    sent = held(sample(name), place)
    yield "nothing", NOTHING
    if "id" in sent and not needs(name, (*place, "id")):
        yield (
            "no values",
            (
                *(None, dict.fromkeys(sent), {"id": ""}, {"id": None}),
                *({**dict.fromkeys(sent), "id": ""}, {**dict.fromkeys(sent), "foreign": 1}),
                {"id": "", "foreign": {"id": "1"}},
            ),
        )
    elif "id" in sent:
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
    for what, values in nothings(name, place)
    if place != MERGED or what == "nothing"
]


@pytest.mark.sample(1)
@pytest.mark.parametrize("walked", OBJECTS)
async def test_an_object_that_says_nothing_is_as_null(walk, walked):
    """In what is shown and in what is told. Empty texts say nothing where an id is needed, as snapshots do not."""
    shown = shown_by(walked.name)
    healthy = await walk.healthy(shown, walked)
    clients, errors = await walk.ask(shown, walked)
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


@pytest.mark.sample(2)
@pytest.mark.parametrize("walked", WALKED, ids=str)
async def test_what_is_broken_costs_no_more_than_its_absence(walk, walked):
    shown = shown_by(walked.name)
    healthy = await walk.healthy(shown, walked)
    clients, errors = await walk.ask(shown, walked)
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
        or (place != () and covers(place, MERGED))  # likewise
        or place[-1:] == ("form",)  # likewise
        or place[-2:] == ("form", "id")  # which is in the link as well
        or (place[-1:] == ("id",) and isinstance(value, str))
    )


class Error:
    """What a table of `STATED` has where there is null, or nothing, and an error."""

    def __repr__(self) -> str:
        return "ERROR"


ERROR = Error()
LINK = "https://example.com/x/1"
NINE, TEN = "2026-01-02T09:00:00", "2026-01-02T10:00:00"


class Table(NamedTuple):
    """What comes out of what is sent, where one type is declared.

    Attributes:
        plain: Two values that are sent as they are declared, and shown so: they tell where they are shown. None
            where the sample itself, and null, tell it.
        odd: What else is sent, and what is shown then: a value, None for null, or `ERROR`.
    """

    plain: tuple[tuple[object, object], tuple[object, object]] | None
    odd: Sequence[tuple[object, object]]


NO_TEXT = [(True, ERROR), ([], ERROR), (["x"], ERROR), ({}, ERROR), ({"a": "x", "b": "y"}, ERROR)]
TEXTS: list[tuple[object, object]] = [
    *((None, None), (7, "7"), (7.5, "7.5"), (7.0, "7.0"), ("7", "7")),
    *(({"name": "x", "id": "8"}, "x"), ({"value": 7}, "7"), ({"text": "x", "id": "8"}, "x")),
    ({"other": "x"}, "x"),
    *NO_TEXT,
]
IDS: list[tuple[object, object]] = [
    *((7, "7"), (7.0, "7"), (7.5, ERROR), ("7", "7"), ("1.0", "1.0"), (True, ERROR)),
    *(([], ERROR), (["7"], ERROR), ({}, ERROR), ({"id": "x"}, "x"), ({"value": 7.0}, "7")),
    *(({"other": "7"}, "7"), ({"other": "x"}, ERROR)),
]
NO_OBJECT: list[tuple[object, object]] = [
    *((True, ERROR), (7, ERROR), (7.5, ERROR), ("x", ERROR), (["x"], ERROR), ([{}], ERROR))
]
OBJECT = Table(
    None, [*NO_OBJECT, ("", None), ([], None), ({}, None), ({"foreign": 7}, None), (None, None)]
)
NEEDED = Table(
    None,
    [*NO_OBJECT, (None, ERROR), ("", ERROR), ([], ERROR), ({}, ERROR), ({"foreign": 7}, ERROR)],
)
"""An activity, and what a read of its own is made for."""

LIST = Table(
    None,
    [
        *((None, None), ("", None), (True, ERROR), (7, ERROR), (7.5, ERROR), ("x", ERROR)),
        *(({}, ERROR), ({"0": "x"}, ERROR), ([], None)),
    ],
)


WORD = Table(
    (("one", "one"), ("two", "two")),
    [
        *((None, None), ("", None), (True, ERROR), (7, ERROR), (7.5, ERROR), ("new", "new")),
        *(([], ERROR), (["one"], ERROR), ({}, ERROR), ({"a": "one", "b": "two"}, ERROR)),
        *(({"name": "two", "id": "8"}, "two"), ({"other": "new"}, "new")),
    ],
)
"""A word that stands for a member of an enum, as it is sent."""


def members_of(enum: type[enums.UpstreamEnum], one: str, other: str) -> Table:
    """The same where the member is shown."""
    shown = {word: enum(word).name for word in (one, other)}
    return Table(
        ((one, shown[one]), (other, shown[other])),
        [
            *(
                (None, None),
                ("", None),
                (True, ERROR),
                (7, ERROR),
                (7.5, ERROR),
                ("new", "UNKNOWN"),
            ),
            *(([], ERROR), ([one], ERROR), ({}, ERROR), ({"a": one, "b": other}, ERROR)),
            *(({"name": other, "id": "8"}, shown[other]), ({"other": "new"}, "UNKNOWN")),
        ],
    )


APPOINTMENT_STATUS = members_of(enums.AppointmentStatus, "pending", "declined")
REGISTRATION_STATUS = members_of(enums.RegistrationStatus, "accepted", "cancelled")

MADE_OF: Mapping[str, Table] = {
    "event": members_of(enums.ActivityEvent, "created", "deleted"),
    "appointment/status": APPOINTMENT_STATUS,
    "appointment/previousStatus": APPOINTMENT_STATUS,
    "conferenceRegistration/status": REGISTRATION_STATUS,
    "registration/status": REGISTRATION_STATUS,
    "sourceType": members_of(enums.RegistrationSourceType, "api", "widget"),
    "currentStatus": members_of(enums.FormResultStatus, "NEUTRAL", "FINISHED"),
    "conferenceRegistration/conference/capacity": Table(
        (("11", 11), ("12", 12)),
        [
            *((None, None), ("", None), (True, ERROR), (7, 7), (7.0, 7), (7.5, None)),
            *(("7.0", 7), ("1,000", None), ("x", None), ([], ERROR), (["7"], ERROR)),
            *(({}, ERROR), ({"value": 7}, 7), ({"name": "7"}, 7)),
        ],
    ),
}
"""By the end of a place, what is made of a text, beside which the text itself is shown."""


STATED: Sequence[tuple[Any, Table]] = [
    (field_types.Text, Table((("one", "one"), ("two", "two")), [*TEXTS, ("", "")])),
    (field_types.NonEmptyText, Table((("one", "one"), ("two", "two")), [*TEXTS, ("", None)])),
    (
        field_types.Link,
        Table(
            ((LINK, LINK), ("/two", "/two")),
            [
                *(
                    (None, None),
                    ("", ""),
                    (True, ERROR),
                    (7, "7"),
                    (7.5, "7.5"),
                    ("x", "x"),
                    ([], ERROR),
                ),
                *(
                    ([LINK], ERROR),
                    ({}, ERROR),
                    ({"href": LINK, "id": "8"}, LINK),
                    ({"url": "x"}, "x"),
                ),
                *(({"other": LINK}, LINK), ({"other": "x"}, ERROR)),
            ],
        ),
    ),
    (
        field_types.Id,
        Table((("one", "one"), ("two", "two")), [*IDS, (None, None), ("", None)]),
    ),
    (
        field_types.Count,
        Table(
            ((11, 11), (12, 12)),
            [
                *((None, None), ("", None), (True, ERROR), (7, 7), (7.0, 7), (7.5, ERROR)),
                *((2**31, ERROR), ("7", 7), ("7.0", 7), ("1,000", ERROR), ("x", ERROR)),
                *(([], ERROR), ([7], ERROR), ({}, ERROR), ({"value": 7}, ERROR)),
            ],
        ),
    ),
    (
        resources.Amount,
        Table(
            ((11.5, 11.5), (12.5, 12.5)),
            [
                *(
                    (None, None),
                    ("", None),
                    (True, ERROR),
                    (7, 7.0),
                    ("45.00", 45.0),
                    ("45,00", ERROR),
                ),
                *(("1,000", ERROR), ([], ERROR), ([7], ERROR), ({}, ERROR), ({"value": 7}, ERROR)),
            ],
        ),
    ),
    (
        resources.Money | resources.Amount,
        Table(
            ((11.5, 11.5), ({"amount": 12.5}, 12.5)),
            [
                *(
                    (None, None),
                    ("", None),
                    (True, ERROR),
                    (7, 7.0),
                    ("45.00", 45.0),
                    ("45,00", ERROR),
                ),
                *(([], None), ([7], ERROR), ({}, None), ({"amount": "7"}, 7.0)),
                *(({"amount": "45,00"}, ERROR), ({"value": 7}, None)),
            ],
        ),
    ),
    (
        bool,
        Table(
            ((True, True), (False, False)),
            [
                *((None, None), ("", None), ("true", True), ("false", False), ("yes", ERROR)),
                *((1, ERROR), (0.0, ERROR), ([], ERROR), ([True], ERROR), ({}, ERROR)),
                ({"value": True}, ERROR),
            ],
        ),
    ),
    (field_types.Word, WORD),
    (
        str,  # a date-time; where there is none, there is no date
        Table(
            ((NINE, NINE), (TEN, TEN)),
            [
                *((None, None), ("", None), (True, ERROR), (7, ERROR), (7.5, ERROR), ("x", ERROR)),
                *(("2026-01-02 09:00", NINE), ([], ERROR), ([NINE], ERROR), ({}, ERROR)),
                *(({"value": NINE}, NINE), ({"a": NINE, "b": TEN}, ERROR)),
            ],
        ),
    ),
    (
        resources.Consent.__annotations__["date_time"],
        Table(
            ((NINE, NINE), (TEN, TEN)),
            [
                *((None, None), ("", None), (True, ERROR), (7, ERROR), (7.5, ERROR), ("x", ERROR)),
                *(("2026-01-02 09:00", NINE), ([], None), ([NINE], ERROR), ({}, None)),
                *(({"value": NINE}, NINE), ({"dateTime": NINE}, NINE)),
            ],
        ),
    ),
    (
        resources.Consent.__annotations__["sent_text"],
        Table(
            (("one", "one"), (["two"], "two")),
            [
                *(
                    (None, None),
                    ("", ""),
                    (True, ERROR),
                    (7, "7"),
                    (7.5, "7.5"),
                    ([], ""),
                    (["x", 7], "x\n7"),
                ),
                *(([["x"]], ERROR), ({}, ERROR), ({"name": "x"}, "x")),
            ],
        ),
    ),
    (
        activities.FormResultSnapshot.__annotations__["misprinted_name"],
        Table(
            (({"name": "one"}, "one"), ("two", "two")),
            [
                *(
                    (None, None),
                    ("", None),
                    (True, ERROR),
                    (7, "7"),
                    (7.5, "7.5"),
                    ([], None),
                    (["x"], ERROR),
                ),
                *(({}, None), ({"value": "x"}, "x"), ({"a": "x", "b": "y"}, None)),
            ],
        ),
    ),
    (
        resources.FormItem.__annotations__["value"],
        Table(
            (("one", "one"), ("two", "two")),
            [
                *((None, None), ("", ""), (True, "true"), (7, "7"), (7.5, "7.5"), ([], ERROR)),
                *((["x"], ERROR), ({}, ERROR), ({"name": "x"}, "x"), ({"a": "x", "b": "y"}, ERROR)),
            ],
        ),
    ),
    (
        resources.FormResult.__annotations__["result"],
        Table(
            (("one", "one"), ([{"value": "two"}], "two")),
            [
                *((None, None), (True, ERROR), (7, ERROR), (7.5, ERROR), ("", ""), ([], None)),
                *((["x"], ERROR), ({}, ERROR), ({"name": "x"}, ERROR)),
            ],
        ),
    ),
]
"""By what is declared."""


STATED_PLACES = [
    (name, place)
    for name in (*ACTIVITIES, *OTHER_ACTIVITIES, *ENTITIES)
    if name not in {"appointments", "formResult activity", "conferenceRegistration activity"}
    for place in places(sample(name))
]
"""All of them, but those in which something stands twice, and a setting's."""

ROSTER = Table(None, [*NO_OBJECT, (None, ERROR), ("", ERROR), ([], None), ({}, ERROR)])
"""The staff or the services of a company, and the list of them: there may be none."""

NOT_SHOWN = {
    *("client/id", "appointment/id", "appointment/client", "appointment/client/id"),
    *("registration/client", "registration/client/id"),
    *(f"{name}/items/{index}/id" for name in ("staff", "services") for index in (0, 1)),
    *("client/explicitConsent/text/0", "client/explicitConsent/text/1"),  # joined to one text
    "result/result/1/zonedDateTime/timeZone",
    "result/result/2/subItem/0/fileName",  # there is a value beside it
    *(f"result/result/2/subItem/2/values/0{rest}" for rest in ("/name", "/values", "/values/0")),
    "result/result/2/subItem/2/values/0/values/0/name",  # likewise
}
"""What no field shows by itself: of an id that was asked for, nothing is shown but the one that was asked for."""

SHOWN_OTHERWISE: Mapping[str, Mapping[str, object]] = {
    "timeZone": {"": None},  # of a date
    "formResult activity, misprinted/formResult/name/name": {"": None},
    "result/result": {"": None},
    "result/result/2/subItem/0/value": {"null": "a.pdf"},  # the file that is named beside it
    "result/result/2/subItem/2/values/0/values/0/value": {"null": "D"},  # the name beside it
}
"""By place, what is shown otherwise than the table says, by what is sent."""


def tables_of(name: str, place: Steps) -> Iterator[Table]:
    """What is stated of a place: of what stands there, and of what is made of it."""
    yield table_of(name, place)
    where = "/".join(map(str, (name.removesuffix(" activity"), *place)))
    yield from (table for end, table in MADE_OF.items() if f"/{where}".endswith(f"/{end}"))


def table_of(name: str, place: Steps) -> Table:
    if name in {"staff", "services"} and len(place) < 2:
        return ROSTER
    _, declared = declared_in(name, place)
    if declared is None:
        return NEEDED
    (member, *_) = field_types.union_members(declared)
    table = TABLES.get(members(declared), LIST if get_origin(member) is Annotated else OBJECT)
    otherwise = SHOWN_OTHERWISE.get("/".join(map(str, (name, *place))), {})
    if place[-1] in {"timeZone", "timezone"} and len(place) > 1:
        otherwise = SHOWN_OTHERWISE["timeZone"]
    if needs(name, place):
        others = held(sample(name), place[:-1])
        lost = ERROR if len(others) > 1 else None
        otherwise = {"": lost, "null": lost}
    return Table(
        table.plain,
        [
            (
                sent,
                otherwise.get("null" if sent is None else sent, shown)
                if sent is None or sent == ""
                else shown,
            )
            for sent, shown in table.odd
        ],
    )


TABLES = {members(declared): table for declared, table in STATED}


def leaves(tree: object) -> Iterator[tuple[Steps, object]]:
    for place in places(tree):
        if not isinstance(value := held(tree, place), dict | list):
            yield place, value


DERIVED = {"changes", "payload", "pageInfo", "edges", "completeness", "totalCount"}
"""What is made of much else, or of the place of an activity."""


def places_of(name: str, table: Table, one: Any, other: Any) -> list[Steps]:
    """Where the first plain value is shown in one client and the second in the other."""
    if table.plain is None:
        found = [
            at
            for at in differences(one, other)
            if held(other, at) is None or isinstance(held(other, at), list)
        ]
    else:
        (_, first), (_, second) = table.plain
        shown = dict(leaves(other))
        found = [
            at
            for at, value in leaves(one)
            if repr(value) == repr(first) and repr(shown.get(at)) == repr(second)
        ]
    read = set() if name in ENTITIES else {"current"}
    # That a company cannot be read is told where it is asked for, and not at the currency of a price.
    return [
        at
        for at in found
        if not (DERIVED | read) & {*at} and (table.plain or at[-2:] != ("price", "currency"))
    ]


def shown_at(at: Steps, client: Any, healthy: Any) -> Any:
    """What is shown at a place; None where there is nothing, or fewer things in a list."""
    for step in (*at, None):
        if client is None or (isinstance(client, list) and len(client) < len(healthy)):
            return None
        if step is not None:
            client, healthy = client[step], healthy[step]
    return client


def test_each_table_has_each_type_of_json():
    for table in (OBJECT, NEEDED, LIST, *TABLES.values()):
        sent = [type(each) for each, _ in (*(table.plain or ()), *table.odd)]
        assert {*sent} >= {type(None), bool, int, float, str, list, dict}, table


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("name", "place"), STATED_PLACES, ids=["/".join(map(str, (n, *at))) for n, at in STATED_PLACES]
)
async def test_what_is_sent_is_shown_as_the_tables_say(walk, name, place):
    for table in tables_of(name, place):
        plain = table.plain or ()
        values = tuple(sent for sent, _ in (*plain, *table.odd))
        walked = Broken(name, place, values)
        healthy = await walk.healthy(shown_by(name), walked)
        clients, errors = await walk.ask(shown_by(name), walked)
        null = values.index(None)
        one, other = clients[:2] if plain else (healthy[null], clients[null])
        found = places_of(name, table, one, other)
        if table in MADE_OF.values():  # some words are the names of their members
            found = [at for at in found if not str(at[-1]).endswith("Raw")]
        assert (found == []) is (str(walked) in NOT_SHOWN)
        for index, (sent, stated) in enumerate(table.odd, len(plain)):
            told = [
                tuple(error["path"][2:])
                for error in errors
                if error["path"][1] == index and error["extensions"]["code"] == BROKEN
            ]
            for at in found:
                shown = shown_at(at, clients[index], healthy[index])
                failed = any(covers(each, at) for each in told)
                what = (sent, at, shown, told)
                assert failed is (stated is ERROR), what
                assert repr(shown) == repr(None if stated is ERROR else stated), what
