from typing import Any

import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
SELECTION = "... on FormResultActivity { formResult { formResultId form { formId name } } }"


def form_result(**fields: object) -> dict[str, object]:
    return {"id": "1", "type": "formResult", "formResult": {"id": "51", **fields}}


NAMES = {
    "in its place": ({"form": {"id": "52", "name": "Allergies"}}, "Allergies"),
    "under the misprinted name": (
        {"form": {"id": "52"}, "name": {"name": "Allergies"}},
        "Allergies",
    ),
    "in both": ({"form": {"id": "52", "name": "Allergies"}, "name": {"name": "x"}}, "Allergies"),
    "in neither": ({"form": {"id": "52"}, "name": {}}, None),
    "as a number": ({"form": {"id": "52", "name": 5}}, "5"),
}


@pytest.mark.parametrize(("sent", "name"), NAMES.values(), ids=NAMES)
async def test_the_name_of_a_form_may_stand_in_two_places(select, sent, name):
    node, codes = await select(form_result(**sent), SELECTION)
    assert node == {"formResult": {"formResultId": "51", "form": {"formId": "52", "name": name}}}
    assert codes == {}


@pytest.mark.parametrize("sent", [{}, {"id": None}, {"id": ""}], ids=str)
async def test_a_form_without_an_id_keeps_its_name(select, sent):
    node, codes = await select(form_result(form={"name": "Allergies", **sent}), SELECTION)
    form = {"formId": None, "name": "Allergies"}
    assert node == {"formResult": {"formResultId": "51", "form": form}}
    assert codes == {}


@pytest.mark.parametrize("id_", [True, {}, []], ids=repr)
async def test_an_unreadable_id_of_a_form_costs_the_id_alone(select, id_):
    node, codes = await select(form_result(form={"id": id_, "name": "Allergies"}), SELECTION)
    form = {"formId": None, "name": "Allergies"}
    assert node == {"formResult": {"formResultId": "51", "form": form}}
    assert codes == {"formResult.form.formId": BROKEN}


@pytest.mark.parametrize("form", [None, {}, {"id": None, "name": None}], ids=str)
async def test_a_result_may_come_without_its_form(select, form):
    node, codes = await select(form_result(form=form), SELECTION)
    assert (node, codes) == ({"formResult": {"formResultId": "51", "form": None}}, {})


PATH = "/api/2.3/forms/52/results/51"
FORM = "/api/2.3/forms/52"
FORM_OF_RESULT = {"id": "52", "name": "Allergies"}
LINK = "https://api.example.com/api/2.3/forms/52/results/51"


def selected(fields: str) -> str:
    return f"... on FormResultActivity {{ formResult {{ {fields} }} }}"


def today(fields: str) -> str:
    return selected(f"current {{ {fields} }}")


@pytest.fixture
def answers(select):
    """`answers, codes = await answers(result, "value")`: those of a result with these items."""

    async def answers(
        result: object, fields: str = "questionId title type value values path"
    ) -> tuple[Any, dict[str, str]]:
        node, codes = await select(
            form_result(form=FORM_OF_RESULT),
            today(f"answers {{ {fields} }}"),
            {PATH: {"id": "51", "result": result}},
        )
        below = {path.removeprefix("formResult.current."): code for path, code in codes.items()}
        return node["formResult"]["current"]["answers"], below

    return answers


STATUSES = {
    "NEUTRAL": "NEUTRAL",
    "IN_PROGRESS": "IN_PROGRESS",
    "FINISHED": "FINISHED",
    "REOPENING": "REOPENING",
    "ARCHIVED": "UNKNOWN",
    "finished": "UNKNOWN",
}


@pytest.mark.parametrize("word", [*STATUSES, None])
async def test_a_result_of_today_has_a_date_and_a_status_beside_the_upstreams_word(select, word):
    result = {"id": 51, "date": "2026-07-01 09:00", "currentStatus": word, "form": 52}
    node, codes = await select(
        form_result(form=FORM_OF_RESULT),
        today("id form { id } submittedAtRaw status statusRaw answers { value }"),
        {PATH: result},
    )
    assert node["formResult"]["current"] == {
        "id": "51",
        "form": {"id": "52"},
        "submittedAtRaw": "2026-07-01 09:00",
        "status": STATUSES[word] if word else None,
        "statusRaw": word,
        "answers": None,
    }
    assert codes == {}


