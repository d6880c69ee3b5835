"""What a well-behaved upstream sends: one activity of each kind, and each entity, with all they have."""

from collections.abc import Mapping, Sequence
from typing import Any

ORIGIN = "https://api.agendize.com"
NOON = {"dateTime": "2025-06-02T12:00:00", "timeZone": "Europe/Paris"}
LATER = {"dateTime": "2025-12-02T12:30:00.250", "timeZone": "US/Eastern"}
HTML = "<p>Height 1,72&nbsp;m<br>À revoir <b>en été</b> &amp; après</p><script>no()</script>"

ASKED = "@asked"
"""The id of an entity: the one that was asked for."""

ADDRESS = {
    "street": "1 rue de la Paix",
    "otherStreet": "bâtiment B",
    "zipCode": "75002",
    "state": "Île-de-France",
    "city": "Paris",
    "country": "FR",
}

APPOINTMENT = {
    "id": "411",
    "start": NOON,
    "previousStart": LATER,
    "end": LATER,
    "previousEnd": NOON,
    "service": {"id": "51", "name": "First consultation"},
    "previousService": {"id": "52", "name": "Check-up"},
    "staff": {"id": "31", "firstName": "José", "lastName": "Van den Berg"},
    "previousStaff": {"id": "32", "firstName": "Léa", "lastName": "Ito"},
    "notes": "Ring\ttwice",
    "previousNotes": "Ring",
    "status": "accepted",
    "previousStatus": "pending",
    "selfLink": f"{ORIGIN}/api/2.1/scheduling/companies/3/appointments/411",
}
NOTE = {
    "id": "421",
    "body": HTML,
    "previousBody": "Height 1,71 m",
    "selfLink": f"{ORIGIN}/api/2.0/notes/421",
}
REGISTRATION = {
    "id": "441",
    "numberOfSeats": 2,
    "conference": {"id": "61", "title": "Healthy & well", "capacity": "120"},
    "session": {"id": "71", "start": NOON, "end": LATER},
    "source": "Front desk",
    "sourceType": "widget",
    "status": "waitingList",
    "cancelReason": "Fell ill",
    "selfLink": f"{ORIGIN}/conferences/api/1.0/registrations/441",
}

FORM_RESULT = {
    "id": "431",
    "form": {"id": "81", "name": "Before you come"},
    "name": {"name": "As the specification misprints it"},
    "selfLink": f"{ORIGIN}/api/2.3/forms/81/results/431",
}
EMAIL = {
    "subject": "Your appointment",
    "body": HTML,
    "selfLink": f"{ORIGIN}/api/2.3/emails/451",
}
TEXT_MESSAGE = {
    "body": "Rappel : 5€ off > 2 visits",
    "selfLink": f"{ORIGIN}/api/2.3/texts/461",
}
MISPRINTED_START = {"session": {"start": LATER}}

CARRIED: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "note": ({"note": NOTE},),
    "appointment": ({"appointment": APPOINTMENT},),
    "consent": ({"note": NOTE},),
    "formResult": (
        {"formResult": FORM_RESULT},
        {"formResult": {**FORM_RESULT, "form": {"id": "81"}}},
        {"formResult": {**FORM_RESULT, "form": None, "name": "Misprinted yet again"}},
    ),
    "emailNotification": ({"emailNotification": EMAIL},),
    "textMessageNotification": ({"textMessageNotification": TEXT_MESSAGE},),
    "conferenceRegistration": (
        {"conferenceRegistration": REGISTRATION, "aconferenceRegistration": MISPRINTED_START},
        {
            "conferenceRegistration": {**REGISTRATION, "session": {"id": "71", "end": LATER}},
            "aconferenceRegistration": MISPRINTED_START,
        },
        {"conferenceRegistration": REGISTRATION},
    ),
}
"""What an activity of each kind may carry beside what all carry; some of it as it is misprinted."""

UNKNOWN = {"call": {"minutes": 5, "tags": [1.0, None, {"a": "b"}]}}
UNKNOWN_KINDS = ("call", "unknown", "Note", "UNKNOWN", "é", 7)


def activity(
    id_: object, kind: object, event: str, date: Mapping[str, Any], carried: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "id": id_,
        "type": kind,
        "date": date,
        "event": event,
        "user": {
            "userName": "ito",
            "emailAddress": "ito@example.com",
            "firstName": "Aiko",
            "lastName": "O'Brien",
        },
        "updatedAttributes": ["start", "body", "notes", "room", "numberOfSeats", "status"],
        "marketingConsent": {"text": "Yes, send me news & offers."},
        **carried,
    }


STAFF = {
    "id": "31",
    "firstName": "Josephine",
    "lastName": "Vandenberg",
    "email": "jose@example.com",
    "phone": "+33123456789",
    "otherPhone": "12",
    "title": "Dr",
    "gender": "male",
    "color": "#336699",
    "description": HTML,
    "role": "admin",
    "externalId": "x-31",
    "picture": {"url": "https://example.com/31.png"},
}
SERVICE = {
    "id": "51",
    "name": "First consultation of today",
    "description": "Bilan complet, à jeun",
    "duration": 45,
    "bufferDuration": 5,
    "capacity": 1,
    "price": 60.5,
    "payable": True,
    "color": "red",
    "externalId": "x-51",
    "picture": {"url": "https://example.com/51.png"},
}

