import re
import tracemalloc
from datetime import datetime, timedelta

import httpx
import pytest

from gateway.schema.scalars import to_utc, to_utc_together
from gateway.upstream.records.activities import UNREADABLE, UncheckedDateTime

DAY = timedelta(days=1)
ZONED = "date { dateTime timeZone instant isAmbiguous }"


def dated(date_time: object, *zone: object) -> dict[str, object]:
    return {
        "id": "1",
        "type": "note",
        "date": {"dateTime": date_time, **({"timeZone": zone[0]} if zone else {})},
    }


INSTANTS = {
    "winter": ("2026-01-15T09:00:00", "Europe/Paris", "2026-01-15T08:00:00.000Z", False),
    "summer": ("2026-07-15T09:00:00", "Europe/Paris", "2026-07-15T07:00:00.000Z", False),
    "a legacy alias": ("2026-07-15T09:00:00", "US/Eastern", "2026-07-15T13:00:00.000Z", False),
    "UTC": ("2026-07-15T09:00:00", "UTC", "2026-07-15T09:00:00.000Z", False),
    "half an hour": ("2026-07-15T09:00:00", "Asia/Kolkata", "2026-07-15T03:30:00.000Z", False),
    "before the gap": ("2026-03-29T01:59:59", "Europe/Paris", "2026-03-29T00:59:59.000Z", False),
    "in the gap": ("2026-03-29T02:30:00", "Europe/Paris", "2026-03-29T01:30:00.000Z", True),
    "after the gap": ("2026-03-29T03:00:00", "Europe/Paris", "2026-03-29T01:00:00.000Z", False),
    "before the fold": ("2026-10-25T01:59:59", "Europe/Paris", "2026-10-24T23:59:59.000Z", False),
    "in the fold": ("2026-10-25T02:30:00", "Europe/Paris", "2026-10-25T00:30:00.000Z", True),
    "after the fold": ("2026-10-25T03:00:00", "Europe/Paris", "2026-10-25T02:00:00.000Z", False),
    "a gap of the south": (
        "2026-10-04T02:15:00",
        "Australia/Sydney",
        "2026-10-03T16:15:00.000Z",
        True,
    ),
    "a clock that no longer changes": (
        "2026-12-01T09:00:00",
        "America/Vancouver",
        "2026-12-01T16:00:00.000Z",
        False,
    ),
    "a night that no longer has one hour twice": (
        "2026-11-01T01:30:00",
        "America/Vancouver",
        "2026-11-01T08:30:00.000Z",
        False,
    ),
    "milliseconds": ("2026-07-15T09:00:00.1239", "UTC", "2026-07-15T09:00:00.123Z", False),
    "year 1": ("0001-01-01T00:00:00", "UTC", "0001-01-01T00:00:00.000Z", False),
    "year 9999": ("9999-12-31T23:59:59", "UTC", "9999-12-31T23:59:59.000Z", False),
    "before year 1": ("0001-01-01T00:00:00", "Asia/Tokyo", None, False),
    "after year 9999": ("9999-12-31T23:59:59", "US/Eastern", None, False),
    "an unknown zone": ("2026-07-15T09:00:00", "Mars/Phobos", None, False),
    "a zone in lower case": ("2026-07-15T09:00:00", "mars/phobos", None, False),
    "a region": ("2026-07-15T09:00:00", "America", None, False),
    "a path": ("2026-07-15T09:00:00", "../../etc/passwd", None, False),
    "a name of one machine": ("2026-07-15T09:00:00", "localtime", None, False),
    "rules of one machine": ("2026-10-25T02:30:00", "posixrules", None, False),
    "a name too long": ("2026-07-15T09:00:00", "Europe/Paris" * 1000, None, False),
    "a number for a zone": ("2026-07-15T09:00:00", 5, None, False),
    "hours from UTC": ("2026-07-15T09:00:00", "+02:00", "2026-07-15T07:00:00.000Z", False),
    "hours from GMT": ("2026-07-15T09:00:00", "GMT-3", "2026-07-15T12:00:00.000Z", False),
    "hours the other way round": (
        "2026-07-15T09:00:00",
        "Etc/GMT-2",
        "2026-07-15T07:00:00.000Z",
        False,
    ),
    "more hours than there are": ("2026-07-15T09:00:00", "UTC+19", None, False),
    "a short id of Java": ("2026-11-01T01:30:00", "PST", "2026-11-01T08:30:00.000Z", True),
    "a short id of several zones": ("2026-07-15T09:00:00", "IST", None, False),
    "a name of Windows": (
        "2026-07-15T09:00:00",
        "Romance Standard Time",
        "2026-07-15T07:00:00.000Z",
        False,
    ),
    "a name that tzdata had": (
        "2026-07-15T09:00:00",
        "US/Pacific-New",
        "2026-07-15T16:00:00.000Z",
        False,
    ),
    "the first hour, east": ("0001-01-01T00:00:00", "GMT+1", None, False),
}


