"""Every row of the REST documentation reaches the schema, walked with real values through HTTP.

The rows are read out of the documentation itself, a copy of which is beside this file. Where a row is found follows
from the names alone: a snapshot has no `id`, but the id of its thing, such as `staffId`; a word of which an enum value
is made is there as well, in a field `...Raw`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from gateway.schema import build_schema
from tests.support import specification
from tests.support.gateway import Gateway
from tests.support.pages import page

ROWS = [row.name for row in specification.ROWS]
PARAMETERS = [row.name for row in specification.PARAMETERS]

_MAPPED = re.compile(r"^\| `(?P<rest>[A-Za-z.]+)` \| (?P<places>`[A-Z][^|]*`) \|", re.MULTILINE)
_MAPPED_PARAMETER = re.compile(r"^\| `(?P<rest>[A-Za-z]+)` \| `[a-z]+\(", re.MULTILINE)

MISPRINTS = {
    "formResult.name.name": "formResult.form.name",
    "aconferenceRegistration.session.start.dateTime": "conferenceRegistration.session.start.dateTime",
}
CLIENTS = ("1100", "2000")
KIND_OF_TYPE = {"NoteActivity": "note", "ConsentActivity": "consent"}
OTHER_NAMES = {"type": "kind"}

_SCHEMA = build_schema()
_ACTIVITY = cast("GraphQLInterfaceType", _SCHEMA.type_map["Activity"])
Fielded = GraphQLInterfaceType | GraphQLObjectType


def places(rest_path: str) -> list[str]:
    """Where a row is found, as `Type.field.field`: in all activities, or in those of each kind that has it."""
    names = MISPRINTS.get(rest_path, rest_path).split(".")
    first = OTHER_NAMES.get(names[0], names[0])
    kinds = _SCHEMA.get_possible_types(_ACTIVITY)
    owners: Sequence[Fielded] = [_ACTIVITY] if first in _ACTIVITY.fields else kinds
    return [place for owner in owners if first in owner.fields for place in _walk(owner, names)]


def _walk(owner: Fielded, names: list[str]) -> Iterator[str]:
    field, *rest = _field(owner, names[0]), *names[1:]
    if not rest:
        yield from (
            f"{owner.name}.{each}" for each in (field, f"{field}Raw") if each in owner.fields
        )
        return
    inside = get_named_type(owner.fields[field].type)
    assert isinstance(inside, GraphQLObjectType)
    for place in _walk(inside, rest):
        yield place.replace(inside.name, f"{owner.name}.{field}", 1)


def _field(owner: Fielded, name: str) -> str:
    if name == "id" and name not in owner.fields:
        (name,) = (each for each in owner.fields if each.endswith("Id"))
    return OTHER_NAMES.get(name, name)


def type_of(place: str) -> GraphQLNamedType:
    type_name, *names = place.split(".")
    type_: Any = _SCHEMA.type_map[type_name]
    for name in names:
        type_ = get_named_type(type_.fields[name].type)
    assert isinstance(type_, GraphQLNamedType)
    return type_


def values(item, path):
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def expected(place, value):
    """What a REST value is in GraphQL."""
    type_ = type_of(place)
    if isinstance(type_, GraphQLEnumType):
        name = re.sub(r"([A-Z])", r"_\1", value).upper()
        return name if name in type_.values else "UNKNOWN"
    if isinstance(value, list):
        return value
    return int(value) if type_.name == "Int" else str(value)


def selection(place):
    type_name, *names = place.split(".")
    leaf = is_leaf_type(type_of(place))
    inner = " { ".join(names) + ("" if leaf else " { __typename }") + " }" * (len(names) - 1)
    return f"... on {type_name} {{ {inner} }}"


@pytest.fixture
async def rest_items(rest):
    answers = [await rest.get(f"/api/2.3/activities?clientId={client}") for client in CLIENTS]
    return dict(zip(CLIENTS, (answer.json()["items"] for answer in answers), strict=True))


@pytest.fixture
def wide_gateway(rest, sandbox_app):
    return Gateway(httpx.ASGITransport(sandbox_app), max_page_size=1000)


def test_the_documentation_is_read_row_by_row():
    assert len(ROWS) == len({*ROWS}) == 85
    assert PARAMETERS == ["clientId", "type", "sort", "appointmentId"]
    types = re.findall(r"^(?:string|object|list|integer) \|$", specification.TEXT, re.MULTILINE)
    assert len(types) == len(ROWS) + len(PARAMETERS)


def test_every_row_is_found_in_the_schema():
    assert [row for row in ROWS if not places(row)] == []


def test_the_rest_mapping_page_has_every_row():
    mapped = {
        row["rest"]: re.findall(r"`([^`]+)`", row["places"])
        for row in _MAPPED.finditer(page("rest-mapping"))
    }
    assert mapped == {row: places(row) for row in ROWS}
    assert [row["rest"] for row in _MAPPED_PARAMETER.finditer(page("rest-mapping"))] == PARAMETERS


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    ("rest_path", "place"), [(row, place) for row in ROWS for place in places(row)]
)
async def test_a_row_has_its_place(rest_path, place, rest_items, wide_gateway):
    path = MISPRINTS.get(rest_path, rest_path)
    kind = KIND_OF_TYPE.get(place.partition(".")[0])
    samples = {
        (client, str(item["id"])): value
        for client, items in rest_items.items()
        for item in items
        if (value := values(item, path)) is not None and kind in {None, item["type"]}
    }
    assert samples, "the sandbox has no value for this row"
    answers = {
        (client, node["id"]): node
        for client in CLIENTS
        for node in (
            await wide_gateway.data(
                f'{{ activities(clientId: "{client}", first: 1000) '
                f"{{ nodes {{ id {selection(place)} }} }} }}"
            )
        )["activities"]["nodes"]
    }
    for key, value in samples.items():
        answered = values(answers[key], place.partition(".")[2])
        if is_leaf_type(type_of(place)):
            assert answered == expected(place, value)
        else:
            assert answered is not None


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ("clientId=1020", 'clientId: "1020"'),
        ("clientId=1100&type=note", 'clientId: "1100", filter: {kinds: [NOTE]}'),
        (
            "clientId=1100&type=formResult,emailNotification,textMessageNotification",
            'clientId: "1100", filter: {kinds: [FORM_RESULT, EMAIL_NOTIFICATION, TEXT_MESSAGE_NOTIFICATION]}',
        ),
        (
            "clientId=1100&type=appointment,consent,conferenceRegistration",
            'clientId: "1100", filter: {kinds: [APPOINTMENT, CONSENT, CONFERENCE_REGISTRATION]}',
        ),
        ("clientId=1100&sort=asc", 'clientId: "1100", sort: ASC'),
        ("clientId=1100&sort=desc", 'clientId: "1100", sort: DESC'),
        (
            "clientId=1100&appointmentId=411100000001",
            'clientId: "1100", filter: {appointmentId: "411100000001"}',
        ),
    ],
)
async def test_a_query_parameter_has_its_argument(parameters, arguments, rest, wide_gateway):
    items = (await rest.get(f"/api/2.3/activities?{parameters}")).json()["items"]
    data = await wide_gateway.data(
        f"{{ activities({arguments}, first: 1000) {{ nodes {{ id }} }} }}"
    )
    assert [node["id"] for node in data["activities"]["nodes"]] == [
        str(item["id"]) for item in items
    ]
