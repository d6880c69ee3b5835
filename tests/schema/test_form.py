import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
SELECTION = "... on FormResultActivity { formResult { id form { id name } } }"


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
async def test_the_name_of_a_form_may_stand_in_two_places(shown, sent, name):
    node, codes = await shown(form_result(**sent), SELECTION)
    assert node == {"formResult": {"id": "51", "form": {"id": "52", "name": name}}}
    assert codes == {}


async def test_without_an_id_there_is_no_form(shown):
    node, codes = await shown(form_result(form={"name": "Allergies"}), SELECTION)
    assert node == {"formResult": {"id": "51", "form": None}}
    assert codes == {"formResult.form": BROKEN}


async def test_a_result_may_come_without_its_form(shown):
    node, codes = await shown(form_result(), SELECTION)
    assert (node, codes) == ({"formResult": {"id": "51", "form": None}}, {})