@pytest.mark.parametrize(
    ("date_time", "zone", "instant", "ambiguous"), INSTANTS.values(), ids=INSTANTS
)
async def test_a_local_time_and_its_zone_mean_an_instant(
    select, date_time, zone, instant, ambiguous
):
    node, codes = await select(dated(date_time, zone), ZONED)
    assert node["date"] == {
        "dateTime": date_time,
        "timeZone": str(zone),
        "instant": instant,
        "isAmbiguous": ambiguous,
    }
    assert codes == {}


@pytest.mark.parametrize("sent", [(), (None,), ("",)])
async def test_without_a_zone_there_is_no_instant(select, sent):
    node, codes = await select(dated("2026-07-15T09:00:00", *sent), ZONED)
    assert node["date"]["instant"] is None
    assert not node["date"]["timeZone"]
    assert codes == {}


@pytest.mark.parametrize("sent", [(), (None,), ("",)])
async def test_the_default_zone_stands_in_for_one_that_was_not_sent(select, sent):
    item = dated("2026-10-25T02:30:00", *sent)
    node, _ = await select(item, ZONED, default_time_zone="Europe/Paris")
    assert node["date"] == {
        "dateTime": "2026-10-25T02:30:00",
        "timeZone": "Europe/Paris",
        "instant": "2026-10-25T00:30:00.000Z",
        "isAmbiguous": True,
    }


async def test_the_default_zone_does_not_replace_an_unknown_one(select):
    item = dated("2026-07-15T09:00:00", "Mars/Phobos")
    node, _ = await select(item, ZONED, default_time_zone="Europe/Paris")
    assert (node["date"]["timeZone"], node["date"]["instant"]) == ("Mars/Phobos", None)


def test_no_name_of_a_zone_is_kept_that_the_upstream_made_up():
    tracemalloc.start()
    try:
        for number in range(50):
            name = f"{number} {'z' * 100_000}"
            zoned = UncheckedDateTime(date_time="2026-03-01T09:00:00", time_zone=name)
            assert to_utc(zoned, None) is None
            assert to_utc_together([zoned], None) == [None]
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


async def test_an_unreadable_zone_costs_the_zone_and_the_instant(select):
    item = dated("2026-07-15T09:00:00", ["Europe/Paris"])
    node, codes = await select(item, ZONED, default_time_zone="Europe/Paris")
    assert node["date"] == {
        "dateTime": "2026-07-15T09:00:00",
        "timeZone": None,
        "instant": None,
        "isAmbiguous": False,
    }
    broken = "UPSTREAM_CONTRACT_BROKEN"
    assert codes == {"date.timeZone": broken, "date.instant": broken}


@pytest.mark.parametrize("sent", ["2026-07-15T09:00:00", "2026-07-15T09:00:00.120000000"])
async def test_a_local_time_is_exactly_as_sent(select, sent):
    node, _ = await select(dated(sent, "UTC"), ZONED)
    assert node["date"]["dateTime"] == sent


ODD = {
    "no seconds": ("2026-07-15T09:00", "2026-07-15T09:00:00"),
    "a blank": ("2026-07-15 09:00:00", "2026-07-15T09:00:00"),
    "a small letter": ("2026-07-15t09:00:00", "2026-07-15T09:00:00"),
    "a blank, no seconds": ("2026-07-15 09:00", "2026-07-15T09:00:00"),
    "a comma": ("2026-07-15T09:00:00,250", "2026-07-15T09:00:00.250"),
    "24:00": ("2026-07-14T24:00", "2026-07-15T00:00:00"),
    "24:00:00 of a year": ("2025-12-31 24:00:00", "2026-01-01T00:00:00"),
    "24:00:00.000": ("2024-02-28T24:00:00.000", "2024-02-29T00:00:00.000"),
}