@pytest.mark.parametrize(
    ("field", "sent", "places"),
    [
        ("currentStatus", 5, ["status", "statusRaw"]),
        ("date", {}, ["submittedAtRaw"]),
        ("form", ["52", "53"], ["form"]),
    ],
)
async def test_an_unreadable_field_of_a_result_costs_itself_only(select, field, sent, places):
    fields = today("id form { id } submittedAtRaw status statusRaw")
    item = form_result(form=FORM_OF_RESULT)
    result = {"id": "51", "form": "52", "date": "x", "currentStatus": "FINISHED"}
    intact, _ = await select(item, fields, {PATH: result})
    node, codes = await select(item, fields, {PATH: {**result, field: sent}})
    expected = {**intact["formResult"]["current"], **dict.fromkeys(places)}
    assert node["formResult"]["current"] == expected
    assert codes == {f"formResult.current.{place}": BROKEN for place in places}


async def test_a_result_that_is_no_more_has_what_was_recorded_and_is_null_today(select):
    fields = "formResultId form { name } current { id submittedAtRaw answers { value } }"
    node, codes = await select(form_result(form=FORM_OF_RESULT), selected(fields))
    recorded = {"formResultId": "51", "form": {"name": "Allergies"}}
    assert node["formResult"] == {**recorded, "current": None}
    assert codes == {}


async def test_a_result_is_one_call_whatever_is_asked_of_it(gateway_with):
    gateway = gateway_with(
        {PATH: {"id": "51", "result": []}},
        form_result(form=FORM_OF_RESULT),
        form_result(form=FORM_OF_RESULT) | {"id": "2"},
    )
    fields = today("submittedAtRaw statusRaw answers { value } again: answers { path }")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    found = [node["formResult"]["current"]["answers"] for node in data["activities"]["nodes"]]
    assert found == [[], []]
    assert gateway.asked == {"/api/2.3/activities": 1, PATH: 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("form", [None, {"name": "without an id"}])
async def test_the_form_of_a_result_may_be_told_by_its_link(select, compile_queries, form):
    item = form_result(form=form, selfLink=LINK)
    known = {PATH: {"id": "51", "date": "x"}}
    fields = today("id submittedAtRaw")
    node, codes = await select(item, fields, known, compile_queries=compile_queries)
    assert node["formResult"]["current"] == {"id": "51", "submittedAtRaw": "x"}
    assert codes == {}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_form_of_a_link_is_that_of_a_form_that_was_sent_with_a_name_alone(
    select, compile_queries
):
    item = form_result(form={"name": "Allergies"}, selfLink=LINK)
    known = {FORM: {"id": "52", "title": "Your allergies"}}
    fields = selected("form { formId name current { id title } }")
    node, codes = await select(item, fields, known, compile_queries=compile_queries)
    current = {"id": "52", "title": "Your allergies"}
    expected = {"formId": "52", "name": "Allergies", "current": current}
    assert (node["formResult"]["form"], codes) == (expected, {})


WITHOUT_IDS: dict[str, dict[str, object]] = {
    "no form": {"selfLink": "https://api.example.com/results/51"},
    "a form without an id": {"form": {"name": "Allergies"}},
    "no id of its own": {"id": None, "form": FORM_OF_RESULT, "selfLink": LINK},
}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("sent", WITHOUT_IDS.values(), ids=WITHOUT_IDS)
async def test_without_its_own_id_or_the_forms_a_result_is_null_today_without_a_read(
    gateway_with, compile_queries, sent
):
    gateway = gateway_with({}, form_result(**sent), compile_queries=compile_queries)
    fields = selected("formResultId selfLink current { id answers { value } }")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = data["activities"]["nodes"]
    assert node["formResult"] == {
        "formResultId": sent.get("id", "51"),
        "selfLink": sent.get("selfLink"),
        "current": None,
    }
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"id": True, "form": FORM_OF_RESULT}, "formResultId"),
        ({"form": {"id": True, "name": "Allergies"}}, "form.formId"),
    ],
)
async def test_an_unreadable_id_costs_the_id_and_the_result_of_today(
    gateway_with, codes, compile_queries, sent, place
):
    gateway = gateway_with({}, form_result(**sent), compile_queries=compile_queries)
    fields = selected("formResultId form { formId name } current { id }")
    answer = await gateway.ask(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = answer["data"]["activities"]["nodes"]
    assert node["formResult"]["form"]["name"] == "Allergies"
    assert node["formResult"]["current"] is None
    places = [f"formResult.{name}" for name in (place, "current")]
    assert codes(answer, below=3) == dict.fromkeys(places, BROKEN)
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_a_form_of_today_is_one_call_and_leaves_the_recorded_name(gateway_with):
    known = {FORM: {"id": "52", "name": "Renamed", "title": "Your allergies"}}
    item = form_result(form=FORM_OF_RESULT)
    gateway = gateway_with(known, item, item | {"id": "2"})
    fields = selected("form { formId name current { id name title } }")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    form = {"formId": "52", "name": "Allergies", "current": known[FORM]}
    assert data["activities"]["nodes"] == [{"formResult": {"form": form}}] * 2
    assert gateway.asked == {"/api/2.3/activities": 1, FORM: 1}


async def test_a_form_that_is_no_more_is_null_today_without_an_error(select):
    fields = selected("form { name current { title } }")
    node, codes = await select(form_result(form=FORM_OF_RESULT), fields)
    assert node["formResult"]["form"] == {"name": "Allergies", "current": None}
    assert codes == {}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_form_of_a_result_of_today_costs_one_read_more_than_its_id(
    gateway_with, compile_queries
):
    known = {
        PATH: {"id": "51", "form": 52},
        FORM: {"id": "52", "name": "Allergies", "title": "Your allergies"},
    }
    item = form_result(form=FORM_OF_RESULT)
    gateway = gateway_with(known, item, compile_queries=compile_queries)
    for fields, form, calls in (
        ("id", {"id": "52"}, {"/api/2.3/activities": 1, PATH: 1}),
        ("id name title", known[FORM], {"/api/2.3/activities": 2, PATH: 2, FORM: 1}),
    ):
        selection = today(f"form {{ {fields} }}")
        data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}")
        assert data["activities"]["nodes"] == [{"formResult": {"current": {"form": form}}}]
        assert gateway.asked == calls


