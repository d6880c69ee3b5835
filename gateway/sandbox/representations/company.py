"""A company, as the scheduling API sends it."""

from collections.abc import Mapping

from gateway.sandbox.fixtures.catalogue import Company
from gateway.sandbox.fixtures.clock import REFERENCE_TIME, zoned_date_time
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.parts import (
    WORKING_HOURS,
    json_id,
    picture,
    sequence_number,
    without_nulls,
)

ADDRESS_BY_TIME_ZONE: Mapping[str, Json] = {
    "Europe/Paris": {
        "street": "12, rue de l'Église",
        "otherStreet": "Bâtiment B",
        "zipCode": "75011",
        "state": None,
        "city": "Paris",
        "country": "FR",
    },
    "US/Eastern": {
        "street": "400 Atlantic Ave",
        "zipCode": "02110",
        "state": "MA",
        "city": "Boston",
        "country": "US",
    },
    "Asia/Kolkata": {"street": "7 M.G. Road", "city": "Kolkata", "country": "IN"},
    "Europe/Berlin": {"street": "Ringstraße 3", "zipCode": 10115, "city": "Berlin"},
}
"""Addresses by time zone; a zip code may be a number."""

CURRENCY_BY_TIME_ZONE = {"US/Eastern": "USD", "Europe/Paris": "EUR", "Europe/Berlin": "EUR"}


def company_json(one: Company) -> Json:
    """A company. The second of an account has a number as its id; the third omits null keys."""
    n, zone = sequence_number(one.id), one.time_zone.key
    geolocation = (
        {"lat": 48.8566, "lng": 2.3522} if n != 2 else {"lat": "42.3559", "lng": "-71.0497"}
    )
    content: Json = {
        "id": json_id(one.id, as_number=n == 2),
        "name": one.name,
        "timeZone": zone,
        "email": f"hello.{one.id}@example.com",
        "phone": None if n == 3 else f"+331400001{n:02d}",
        "address": ADDRESS_BY_TIME_ZONE.get(zone),
        "description": f"<p>{one.name} &mdash; on vous attend&nbsp;!</p>",
        "geolocation": geolocation,
        "picture": None if n == 3 else picture("companies", one.id),
        "photo": None,
        "workingHours": WORKING_HOURS,
        "currency": CURRENCY_BY_TIME_ZONE.get(zone),
        "vacations": [{"startDate": "2026/08/01", "endDate": "2026/08/15"}],
        "websiteLink": f"https://{one.id}.example.com/",
        "scheduledItems": "staff",
        "created": zoned_date_time(REFERENCE_TIME.astimezone(one.time_zone).replace(year=2019)),
        "updated": zoned_date_time(REFERENCE_TIME.astimezone(one.time_zone)),
        "externalId": f"COMP-{one.id}",
        "socialMedias": {"facebookPageLink": f"https://social.example.com/{one.id}"},
        "extendedProperties": {"private": {}, "public": {"floor": n}},
    }
    return without_nulls(content) if n == 3 else content