@pytest.mark.parametrize(("sent", "shown_as"), ODD.values(), ids=ODD)
@pytest.mark.parametrize("key", ["dateTime", "datetime"])
async def test_a_local_time_is_shown_in_the_form_that_clients_know(select, key, sent, shown_as):
    item = {"id": "1", "type": "note", "date": {key: sent, "timeZone": "UTC"}}
    node, codes = await select(item, "date { dateTime instant isAmbiguous }")
    instant = f"{(shown_as + '.000')[:23]}Z"
    assert node["date"] == {"dateTime": shown_as, "instant": instant, "isAmbiguous": False}
    assert codes == {}


OFFSETS = {
    # sent, zone: local time, instant, whether it is ambiguous
    "Z": ("2026-07-15T09:00:00Z", "Europe/Paris", "2026-07-15T11:00:00", "09:00:00.000", False),
    "z": ("2026-07-15t09:00:00z", "Europe/Paris", "2026-07-15T11:00:00", "09:00:00.000", False),
    "its own": (
        "2026-07-15T09:00:00.1239+02:00",
        "Europe/Paris",
        "2026-07-15T09:00:00.1239",
        "07:00:00.123",
        False,
    ),
    "without a colon": (
        "2026-07-15 09:00 -0330",
        "UTC",
        "2026-07-15T12:30:00",
        "12:30:00.000",
        False,
    ),
    "hours": ("2026-07-15T09:00:00+02", "UTC", "2026-07-15T07:00:00", "07:00:00.000", False),
    "no known one": (
        "2026-07-15T09:00:00-00:00",
        "UTC",
        "2026-07-15T09:00:00",
        "09:00:00.000",
        False,
    ),
    "the widest": (
        "2026-07-15T09:00:00-18:00",
        "UTC",
        "2026-07-16T03:00:00",
        "03:00:00.000",
        False,
    ),
    "over midnight": (
        "2026-07-15T24:00+02:00",
        "UTC",
        "2026-07-15T22:00:00",
        "22:00:00.000",
        False,
    ),
    "an odd zone": ("2026-07-15T09:00:00Z", "GMT+9", "2026-07-15T18:00:00", "09:00:00.000", False),
    "an unknown zone": (
        "2026-07-15T09:00:00+02:00",
        "Mars/Phobos",
        "2026-07-15T09:00:00",
        "07:00:00.000",
        False,
    ),
    "no zone": ("2026-07-15T09:00:00+02:00", None, "2026-07-15T09:00:00", "07:00:00.000", False),
    "the first of two": (
        "2026-10-25T02:30:00+02:00",
        "Europe/Paris",
        "2026-10-25T02:30:00",
        "00:30:00.000",
        True,
    ),
    "the second of two": (
        "2026-10-25T02:30:00+01:00",
        "Europe/Paris",
        "2026-10-25T02:30:00",
        "01:30:00.000",
        True,
    ),
    "never": (
        "2026-03-29T02:30:00+01:00",
        "Europe/Paris",
        "2026-03-29T03:30:00",
        "01:30:00.000",
        False,
    ),
}


@pytest.mark.sample(8)
@pytest.mark.parametrize(
    ("sent", "zone", "expected"),
    [(sent, zone, expected) for sent, zone, *expected in OFFSETS.values()],
    ids=OFFSETS,
)
@pytest.mark.parametrize("key", ["dateTime", "datetime"])
async def test_an_offset_decides_the_instant(select, key, sent, zone, expected):
    local, time, ambiguous = expected
    item = {"id": "1", "type": "note", "date": {key: sent, "timeZone": zone}}
    node, codes = await select(item, ZONED)
    date = node["date"]
    assert (date["dateTime"], date["timeZone"], date["isAmbiguous"]) == (local, zone, ambiguous)
    assert date["instant"].partition("T")[2] == f"{time}Z"
    assert abs(datetime.fromisoformat(date["instant"][:23]) - datetime.fromisoformat(local)) < DAY
    assert codes == {}


async def test_an_offset_without_a_zone_is_shown_in_the_default_zone(select):
    item = dated("2026-07-15T09:00:00Z")
    node, _ = await select(item, ZONED, default_time_zone="Asia/Tokyo")
    assert node["date"] == {
        "dateTime": "2026-07-15T18:00:00",
        "timeZone": "Asia/Tokyo",
        "instant": "2026-07-15T09:00:00.000Z",
        "isAmbiguous": False,
    }


