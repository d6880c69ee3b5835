import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from gateway.engine.resolvers import Node
from gateway.errors import InvalidUpstreamResponse
from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records import decoding, enums, resources
from gateway.upstream.records.activities import UNREADABLE, Record, ZonedDateTime
from gateway.upstream.surprises import (
    ODD_DATE,
    ODD_TIME_ZONE,
    observe_surprises,
    suppress_surprises,
)

NINE = {"dateTime": "2026-03-01T09:00:00", "timeZone": "Europe/Paris"}
NINE_RECORD = ZonedDateTime(date_time="2026-03-01T09:00:00", time_zone="Europe/Paris")
ZONE = {"timeZone": "Europe/Paris"}
PICTURE = {"url": "https://example.com/p.png", "mimeType": "image/png", "data": "…"}
PICTURE_RECORD = resources.Picture(url="https://example.com/p.png")
ADDRESS = {
    "street": "1 rue X",
    "otherStreet": "B",
    "zipCode": 75001,
    "state": "IDF",
    "city": "Paris",
    "country": "FR",
}
ADDRESS_RECORD = resources.Address(
    street="1 rue X", additional_street="B", zip_code=75001, state="IDF", city="Paris", country="FR"
)

EVERYTHING: dict[str, tuple[dict[str, Any], Record]] = {
    "company": (
        {
            "id": "3",
            "name": "Salon",
            "timeZone": "Europe/Paris",
            "email": "a@example.com",
            "phone": "1",
            "currency": "EUR",
            "address": ADDRESS,
            "websiteLink": "https://example.com",
            "picture": PICTURE,
        },
        resources.Company(
            id="3",
            name="Salon",
            time_zone="Europe/Paris",
            email_address="a@example.com",
            phone="1",
            currency="EUR",
            address=ADDRESS_RECORD,
            website_url="https://example.com",
            picture=PICTURE_RECORD,
        ),
    ),
    "staff": (
        {
            "id": 5,
            "firstName": "F",
            "lastName": "L",
            "email": "e",
            "phone": "p",
            "otherPhone": "o",
            "title": "dr",
            "gender": "female",
            "color": "#EFEFEF",
            "description": "d",
            "role": "reader",
            "externalId": "x",
            "picture": PICTURE,
        },
        resources.Staff(
            id=5,
            first_name="F",
            last_name="L",
            email_address="e",
            phone="p",
            other_phone="o",
            title="dr",
            gender="female",
            color="#EFEFEF",
            description="d",
            role="reader",
            external_id="x",
            picture=PICTURE_RECORD,
        ),
    ),
    "service": (
        {
            "id": "4",
            "name": "Cut",
            "description": "d",
            "duration": 30,
            "bufferDuration": 5,
            "capacity": 2,
            "price": 12.5,
            "payable": True,
            "color": "#EFEFEF",
            "externalId": "x",
            "picture": PICTURE,
        },
        resources.Service(
            id="4",
            name="Cut",
            description="d",
            duration_minutes=30,
            buffer_minutes=5,
            capacity=2,
            sent_price=12.5,
            is_payable=True,
            color="#EFEFEF",
            external_id="x",
            picture=PICTURE_RECORD,
        ),
    ),
    "appointment": (
        {
            "id": "11",
            "reference": "R-1",
            "company": {"id": "3", "name": "Salon"},
            "service": {"id": "4", "name": "Cut"},
            "staff": {"id": "5", "firstName": "Léa", "lastName": "Ito"},
            "client": {"id": "7", "firstName": "Al"},
            "start": NINE,
            "end": NINE,
            "created": NINE,
            "status": "noShow",
            "customStatus": {"id": "1", "name": "Late"},
            "notes": "n",
            "history": [
                {
                    "text": "t",
                    "date": NINE,
                    "source": "widget",
                    "user": {"userName": "u", "email": "e", "firstName": "f", "lastName": "l"},
                }
            ],
            "source": "api",
            "paid": False,
            "price": {"amount": 12.5, "currency": "EUR"},
            "onlineMeeting": {"provider": "p", "videoLink": "v"},
            "location": "here",
            "rescheduleLink": "https://example.com/r",
        },
        resources.Appointment(
            id="11",
            reference="R-1",
            company=resources.CompanyReference(id="3", name="Salon"),
            service=resources.ServiceReference(id="4", name="Cut"),
            staff=resources.StaffReference(id="5", first_name="Léa", last_name="Ito"),
            client=resources.ClientReference(id="7"),
            start=NINE_RECORD,
            end=NINE_RECORD,
            created_at=NINE_RECORD,
            status_raw="noShow",
            custom_status=resources.CustomStatus(custom_status_id="1", name="Late"),
            notes="n",
            history=[
                resources.AppointmentHistoryEntry(
                    text="t",
                    date=NINE_RECORD,
                    source="widget",
                    user=resources.HistoryUser(
                        user_name="u", email_address="e", first_name="f", last_name="l"
                    ),
                )
            ],
            source="api",
            is_paid=False,
            sent_price=resources.Money(amount=12.5, currency="EUR"),
            online_meeting=resources.OnlineMeeting(provider="p", video_url="v"),
            location_text="here",
            reschedule_url="https://example.com/r",
        ),
    ),
    "note": (
        {
            "id": "12",
            "clientId": "7",
            "html": "<b>hi</b>",
            "writer": {"email": "e", "firstName": "f", "lastName": "l"},
            "date": NINE,
            "contactedByClient": True,
        },
        resources.Note(
            id="12",
            body="<b>hi</b>",
            author=resources.NoteAuthor(email_address="e", first_name="f", last_name="l"),
            date=NINE_RECORD,
            is_contact_by_client=True,
        ),
    ),
    "form": (
        {"id": "5", "name": "S-1", "title": "Satisfaction"},
        resources.Form(id="5", name="S-1", title="Satisfaction"),
    ),
    "form result": (
        {
            "id": "6",
            "form": 5,
            "date": "2026-03-01",
            "currentStatus": "IN_PROGRESS",
            "ipAddress": "1.2.3.4",
            "result": [
                {
                    "id": 1,
                    "type": "section",
                    "title": "Q",
                    "subItem": [
                        {
                            "type": "input",
                            "value": True,
                            "fileName": "f.pdf",
                            "zonedDateTime": NINE,
                            "values": [
                                {"name": "n", "value": "v", "values": [{"name": "m", "value": 1}]}
                            ],
                        }
                    ],
                }
            ],
        },
        resources.FormResult(
            id="6",
            form_id=5,
            submitted_at_raw="2026-03-01",
            status_raw="IN_PROGRESS",
            result=[
                resources.FormItem(
                    id=1,
                    type="section",
                    title="Q",
                    sub_item=[
                        resources.FormItem(
                            type="input",
                            value=True,
                            file_name="f.pdf",
                            zoned_date_time=NINE_RECORD,
                            values=[
                                resources.FormValue(
                                    name="n",
                                    value="v",
                                    values=[resources.FormValue(name="m", value=1)],
                                )
                            ],
                        )
                    ],
                )
            ],
        ),
    ),
    "conference": (
        {
            "id": "8",
            "title": "T",
            "capacity": 40,
            "description": "d",
            "duration": 60,
            "location": {
                "type": "address",
                "text": "t",
                "street": "s",
                "additionalStreet": "a",
                "zipCode": "z",
                "city": "c",
                "state": "st",
                "country": "co",
                "geolocation": {"lat": 48.85, "lng": "2.35"},
            },
            "webLink": "w",
            "code": "k",
            "tags": [{"id": "1", "text": "one"}, {"text": 2}],
            "picture": PICTURE,
        },
        resources.Conference(
            id="8",
            title="T",
            capacity=40,
            description="d",
            duration_minutes=60,
            location=resources.ConferenceLocation(
                type="address",
                text="t",
                street="s",
                additional_street="a",
                zip_code="z",
                city="c",
                state="st",
                country="co",
                geolocation=resources.Geolocation(lat=48.85, lng=2.35),
            ),
            web_url="w",
            code="k",
            sent_tags=[resources.Tag(text="one"), resources.Tag(text=2)],
            picture=PICTURE_RECORD,
        ),
    ),
    "conference session": (
        {"id": "9", "start": NINE, "end": NINE, "status": "opened", "webLink": "w"},
        resources.ConferenceSession(
            id="9", start=NINE_RECORD, end=NINE_RECORD, status="opened", web_url="w"
        ),
    ),
    "conference registration": (
        {
            "id": "1",
            "client": {"id": "7", "phoneNumber": "1"},
            "status": "waitingList",
            "seats": 2,
            "registered": NINE,
            "source": "s",
            "sourceType": "widget",
            "cancelReason": "r",
            "cancelSource": "cs",
            "cancelled": NINE,
            "webLink": "w",
        },
        resources.ConferenceRegistration(
            id="1",
            client=resources.ClientReference(id="7"),
            status_raw="waitingList",
            number_of_seats=2,
            registered_at=NINE_RECORD,
            source="s",
            source_type_raw="widget",
            cancel_reason="r",
            cancel_source="cs",
            cancelled_at=NINE_RECORD,
            web_url="w",
        ),
    ),
    "client": (
        {
            "id": 7,
            "firstName": "Al",
            "lastName": "Ba",
            "emailAddresses": [{"email": "e", "primary": True}],
            "phoneNumbers": [{"number": "1", "primary": False, "mobile": True}],
            "gender": "undefined",
            "timeZone": "US/Eastern",
            "language": "fr",
            "description": "d",
            "address": ADDRESS,
            "companyName": "c",
            "jobTitle": "j",
            "birthDate": "1990/01/02",
            "externalId": "x",
            "companies": [{"id": "3", "name": "Salon"}],
            "explicitConsent": {"date": NINE, "text": "yes"},
            "marketingConsent": {"date": NINE, "text": ["a", "b"]},
            "picture": PICTURE,
        },
        resources.Client(
            id=7,
            first_name="Al",
            last_name="Ba",
            email_addresses=[resources.EmailAddress(email_address="e", is_primary=True)],
            phone_numbers=[resources.PhoneNumber(number="1", is_primary=False, is_mobile=True)],
            gender="undefined",
            time_zone="US/Eastern",
            language="fr",
            description="d",
            address=ADDRESS_RECORD,
            company_name="c",
            job_title="j",
            birth_date="1990/01/02",
            external_id="x",
            companies=[resources.CompanyReference(id="3", name="Salon")],
            explicit_consent=resources.Consent(sent_date=NINE_RECORD, sent_text="yes"),
            marketing_consent=resources.Consent(sent_date=NINE_RECORD, sent_text=["a", "b"]),
            picture=PICTURE_RECORD,
        ),
    ),
}
KINDS = sorted({type(record) for _, record in EVERYTHING.values()}, key=lambda kind: kind.__name__)


