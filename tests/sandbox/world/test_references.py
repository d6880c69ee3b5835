import pytest

from gateway.sandbox.world.references import appointment_id, reference


def test_a_reference_leads_back_to_its_id():
    assert reference("411100000004") == "RDV-1100-4"
    assert appointment_id("RDV-1100-4") == "411100000004"


@pytest.mark.parametrize("name", ["411100000004", "RDV-1100", "RDV-1100-1234567", "x"])
def test_what_is_no_reference_is_taken_for_an_id(name):
    assert appointment_id(name) == name