async def test_an_offset_decides_beside_a_zone_that_is_unreadable(select):
    node, codes = await select(dated("2026-07-15T09:00:00+02:00", ["UTC"]), ZONED)
    assert node["date"] == {
        "dateTime": "2026-07-15T09:00:00",
        "timeZone": None,
        "instant": "2026-07-15T07:00:00.000Z",
        "isAmbiguous": False,
    }
    assert codes == {"date.timeZone": "UPSTREAM_CONTRACT_BROKEN"}


@pytest.mark.parametrize(
    ("sent", "zone"),
    [
        ("0001-01-01T00:00:00+10:00", "UTC"),
        ("9999-12-31T23:59:59-10:00", "Asia/Tokyo"),
    ],
)
async def test_a_time_with_an_offset_outside_of_all_years_is_as_sent(select, sent, zone):
    node, codes = await select(dated(sent, zone), ZONED)
    assert (node["date"]["dateTime"], node["date"]["instant"]) == (sent[:-6], None)
    assert codes == {}


@pytest.mark.parametrize(
    ("sent", "shown_as"),
    [
        (
            {"dateTime": "2026-07-15T09:00:00", "datetime": "2027-07-15T09:00:00Z"},
            "2026-07-15T09:00:00",
        ),
        (
            {"dateTime": "2026-07-15T09:00Z", "datetime": "2027-07-15T09:00:00"},
            "2026-07-15T09:00:00",
        ),
        ({"dateTime": "2026-07-15T09:00:00", "datetime": 5}, "2026-07-15T09:00:00"),
        ({"dateTime": "", "datetime": "2026-07-15T09:00:00"}, "2026-07-15T09:00:00"),
        ({"dateTime": None, "datetime": "2026-07-15T09:00:00"}, "2026-07-15T09:00:00"),
    ],
    ids=repr,
)
async def test_the_declared_key_counts_where_it_holds_something(select, sent, shown_as):
    node, codes = await select({"id": "1", "type": "note", "date": sent}, "date { dateTime }")
    assert (node["date"]["dateTime"], codes) == (shown_as, {})


@pytest.mark.parametrize(
    "sent", [{"dateTime": "soon", "datetime": "2026-07-15T09:00:00"}, {"datetime": 5}]
)
async def test_what_the_declared_key_holds_has_to_be_a_time(select, sent):
    node, codes = await select({"id": "1", "type": "note", "date": sent}, "date { dateTime }")
    assert (node, codes) == ({"date": None}, {"date": "UPSTREAM_CONTRACT_BROKEN"})


@pytest.mark.parametrize(
    "sent",
    [
        "2026-07-15T09:00:00+18:01",
        "2026-07-15T09:00:00+02:60",
        "2026-07-15T09:00:00 UTC",
        "2026-07-15T24:00:01",
        "9999-12-31T24:00:00",
        "2026-07-15",
        "2026-02-30T09:00:00",
        "2026-07-15T25:00:00",
        "0000-01-01T00:00:00",
        "٢٠٢٦-07-15T09:00:00",
        " ",
        5,
        [],
    ],
)
async def test_what_is_no_local_time_is_unreadable(select, sent):
    node, codes = await select(dated(sent, "UTC"), ZONED)
    assert (node, codes) == ({"date": None}, {"date": "UPSTREAM_CONTRACT_BROKEN"})


@pytest.mark.parametrize("sent", ["", None])
async def test_without_a_local_time_there_is_no_date_and_no_error(select, sent):
    assert await select(dated(sent, "UTC"), ZONED) == ({"date": None}, {})


TWICE = f"{{ a: activities(clientId: 7) {{ nodes {{ {ZONED} }} }} b: activities(clientId: 7, first: 1) {{ nodes {{ {ZONED} }} }} }}"


@pytest.fixture
def surprises(gateway_over_items):
    """What is counted of dates, by what it is, when an operation reads each more than once."""

    async def surprises(*dates: object, **settings: object) -> dict[str, float]:
        items = [{"id": str(id_), "type": "note", "date": date} for id_, date in enumerate(dates)]
        gateway = gateway_over_items(*items, **settings)
        await gateway.data(TWICE)
        told = (await gateway.http.get("/metrics")).text
        pattern = r'gateway_upstream_surprises_total{path="/api/2.3/activities",what="(.*)"} (.*)'
        return {what: float(number) for what, number in re.findall(pattern, told)}

    return surprises