def read(declared: type[Record], **sent: Any) -> Any:
    return run_to_completion(decoding.entity(json.dumps({"id": "1", **sent}).encode(), declared))


@pytest.mark.parametrize(("sent", "record"), EVERYTHING.values(), ids=EVERYTHING)
def test_an_entity_is_read_with_everything_it_has(sent, record):
    assert run_to_completion(decoding.entity(json.dumps(sent).encode(), type(record))) == record


@pytest.mark.parametrize(("sent", "record"), EVERYTHING.values(), ids=EVERYTHING)
def test_the_examples_leave_no_field_out(sent, record):
    for declared in msgspec.structs.fields(record):
        assert getattr(record, declared.name) is not None, declared.name


@pytest.mark.parametrize(("sent", "record"), EVERYTHING.values(), ids=EVERYTHING)
def test_an_entity_needs_nothing_but_its_id(sent, record):
    bare = run_to_completion(decoding.entity(b'{"id":"1"}', type(record)))
    nulls = dict.fromkeys(sent)
    assert bare.id == "1"
    assert (
        run_to_completion(decoding.entity(json.dumps({**nulls, "id": "1"}).encode(), type(record)))
        == bare
    )
    with pytest.raises(InvalidUpstreamResponse):
        run_to_completion(decoding.entity(json.dumps({**sent, "id": None}).encode(), type(record)))


