"""A client (upstream contract, 10)."""

from collections.abc import Callable

from gateway.sandbox.fixtures.clock import zoned
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.history import Happening, Story
from gateway.sandbox.representations.parts import id_in_turn, picture

LANGUAGES = ("fr", "en", "es", "none")
GENDERS = ("female", "male", "undefined")


def client(story: Story) -> Json:
    """Who has an odd sum of digits has a consent whose text is a list."""
    one = story.client
    n = sum(map(int, one.id))
    return {
        "id": id_in_turn(one.id, as_number=n % 3 == 0),
        "firstName": one.first_name,
        "lastName": one.last_name,
        "emailAddresses": [
            {"email": one.email, "primary": True},
            {"email": f"client.{one.id}@example.com", "primary": False},
        ],
        "phoneNumbers": [{"number": one.phone, "primary": True, "mobile": False}],
        "gender": GENDERS[n % len(GENDERS)],
        "timeZone": story.companies[0].time_zone.key,
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
            story.last_consents.get("explicit"), lambda consent: consent.details["note"]["body"]
        ),
        "marketingConsent": _consent(
            story.last_consents.get("marketing"),
            lambda consent: [consent.marketing_consent] if n % 2 else consent.marketing_consent,
        ),
        "companies": [{"id": company.id, "name": company.name} for company in story.companies],
        "marketingOptins": {"email": {"enabled": n % 2 == 0}, "sms": {"enabled": False}},
    }


def _consent(told: Happening | None, text: Callable[[Happening], object]) -> Json | None:
    """As the timeline last told it."""
    return None if told is None else {"date": zoned(told.at), "text": text(told)}