PARIS = {"timeZone": "Europe/Paris"}


async def test_an_offset_that_its_zone_does_not_have_then_is_counted_once_each(surprises):
    told = await surprises(
        {**PARIS, "dateTime": "2026-07-15T09:00:00Z"},
        {**PARIS, "dateTime": "2026-07-15T09:00:00+01:00"},
        {**PARIS, "dateTime": "2026-01-15T09:00:00+01:00"},
        {**PARIS, "dateTime": "2026-10-25T02:30:00+01:00"},
        {**PARIS, "dateTime": "2026-03-29T02:30:00+01:00"},
        {**PARIS, "dateTime": "2026-07-15T09:00:00"},
        {"dateTime": "2026-07-15T09:00:00Z"},
        {"dateTime": "2026-07-15T09:00:00+01:00", "timeZone": None},
        {"dateTime": "0001-01-01T00:00:00+01:00", "timeZone": "UTC"},
        default_time_zone="Asia/Tokyo",
    )
    assert told == {"odd_date": 8, "offset_differs": 3}


async def test_other_forms_of_dates_are_counted(surprises):
    told = await surprises(
        {**PARIS, "dateTime": "2026-07-15 09:00:00"},
        {**PARIS, "dateTime": "2026-07-15T09:01"},
        {**PARIS, "dateTime": "2026-07-15T24:00:00"},
        {**PARIS, "datetime": "2026-07-15T09:02:00"},
        {**PARIS, "dateTime": "2026-07-15T09:03:00.5"},
        {**PARIS, "dateTime": "2026-07-15T09:04:00", "datetime": "never"},
    )
    assert told == {"odd_date": 4}


async def test_names_of_zones_that_are_not_in_the_database_are_counted(surprises):
    told = await surprises(
        *({"dateTime": "2026-07-15T09:00:00", "timeZone": zone} for zone in ("UTC+2", "PST")),
        *({"dateTime": "2026-07-15T09:00:00", "timeZone": zone} for zone in ("IST", " ", "Mars")),
        *({"dateTime": "2026-07-15T09:00:00", "timeZone": zone} for zone in ("EST", "", None)),
    )
    assert told == {"odd_time_zone": 2, "unknown_time_zone": 3}


GOOD = {
    "UTC": "2026-07-15T09:00:00Z",
    "lower case": "2026-07-15t09:00:00z",
    "an offset": "2026-07-15T11:00:00+02:00",
    "an offset across midnight": "2026-07-14T21:00:00-12:00",
    "milliseconds": "2026-07-15T09:00:00.000Z",
    "nanoseconds": "2026-07-15T09:00:00.000000000Z",
}
BAD = {
    "no offset": "2026-07-15T09:00:00",
    "no time": "2026-07-15",
    "no seconds": "2026-07-15T09:00Z",
    "a space": "2026-07-15 09:00:00Z",
    "a zone": "2026-07-15T09:00:00[Europe/Paris]",
    "words": "yesterday",
    "nothing": "",
    "other digits": "٢٠٢٦-07-15T09:00:00Z",
    "30 February": "2026-02-30T09:00:00Z",
    "29 February": "2026-02-29T09:00:00Z",
    "month 13": "2026-13-01T09:00:00Z",
    "hour 25": "2026-07-15T25:00:00Z",
    "an offset of days": "2026-07-15T09:00:00+99:00",
    "before year 1": "0001-01-01T00:00:00+01:00",
    "after year 9999": "9999-12-31T23:59:59-01:00",
    "a trailing line": "2026-07-15T09:00:00Z\n",
}
LITERAL = """{ activities(clientId: 7, filter: { from: "%s" }) { totalCount } }"""
VARIABLE = (
    "query($from: DateTime) { activities(clientId: 7, filter: { from: $from }) { totalCount } }"
)


@pytest.fixture
def ask_both_ways(gateway_over_items):
    """The answer to an argument, as literal and as variable; 1 where it is 9:00 UTC or before."""

    async def ask_both_ways(value):
        gateway = gateway_over_items(dated("2026-07-15T09:00:00", "UTC"))
        literal = await gateway.ask(LITERAL % str(value).replace("\n", "\\n"))
        return literal, await gateway.ask(VARIABLE, {"from": value})

    return ask_both_ways