@pytest.mark.parametrize(("sent", "record"), EVERYTHING.values(), ids=EVERYTHING)
def test_a_part_that_cannot_be_read_costs_itself_alone(sent, record):
    whole = run_to_completion(decoding.entity(json.dumps(sent).encode(), type(record)))
    for declared in msgspec.structs.fields(record):
        if declared.name == "id":
            continue
        spoilt = {**sent, declared.encode_name: {"id": [], "dateTime": 1}}
        found = run_to_completion(decoding.entity(json.dumps(spoilt).encode(), type(record)))
        for other in msgspec.structs.fields(record):
            if other.name != declared.name:
                assert getattr(found, other.name) == getattr(whole, other.name)
        assert getattr(found, declared.name) != getattr(whole, declared.name)


# Pictures

PICTURED = [kind for kind in KINDS if issubclass(kind, resources.HasPicture)]


def test_what_has_a_picture_is_what_the_contract_says():
    assert {kind.__name__ for kind in PICTURED} == {
        *("Client", "Company", "Conference", "Service", "Staff"),
    }


@pytest.mark.parametrize("declared", PICTURED)
@pytest.mark.parametrize(
    ("sent", "url"),
    [
        (None, None),
        ({}, None),
        ({"url": None, "data": "…"}, None),
        ({"url": "https://x"}, "https://x"),
        ({"url": []}, UNREADABLE),
        ([], None),
        ("", None),
        ("https://x", UNREADABLE),
        (["https://x"], UNREADABLE),
    ],
    ids=repr,
)
def test_a_picture_is_its_address(declared, sent, url):
    assert read(declared, picture=sent).picture_url == url