def answer(**fields: object) -> dict[str, object]:
    return {
        **dict.fromkeys(["questionId", "title", "type", "value", "values"]),
        "path": [],
        **fields,
    }


async def test_an_answer_has_all_its_fields(answers):
    items = [{"id": 1, "type": "input", "title": "Last name", "value": "Ito", "bind": "x"}]
    expected = answer(questionId="1", type="input", title="Last name", value="Ito")
    assert await answers(items) == ([expected], {})


async def test_no_answers_are_an_empty_list_and_none_told_are_null(answers):
    assert await answers([]) == ([], {})
    assert await answers(None) == (None, {})


VALUES: dict[str, tuple[dict[str, object], object]] = {
    "a text": ({"value": "x"}, "x"),
    "an empty text": ({"value": ""}, ""),
    "a number": ({"value": 3}, "3"),
    "a broken number": ({"value": 3.5}, "3.5"),
    "a tick": ({"value": True}, "true"),
    "no tick": ({"value": False}, "false"),
    "nothing": ({"title": "x"}, None),
    "a moment": (
        {"zonedDateTime": {"dateTime": "2026-07-01T09:00:00", "timeZone": "Europe/Paris"}},
        "2026-07-01T09:00:00",
    ),
    "a moment in another form": (
        {"zonedDateTime": {"datetime": "2026-07-01 09:00", "timeZone": "Europe/Paris"}},
        "2026-07-01T09:00:00",
    ),
    "a moment with an offset": (
        {"zonedDateTime": {"dateTime": "2026-07-01T09:00:00Z", "timeZone": "Europe/Paris"}},
        "2026-07-01T11:00:00",
    ),
    "a moment with an offset and no zone": (
        {"zonedDateTime": {"dateTime": "2026-07-01T09:00:00.5+05:00"}},
        "2026-07-01T09:00:00.5",
    ),
    "a day and its moment": (
        {"value": "01/07/2026", "zonedDateTime": {"dateTime": "2026-07-01T09:00:00"}},
        "01/07/2026",
    ),
    "a file": ({"fileName": "été.pdf"}, "été.pdf"),
    "a file and its address": (
        {"value": "https://files.example.com/1", "fileName": "été.pdf"},
        "https://files.example.com/1",
    ),
}