TODAY = {
    "id": ASKED,
    "reference": "RDV-1",
    "company": {"id": "3", "name": "Cabinet"},
    "service": {"id": "51", "name": "First consultation"},
    "staff": {"id": "32", "firstName": "Léa", "lastName": "Ito"},
    "client": {"id": "1"},
    "start": NOON,
    "end": LATER,
    "created": NOON,
    "status": "noShow",
    "customStatus": {"id": "9", "name": "Late"},
    "notes": "Ring twice",
    "history": [{"text": "Booked", "date": NOON, "source": "web", "user": {"email": "e"}}],
    "source": "Website",
    "paid": True,
    "price": {"amount": 60, "currency": "EUR"},
    "onlineMeeting": {"provider": "zoom", "videoLink": "https://example.com/v"},
    "location": "Paris",
    "rescheduleLink": "https://example.com/r",
}

ENTITIES: Mapping[str, Any] = {
    "client": {
        "id": ASKED,
        "firstName": "Zoë",
        "lastName": "Núñez",
        "emailAddresses": [{"email": "zoe@example.com", "primary": True}],
        "phoneNumbers": [{"number": "+331", "primary": False, "mobile": True}],
        "gender": "female",
        "timeZone": "Europe/Paris",
        "language": "fr",
        "description": HTML,
        "picture": {"url": "https://example.com/1.png"},
        "address": ADDRESS,
        "companyName": "Acme",
        "jobTitle": "CTO",
        "birthDate": "1980-02-29",
        "externalId": "x-1",
        "companies": [{"id": "3", "name": "Cabinet"}, {"id": "4", "name": "Atelier"}],
        "explicitConsent": {"date": NOON, "text": ["I agree", "twice"]},
        "marketingConsent": {**LATER, "text": "Yes"},
    },
    "note": {
        "id": ASKED,
        "html": HTML,
        "writer": {"email": "w@example.com", "firstName": "W", "lastName": "Riter"},
        "date": NOON,
        "contactedByClient": False,
    },
    "company": {
        "id": ASKED,
        "name": "Cabinet Dupont",
        "timeZone": "Europe/Paris",
        "email": "c@example.com",
        "phone": "+331",
        "currency": "EUR",
        "address": ADDRESS,
        "websiteLink": "https://example.com",
        "picture": {"url": "https://example.com/c.png"},
    },
    "staff": {"items": [STAFF, {**STAFF, "id": 32, "email": "lea@example.com"}]},
    "services": {"items": [SERVICE, {**SERVICE, "id": "52", "price": 0}]},
    "appointment": TODAY,
    "appointments": {"items": [{**TODAY, "id": "411"}, {**TODAY, "id": 412}]},
    "form": {"id": ASKED, "name": "Intake", "title": "Before you come, please"},
    "result": {
        "id": ASKED,
        "form": "81",
        "date": "02/06/2025",
        "currentStatus": "FINISHED",
        "result": [
            {"id": 1, "type": "input", "title": "Height", "value": 1.72},
            {"id": "2", "type": "date", "title": "Since", "zonedDateTime": NOON},
            {
                "title": "Section",
                "subItem": [
                    {"title": "Ticked", "value": True, "fileName": "a.pdf"},
                    {"title": "Several", "values": [{"name": "A"}, {"value": 2}]},
                    {
                        "title": "Chosen",
                        "values": [{"name": "C", "values": [{"name": "D", "value": "d"}]}],
                    },
                ],
            },
        ],
    },
    "conference": {
        "id": ASKED,
        "title": "Healthy and well again",
        "capacity": 80,
        "description": HTML,
        "duration": 90,
        "location": {
            "type": "address",
            "text": "Hall",
            "street": "1",
            "additionalStreet": "2",
            "zipCode": "3",
            "city": "Lyon",
            "state": "ARA",
            "country": "FR",
            "geolocation": {"lat": "45.7640", "lng": 4.8357},
        },
        "webLink": "https://example.com/conf",
        "code": "C-1",
        "tags": [{"text": "health"}, {"text": "été"}],
        "picture": {"url": "https://example.com/61.png"},
    },
    "session": {
        "id": ASKED,
        "start": LATER,
        "end": {"dateTime": "2025-12-02T14:00:00", "timeZone": "US/Eastern"},
        "status": "open",
        "webLink": "https://example.com/s",
    },
    "registration": {
        "id": ASKED,
        "client": {"id": "2"},
        "status": "accepted",
        "seats": 2,
        "registered": NOON,
        "source": "Website",
        "sourceType": "api",
        "cancelReason": "Fell ill",
        "cancelSource": "client",
        "cancelled": {"datetime": "2025-12-02T12:30:00.250", "timezone": "US/Eastern"},
        "webLink": "https://example.com/r",
    },
}
"""By what is asked for."""
