from zoneinfo import ZoneInfo

from gateway.sandbox.world.catalogue import catalogue


def test_companies_of_account_1_are_in_three_zones_one_under_its_old_name():
    zones = [company.time_zone for company in catalogue("1", 1).companies.values()]
    assert zones == [ZoneInfo("Europe/Paris"), ZoneInfo("US/Eastern"), ZoneInfo("Asia/Kolkata")]


def test_staff_and_services_belong_to_one_company():
    owned = catalogue("1", 1)
    for company in owned.companies.values():
        assert len(owned.staff_of(company)) == 5
        assert len(owned.services_of(company)) == 4


def test_another_seed_gives_other_names_for_the_same_ids():
    one, two = catalogue("1", 1), catalogue("1", 2)
    assert one == catalogue("1", 1)
    assert one.staff.keys() == two.staff.keys()
    assert one.staff != two.staff


def test_accounts_share_nothing():
    one, two = catalogue("1", 1), catalogue("2", 1)
    for name in ("companies", "staff", "services", "forms", "conferences"):
        assert not getattr(one, name).keys() & getattr(two, name).keys()


def test_sessions_last_as_long_as_their_conference():
    for conference in catalogue("1", 1).conferences.values():
        for session in conference.sessions:
            assert (session.end - session.start).total_seconds() == conference.minutes * 60
            assert session.conference_id == conference.id
