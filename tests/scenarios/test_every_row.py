"""Every row of the REST documentation, as the README maps it, walked with real values through HTTP."""

import json
import re
from pathlib import Path

import httpx
import pytest

from tests.conftest import Gateway

_README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `(?P<rest>[A-Za-z.]+)` \| (?P<places>`[A-Z][^|]*`) \|", re.MULTILINE)
_PARAMETER = re.compile(
    r"^\| `(?P<rest>[A-Za-z]+)` \| (?P<places>`[a-z]+\([^|]*`) \|", re.MULTILINE
)

ROWS = [
    (row["rest"], place)
    for row in _ROW.finditer(_README)
    for place in re.findall(r"`([^`]+)`", row["places"])
]
PARAMETERS = [row["rest"] for row in _PARAMETER.finditer(_README)]

MISPRINTS = {
    "formResult.name.name": "formResult.form.name",
    "aconferenceRegistration.session.start.dateTime": "conferenceRegistration.session.start.dateTime",
}
CLIENTS = ("1100", "2000")
KIND_OF_TYPE = {"NoteActivity": "note", "ConsentActivity": "consent"}


def values(item, path):
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def expected(rest_path, place, value):
    """What a REST value is in GraphQL."""
    if isinstance(value, dict):
        return {"__typename": value and "…"}
    if rest_path in {"type", "event"} or rest_path.endswith(("tatus", "sourceType")):
        return value if place.endswith("Raw") else re.sub(r"([A-Z])", r"_\1", value).upper()
    if rest_path.endswith("capacity"):
        return int(value)
    if isinstance(value, list) or rest_path.endswith("numberOfSeats"):
        return value
    return str(value)


def selection(place, *, leaf):
    type_name, *names = place.split(".")
    inner = " { ".join(names) + ("" if leaf else " { __typename }") + " }" * (len(names) - 1)
    return f"... on {type_name} {{ {inner} }}"


@pytest.fixture
async def rest_items(rest):
    answers = [await rest.get(f"/api/2.3/activities?clientId={client}") for client in CLIENTS]
    return dict(zip(CLIENTS, (answer.json()["items"] for answer in answers), strict=True))


@pytest.fixture
def wide_gateway(rest, sandbox_app):
    return Gateway(httpx.ASGITransport(sandbox_app), max_page_size=1000)


def test_the_table_has_every_row():
    assert len({rest_path for rest_path, _ in ROWS}) == 85
    assert PARAMETERS == ["clientId", "type", "sort", "appointmentId"]


@pytest.mark.parametrize(("rest_path", "place"), ROWS, ids=[" ".join(row) for row in ROWS])
async def test_a_row_has_its_place(rest_path, place, rest_items, wide_gateway):
    path = MISPRINTS.get(rest_path, rest_path)
    kind = KIND_OF_TYPE.get(place.partition(".")[0])
    unknown_words = ("awaitingPayment", "archived", "call")
    samples = {
        (client, str(item["id"])): value
        for client, items in rest_items.items()
        for item in items
        if (value := values(item, path)) not in (None, *unknown_words)
        and kind in (None, item["type"])
    }
    assert samples, "the sandbox has no value for this row"
    leaf = not any(isinstance(value, dict) for value in samples.values())
    answers = {
        (client, node["id"]): node
        for client in CLIENTS
        for node in (
            await wide_gateway.data(
                f'{{ activities(clientId: "{client}", first: 1000) '
                f"{{ nodes {{ id {selection(place, leaf=leaf)} }} }} }}"
            )
        )["activities"]["nodes"]
    }
    for key, value in samples.items():
        answered = values(answers[key], ".".join(place.split(".")[1:]))
        if leaf:
            assert answered == expected(rest_path, place, value)
        else:
            assert answered is not None


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ("clientId=1020", 'clientId: "1020"'),
        ("clientId=1100&type=note", 'clientId: "1100", kinds: [NOTE]'),
        (
            "clientId=1100&type=formResult,emailNotification,textMessageNotification",
            'clientId: "1100", kinds: [FORM_RESULT, EMAIL_NOTIFICATION, TEXT_MESSAGE_NOTIFICATION]',
        ),
        (
            "clientId=1100&type=appointment,consent,conferenceRegistration",
            'clientId: "1100", kinds: [APPOINTMENT, CONSENT, CONFERENCE_REGISTRATION]',
        ),
        ("clientId=1100&sort=asc", 'clientId: "1100", sort: ASC'),
        ("clientId=1100&sort=desc", 'clientId: "1100", sort: DESC'),
        (
            "clientId=1100&appointmentId=411100000001",
            'clientId: "1100", appointmentId: "411100000001"',
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


def test_the_mapping_is_json_free_of_duplicates():
    assert len(ROWS) == len({json.dumps(row) for row in ROWS})