@pytest.mark.parametrize("sent", GOOD.values(), ids=GOOD)
async def test_an_instant_may_be_given_with_any_offset(ask_both_ways, sent):
    answers = await ask_both_ways(sent)
    assert [answer["data"]["activities"]["totalCount"] for answer in answers] == [1, 1]


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
async def test_what_is_no_instant_is_refused_before_anything_runs(ask_both_ways, sent):
    literal, variable = await ask_both_ways(sent)
    assert "data" not in literal
    assert "data" not in variable
    for answer, name, end in (
        (literal, "Argument 'filter.from'", ""),
        (variable, "Variable '$from'", " It is used for 'filter.from'."),
    ):
        [error] = answer["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "filter.from"}
        assert error["message"].startswith(f"{name} has invalid value: ")
        assert error["message"].endswith(end)
        assert error["locations"]


@pytest.mark.parametrize("sent", [1789462800, 1.5, True, [], {"at": 1}])
async def test_an_instant_is_given_as_text(gateway_over_items, sent):
    answer = await gateway_over_items().ask(VARIABLE, {"from": sent})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("scalar", ["LocalDateTime", "TimeZone", "URL", "JSON"])
async def test_other_scalars_are_no_input(gateway_over_items, scalar):
    query = f"query($x: {scalar}) {{ activities(clientId: $x) {{ totalCount }} }}"
    answer = await gateway_over_items().ask(query, {"x": "x"})
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("link", ["https://api.example.com/n?a=1#b", "javascript:alert(1)", "x y"])
async def test_an_address_is_as_sent(select, link):
    item = {"id": "1", "type": "note", "note": {"id": "2", "selfLink": link}}
    node, _ = await select(item, "... on NoteActivity { note { selfLink } }")
    assert node == {"note": {"selfLink": link}}


async def test_an_answer_keeps_characters_of_any_script(gateway_over):
    note = '{"items":[{"id":"1","type":"note","note":{"id":"2","body":"é 日本 \\ud83d\\ude00"}}]}'
    gateway = gateway_over(lambda _: httpx.Response(200, content=note.encode()))
    data = await gateway.data(
        "{ activities(clientId: 7) { nodes { ... on NoteActivity { note { body } } } } }"
    )
    assert data["activities"]["nodes"] == [{"note": {"body": "é 日本 😀"}}]


TOGETHER = {
    "ordinary": {"date_time": "2026-03-29T02:30:00", "time_zone": "Europe/Paris"},
    "of another zone": {"date_time": "2026-03-29T02:30:00", "time_zone": "US/Eastern"},
    "of no zone": {"date_time": "2026-03-29T02:30:00"},
    "of a blank zone": {"date_time": "2026-03-29T02:30:00", "time_zone": ""},
    "of an unknown zone": {"date_time": "2026-03-29T02:30:00", "time_zone": "Mars/Olympus"},
    "of an alias": {"date_time": "2026-03-29T02:30:00", "time_zone": "UTC+2"},
    "of a number": {"date_time": "2026-03-29T02:30:00", "time_zone": 5},
    "of no readable zone": {"date_time": "2026-03-29T02:30:00", "time_zone": UNREADABLE},
    "with a fraction": {"date_time": "2026-03-29T02:30:00.1234567", "time_zone": "UTC"},
    "with an offset": {"with_offset": "2026-03-29T02:30:00+01:00"},
    "before the first year": {"date_time": "0001-01-01T00:00:00", "time_zone": "Asia/Tokyo"},
    "after the last year": {"date_time": "9999-12-31T23:59:59", "time_zone": "US/Eastern"},
    "null": None,
    "unreadable": UNREADABLE,
}


@pytest.mark.parametrize("default_zone", [None, "Europe/Paris", "nowhere"])
@pytest.mark.parametrize("sent", TOGETHER.values(), ids=TOGETHER)
def test_instants_are_the_same_together_and_one_by_one(sent, default_zone):
    ordinary = UncheckedDateTime(**TOGETHER["ordinary"])  # type: ignore[arg-type]
    other = UncheckedDateTime(**sent) if isinstance(sent, dict) else sent
    for dates in ([other], [ordinary, other], [other, ordinary]):
        assert to_utc_together(dates, default_zone) == [
            to_utc(each, default_zone) if isinstance(each, UncheckedDateTime) else None
            for each in dates
        ]
