from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.sample import SampleData
from gateway.sandbox.representations.client import client_json


def shown(sample_data: SampleData, id_: str) -> Json:
    client_timeline = sample_data.client_timeline("1", id_)
    assert client_timeline is not None
    return client_json(client_timeline.history)


def test_the_text_of_a_consent_is_a_list_or_a_text(sample_data):
    assert isinstance(shown(sample_data, "1020")["marketingConsent"]["text"], list)
    assert isinstance(shown(sample_data, "1100")["marketingConsent"]["text"], str)


def test_who_never_consented_has_no_consent(sample_data):
    assert shown(sample_data, "1000")["explicitConsent"] is None
    assert shown(sample_data, "1000")["marketingConsent"] is None
    assert shown(sample_data, "1001")["explicitConsent"] is None


def test_some_ids_are_numbers_and_most_have_a_picture(sample_data):
    assert shown(sample_data, "1020")["id"] == 1020
    assert shown(sample_data, "1020")["picture"] is None
    assert shown(sample_data, "1100")["id"] == "1100"
    assert shown(sample_data, "1100")["picture"]["mimeType"] == "image/png"


def test_companies_are_those_that_the_client_meets(sample_data):
    assert [company["id"] for company in shown(sample_data, "1100")["companies"]] == ["101", "102"]