# Whose and where


@pytest.mark.parametrize(
    ("sent", "id_"),
    [({"id": "8"}, "8"), ({"id": 8}, "8"), ({}, None), ({"id": []}, None), (8, None), (None, None)],
    ids=repr,
)
def test_an_appointment_knows_its_company_and_its_client_where_they_can_be_read(sent, id_):
    assert read(resources.Appointment, company=sent).company_id == id_
    assert read(resources.Appointment, client=sent).client_id == id_
    bare = read(resources.Appointment)
    assert (bare.company_id, bare.client_id) == (None, None)


@pytest.mark.parametrize("id_", ["7", 7], ids=repr)
def test_a_mention_of_a_client_is_of_that_client(id_):
    assert resources.ClientReference(id=id_).client_id == "7"


@pytest.mark.parametrize("argument", ["id", "ids"])
def test_what_is_in_a_client_that_a_caller_names_is_reached_by_the_id_and_its_argument(argument):
    client = resources.RequestedClient(id="7", argument=argument)
    assert Node(client).inner_ids == {"client_id": "7", "client_argument": argument}
    assert Node(resources.ClientReference(id=7)).inner_ids == {"client_id": "7"}


# Words

WORDS: dict[str, tuple[type[Record], str, str, type[enums.UpstreamEnum]]] = {
    "an appointment": (resources.Appointment, "status", "status", enums.AppointmentStatus),
    "a registration": (
        resources.ConferenceRegistration,
        "status",
        "status",
        enums.RegistrationStatus,
    ),
    "a registration's source": (
        resources.ConferenceRegistration,
        "sourceType",
        "source_type",
        enums.RegistrationSourceType,
    ),
    "a form result": (
        resources.FormResult,
        "currentStatus",
        "status",
        enums.FormResultStatus,
    ),
}


@pytest.mark.parametrize(("declared", "key", "name", "enum"), WORDS.values(), ids=WORDS)
def test_each_word_is_kept_beside_what_it_means(declared, key, name, enum):
    for word in [*(member.value for member in enum), "something new"]:
        found = read(declared, **{key: word})
        assert getattr(found, f"{name}_raw") == word
        assert getattr(found, name) is enums.MemberByWord(enum)[word]
    for nothing in (None, ""):
        found = read(declared, **{key: nothing})
        assert getattr(found, f"{name}_raw") is getattr(found, name) is None
    found = read(declared, **{key: 3})
    assert getattr(found, f"{name}_raw") is getattr(found, name) is UNREADABLE


# Prices


