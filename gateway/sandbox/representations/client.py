"""A client, as `/api/2.0/clients/{clientId}` sends it."""

from collections.abc import Callable

from gateway.sandbox.fixtures.clock import zoned_date_time
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.history import ClientHistory, HistoryEvent
from gateway.sandbox.representations.parts import json_id, picture

LANGUAGES = ("fr", "en", "es", "none")
GENDERS = ("female", "male", "undefined")


def client_json(history: ClientHistory) -> Json:
    """A client. Where the digits of the id have an odd sum, a consent has a list as its text."""
    one = history.client
    n = sum(map(int, one.id))
    return {
        "id": json_id(one.id, as_number=n % 3 == 0),
        "firstName": one.first_name,
        "lastName": one.last_name,
        "emailAddresses": [
            {"email": one.email, "primary": True},
            {"email": f"client.{one.id}@example.com", "primary": False},
        ],
        "phoneNumbers": [{"number": one.phone, "primary": True, "mobile": False}],
        "gender": GENDERS[n % len(GENDERS)],
        "timeZone": history.companies[0].time_zone.key,
        "language": LANGUAGES[n % len(LANGUAGES)],
        "description": "Comes by bike & leaves on foot <always>",
        "picture": None if n % 3 == 0 else picture("clients", one.id),
        "address": {
            "street": "3, allée des Érables",
            "otherStreet": None,
            "zipCode": "69003",
            "city": "Lyon",
            "country": "FR",
        },
        "extendedProperties": {"private": {}, "public": {"loyalty": n}},
        "externalId": None if n % 2 else f"CRM-{one.id}",
        "companyName": None if n % 2 else "Léger & Fils",
        "title": "mr" if n % 2 else "dr",
        "jobTitle": "Architecte",
        "webSiteLink": None,
        "additionalAddresses": [],
        "relationship": [],
        "birthDate": "1984-02-29",
        "additionalFields": [{"id": "1", "name": "Shoe size", "value": "42"}],
        "explicitConsent": _consent(
            history.last_consent_by_type.get("explicit"),
            lambda consent: consent.details["note"]["body"],
        ),
        "marketingConsent": _consent(
            history.last_consent_by_type.get("marketing"),
            lambda consent: [consent.marketing_consent] if n % 2 else consent.marketing_consent,
        ),
        "companies": [{"id": company.id, "name": company.name} for company in history.companies],
        "marketingOptins": {"email": {"enabled": n % 2 == 0}, "sms": {"enabled": False}},
    }


def _consent(
    consent_event: HistoryEvent | None, text: Callable[[HistoryEvent], object]
) -> Json | None:
    """The latest consent in the timeline; None where there is none."""
    return (
        None
        if consent_event is None
        else {"date": zoned_date_time(consent_event.at), "text": text(consent_event)}
    )
