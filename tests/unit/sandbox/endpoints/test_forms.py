import pytest

from tests.unit.sandbox.contract import Form, FormResult, activities, many, one, refused

PATH = "/api/2.3/forms"


async def test_a_form_is_what_the_list_says(rest):
    listed = await many(rest, PATH, Form)
    assert len(listed) == 3
    for form in listed:
        assert await one(rest, f"{PATH}/{form.id}", Form) == form


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
async def test_results_are_those_of_the_timeline(rest, client_id):
    names = {str(form.id): form.name for form in await many(rest, PATH, Form)}
    for activity in await activities(rest, client_id, "formResult"):
        told = activity["formResult"]
        form_id, name = str(told["form"]["id"]), told["form"].get("name")
        assert names[form_id] == (name or told["name"]["name"])
        shown = await one(rest, f"{PATH}/{form_id}/results/{told['id']}", FormResult)
        assert [str(shown.id), str(shown.form), str(shown.client)] == [
            told["id"],
            form_id,
            client_id,
        ]


@pytest.mark.parametrize(
    "path",
    [
        "2000000000000701",
        "1000000000000701/results/431100000099",
        "1000000000000701/results/1",
        "1/results/431100000001",
        "2000000000000701/results/433050000001",
    ],
)
async def test_what_belongs_to_others_or_to_another_form_is_unknown(rest, path):
    assert await refused(rest, f"{PATH}/{path}")