@pytest.mark.parametrize(("sent", "value"), VALUES.values(), ids=VALUES)
async def test_a_value_is_text(answers, sent, value):
    assert await answers([sent], "value values") == ([{"value": value, "values": None}], {})


CHOICES: dict[str, tuple[object, object]] = {
    "none": ([], []),
    "values": ([{"name": "Nuts", "value": "nuts"}, {"value": 5}], ["nuts", "5"]),
    "names": ([{"name": "Nuts"}, {"name": "Pollen", "value": None}], ["Nuts", "Pollen"]),
    "within others": (
        [
            {"value": "nuts", "values": [{"value": "peanuts"}, {"value": "noix"}]},
            {"value": "pollen", "values": []},
        ],
        ["peanuts", "noix", "pollen"],
    ),
    "within others within others": (
        [{"name": "a", "values": [{"name": "b", "values": [{"name": "c"}, {"name": "d"}]}]}],
        ["c", "d"],
    ),
    "with nothing in it": ([{}, {"value": "x"}], ["x"]),
}


@pytest.mark.parametrize(("sent", "values"), CHOICES.values(), ids=CHOICES)
async def test_several_values_are_a_list(answers, sent, values):
    found = await answers([{"values": sent}], "value values")
    assert found == ([{"value": None, "values": values}], {})


async def test_a_question_may_have_a_value_and_several(answers):
    items = [{"value": "yes", "values": [{"value": "yes"}]}]
    assert await answers(items, "value values") == ([{"value": "yes", "values": ["yes"]}], {})


def section(title: object, *items: object, **fields: object) -> dict[str, object]:
    return {"type": "section", "title": title, "subItem": list(items), **fields}


async def test_sections_are_dissolved_into_paths_in_the_order_of_the_form(answers):
    items = [
        {"title": "1"},
        section("A", {"title": "2"}, section("B", {"title": "3"}, {"title": "4"}), {"title": "5"}),
        {"title": "6"},
        section("C", section("D", section("E", {"title": "7"}))),
    ]
    found, codes = await answers(items, "title path")
    assert [(each["title"], each["path"]) for each in found] == [
        ("1", []),
        ("2", ["A"]),
        ("3", ["A", "B"]),
        ("4", ["A", "B"]),
        ("5", ["A"]),
        ("6", []),
        ("7", ["C", "D", "E"]),
    ]
    assert codes == {}


SECTIONS: dict[str, tuple[object, list[tuple[object, list[str]]]]] = {
    "without a title": (section(None, {"title": "1"}), [("1", [])]),
    "with a number for a title": (section(2, {"title": "1"}), [("1", ["2"])]),
    "that is empty": (section("A"), [("A", [])]),
    "that is answered itself": (
        section("A", {"title": "1"}, value="yes"),
        [("A", []), ("1", ["A"])],
    ),
    "that has choices itself": (
        section("A", {"title": "1"}, values=[{"name": "x"}]),
        [("A", []), ("1", ["A"])],
    ),
}


@pytest.mark.parametrize(("sent", "found"), SECTIONS.values(), ids=SECTIONS)
async def test_a_section_may_be(answers, sent, found):
    told, codes = await answers([sent], "title path")
    assert [(each["title"], each["path"]) for each in told] == found
    assert codes == {}


@pytest.mark.parametrize("whole", ["Last name: Ito\nAllergies: nuts", ""])
async def test_a_result_may_be_one_text(answers, whole):
    """As version 2.0 of the API sends it."""
    assert await answers(whole) == ([answer(value=whole)], {})


@pytest.mark.parametrize("result", [True, {}, {"items": []}])
async def test_what_is_neither_a_list_nor_a_text_is_unreadable(answers, result):
    assert await answers(result) == (None, {"answers": BROKEN})


@pytest.mark.parametrize(
    "items",
    [
        ["x", {"title": "1"}],
        [5],
        [[{"title": "1"}]],
        [section("A", {"title": "1"}, "x")],
        [section("A"), {"subItem": "x"}],
        [section("A", section("B", {"subItem": {}}))],
    ],
    ids=str,
)
async def test_where_answers_may_be_missing_there_are_none(answers, items):
    assert await answers(items) == (None, {"answers": BROKEN})