@pytest.mark.parametrize(
    ("sent", "price"),
    [
        (None, None),
        ({"amount": 12.5, "currency": "EUR"}, resources.Money(amount=12.5, currency="EUR")),
        ({"amount": 12}, resources.Money(amount=12)),
        ({"currency": "EUR"}, resources.Money(currency="EUR")),
        ({}, None),
        ([], None),
        ("", None),
        ({"amount": "12,50"}, resources.Money(amount=UNREADABLE)),  # type: ignore[arg-type]
        ({"amount": "12.50", "currency": "EUR"}, resources.Money(amount=12.5, currency="EUR")),
        (12.5, resources.Money(amount=12.5)),
        (0, resources.Money(amount=0)),
        (-3, resources.Money(amount=-3)),
        ("12.50", resources.Money(amount=12.5)),
        ("1,000", UNREADABLE),
        ("12.50 EUR", UNREADABLE),
        (True, UNREADABLE),
        ([12], UNREADABLE),
    ],
    ids=repr,
)
def test_a_price_is_money_also_where_only_an_amount_is_sent(sent, price):
    assert read(resources.Appointment, price=sent).price == price


# Consents


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (None, None),
        ("yes", "yes"),
        ("", ""),
        (7, "7"),
        ([], ""),
        (["yes"], "yes"),
        (["a", 7, "c"], "a\n7\nc"),
        (["a", None], "a"),
        (["a", True, "b"], UNREADABLE),
        ([["a"]], UNREADABLE),
        (True, UNREADABLE),
        ({"text": "a"}, "a"),
        ({"one": "a", "other": "b"}, UNREADABLE),
    ],
    ids=repr,
)
def test_what_was_consented_to_is_one_text(sent, text):
    consent = read(resources.Client, explicitConsent={"date": NINE, "text": sent}).explicit_consent
    assert consent.text == text
    assert consent.date == NINE_RECORD


@pytest.mark.parametrize(
    ("sent", "date"),
    [
        ({"dateTime": "2026-03-01T09:00:00", **ZONE}, NINE_RECORD),
        ({"dateTime": "2026-03-01T09:00:00"}, ZonedDateTime(date_time="2026-03-01T09:00:00")),
        ({"dateTime": NINE}, NINE_RECORD),
        ({"date": NINE, "dateTime": "2020-01-01T00:00:00"}, NINE_RECORD),
        ({"date": {}, "dateTime": NINE}, NINE_RECORD),
        ({"dateTime": "", **ZONE}, None),
        (ZONE, None),
        ({"dateTime": "yesterday"}, UNREADABLE),
        ({"dateTime": 5}, UNREADABLE),
        ({"dateTime": []}, None),
        ({"date": "x", "dateTime": NINE}, UNREADABLE),
        ({"datetime": "2026-03-01T09:00:00", **ZONE}, NINE_RECORD),
        ({"datetime": NINE}, NINE_RECORD),
        ({"dateTime": NINE, "datetime": "2020-01-01T00:00:00"}, NINE_RECORD),
    ],
    ids=repr,
)
def test_clients_of_an_earlier_version_have_the_date_right_in_the_consent(sent, date):
    consent = read(resources.Client, explicitConsent={**sent, "text": "yes"}).explicit_consent
    assert consent.date == date
    assert consent.text == "yes"


def test_what_is_odd_about_a_consents_date_is_noted_when_it_is_read_and_not_when_it_is_shown():
    sent = {"dateTime": "2026-03-01 09:00", "timeZone": "PST", "text": "yes"}
    found: list[str] = []
    with observe_surprises(lambda what, _: found.append(what)):
        consent = read(resources.Client, explicitConsent=sent).explicit_consent
        assert sorted(found) == [ODD_DATE, ODD_TIME_ZONE]
    with suppress_surprises():
        shown = ZonedDateTime(date_time="2026-03-01T09:00:00", time_zone="PST")
    with observe_surprises(lambda what, _: pytest.fail(what)):
        assert consent.date == shown


# Anything

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "text", "url", "amount", "lat", "dateTime", "subItem"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_an_entity_holds_its_derived_properties_never_fail(data):
    declared = data.draw(st.sampled_from(KINDS))
    names = [each.encode_name for each in msgspec.structs.fields(declared)]
    sent = data.draw(st.dictionaries(st.sampled_from(names), JSON))
    found = read(declared, **{**sent, "id": "1"})
    for owner in (found, getattr(found, "location", None), getattr(found, "explicit_consent", 0)):
        for name in (
            *("picture_url", "price", "tags", "text", "latitude", "longitude"),
            *("company_id", "client_id"),
        ):
            shown = getattr(owner, name, None)
            assert not (isinstance(shown, str) and "Unreadable" in shown)
