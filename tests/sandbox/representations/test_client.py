from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.sample import SampleData
from gateway.sandbox.representations.client import client_json


def shown(world: SampleData, id_: str) -> Json:
    life = world.client_timeline("1", id_)
    assert life is not None
    return client_json(life.history)


def test_the_text_of_a_consent_is_a_list_or_a_text(world):
    assert isinstance(shown(world, "1020")["marketingConsent"]["text"], list)
    assert isinstance(shown(world, "1100")["marketingConsent"]["text"], str)


def test_who_never_consented_has_no_consent(world):
    assert shown(world, "1000")["explicitConsent"] is None
    assert shown(world, "1000")["marketingConsent"] is None
    assert shown(world, "1001")["explicitConsent"] is None


def test_some_ids_are_numbers_and_most_have_a_picture(world):
    assert shown(world, "1020")["id"] == 1020
    assert shown(world, "1020")["picture"] is None
    assert shown(world, "1100")["id"] == "1100"
    assert shown(world, "1100")["picture"]["mimeType"] == "image/png"


def test_companies_are_those_that_the_client_meets(world):
    assert [company["id"] for company in shown(world, "1100")["companies"]] == ["101", "102"]
