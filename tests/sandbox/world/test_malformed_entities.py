from gateway.sandbox.world.malformed import APPOINTMENT, LINK, NOTE
from gateway.sandbox.world.malformed_entities import (
    COMPANY,
    MALFORMED_APPOINTMENTS,
    MALFORMED_STAFF,
    healthy_note,
)


def test_the_timeline_points_at_them():
    ((company_id, appointment),) = MALFORMED_APPOINTMENTS["1"]
    assert appointment["id"] == APPOINTMENT["id"]
    assert f"/companies/{company_id}/appointments/{appointment['id']}" in LINK
    assert healthy_note().id == NOTE["id"]
    assert MALFORMED_STAFF.keys() == {company_id}


def test_their_company_is_known_today_and_was_never_drawn_from(world):
    assert COMPANY.id in world.today["1"].companies
    assert COMPANY.id not in world.today["2"].companies
    assert COMPANY.id not in world.catalogues["1"].companies