@pytest.mark.parametrize(
    ("item", "places"),
    [
        ({"id": {}}, ["questionId"]),
        ({"title": []}, ["title"]),
        ({"type": {}}, ["type"]),
        ({"value": []}, ["value"]),
        ({"value": {}}, ["value"]),
        ({"value": None, "zonedDateTime": "today"}, ["value"]),
        ({"value": None, "fileName": {}}, ["value"]),
        ({"values": "x"}, ["values"]),
        ({"values": ["x", {"value": "y"}]}, ["values"]),
        ({"values": [{"value": []}]}, ["values"]),
        ({"values": [{"value": "x", "values": 5}]}, ["values"]),
        ({"values": [{"value": "x", "values": [{"value": {}}]}]}, ["values"]),
    ],
    ids=str,
)
async def test_an_unreadable_part_of_an_answer_costs_itself_only(answers, item, places):
    intact = {"id": "1", "title": "t", "type": "input", "value": "x", "values": [{"value": "y"}]}
    told = answer(questionId="1", title="t", type="input", value="x", values=["y"])
    found, codes = await answers([{**intact, **item}, intact])
    assert found == [{**told, **dict.fromkeys(places)}, told]
    assert codes == {f"answers.0.{place}": BROKEN for place in places}


def nested(levels: int, inner: bytes, left: bytes, right: bytes) -> bytes:
    return b'{"id": "51", "result": [' + left * levels + inner + right * levels + b"]}"


async def test_sections_may_be_nested_very_deep(select):
    body = nested(150, b'{"value": "x"}', b'{"title": "s", "subItem": [', b"]}")
    item = form_result(form=FORM_OF_RESULT)
    node, codes = await select(item, today("answers { value path }"), {PATH: body})
    assert node["formResult"]["current"]["answers"] == [{"value": "x", "path": ["s"] * 150}]
    assert codes == {}


async def test_values_may_be_nested_very_deep(select):
    body = nested(150, b'{"value": "x"}', b'{"values": [', b"]}")
    item = form_result(form=FORM_OF_RESULT)
    node, codes = await select(item, today("answers { values }"), {PATH: body})
    assert (node["formResult"]["current"]["answers"], codes) == ([{"values": ["x"]}], {})


@pytest.mark.parametrize("levels", [300, 400, 460, 500, 1000, 100_000])
@pytest.mark.parametrize("left", [b'{"subItem": [', b'{"values": ['], ids=["sections", "values"])
async def test_without_end_they_are_answered_or_unreadable_but_no_bug(select, levels, left):
    fields = "formResultId current { id answers { value values path } }"
    body = nested(levels, b'{"value": "x"}', left, b"]}")
    item = form_result(form=FORM_OF_RESULT)
    node, codes = await select(item, selected(fields), {PATH: body})
    assert node["formResult"]["formResultId"] == "51"
    assert set(codes.values()) <= {BROKEN}
    assert codes or node["formResult"]["current"]["answers"]


@pytest.mark.parametrize("left", [b'{"subItem": [', b'{"values": ['], ids=["sections", "values"])
async def test_something_unreadable_very_deep_inside_is_no_bug_either(select, left):
    body = nested(100, b'{"value": []}', left, b"]}")
    item = form_result(form=FORM_OF_RESULT)
    _, codes = await select(item, today("answers { value values }"), {PATH: body})
    (code,) = codes.values()
    assert code == BROKEN


@pytest.mark.parametrize(("sections", "code"), [(10, None), (11, "UPSTREAM_CONTRACT_BROKEN")])
async def test_a_form_with_more_answers_than_any_has_cannot_be_read(select, sections, code):
    questions = {"subItem": [{"title": "Q", "value": "A"}] * 1000}
    node, codes = await select(
        form_result(form=FORM_OF_RESULT),
        today("answers { value }"),
        {PATH: {"id": "51", "result": [questions] * sections}},
    )
    answers = node["formResult"]["current"]["answers"]
    assert (answers and len(answers)) == (None if code else 10_000)
    assert [*codes.values()] == ([code] if code else [])
