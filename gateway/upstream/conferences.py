"""Conferences, their sessions and registrations, as they are today; declared as in `entities.py`.

Source: upstream contract, section 9.
"""

from typing import Any

from msgspec import field

from gateway.upstream.declaring import Count, Id, Link, Several, Text
from gateway.upstream.entities import Amount, ClientReference, Pictured
from gateway.upstream.records import AllOptional, Record, Unreadable, ZonedDateTime
from gateway.upstream.words import RegistrationSourceType, RegistrationStatus


class Geolocation(AllOptional, frozen=True, kw_only=True):
    lat: Amount | None = None
    lng: Amount | None = None


class ConferenceLocation(AllOptional, frozen=True, kw_only=True):
    type: Text | None = None
    text: Text | None = None
    street: Text | None = None
    additional_street: Text | None = None
    zip_code: Text | None = None
    city: Text | None = None
    state: Text | None = None
    country: Text | None = None
    geolocation: Geolocation | None = None

    @property
    def latitude(self) -> float | Unreadable | None:
        return _degrees(self.geolocation, "lat")

    @property
    def longitude(self) -> float | Unreadable | None:
        return _degrees(self.geolocation, "lng")


def _degrees(geolocation: Geolocation | Unreadable | None, name: str) -> float | Unreadable | None:
    return getattr(geolocation, name) if isinstance(geolocation, Geolocation) else geolocation


class Tag(AllOptional, frozen=True, kw_only=True):
    text: Text | None = None


class Conference(Pictured, frozen=True, kw_only=True):
    id: Id
    title: Text | None = None
    capacity: Count | None = None
    description: Text | None = None
    duration: Count | None = None
    location: ConferenceLocation | None = None
    web_link: Link | None = None
    code: Text | None = None
    sent_tags: Several[Tag] | None = field(name="tags", default=None)

    @property
    def tags(self) -> list[Text | Unreadable] | Unreadable | None:
        """The texts of the tags."""
        if not isinstance(self.sent_tags, list):
            return self.sent_tags
        texts: list[Any] = [getattr(tag, "text", tag) for tag in self.sent_tags]
        return texts


class ConferenceSession(Record, frozen=True, kw_only=True):
    id: Id
    status: Text | None = None
    web_link: Link | None = None


class ConferenceRegistration(Record, frozen=True, kw_only=True):
    id: Id
    client: ClientReference | None = None
    status: RegistrationStatus | None = None
    seats: Count | None = None
    registered: ZonedDateTime | None = None
    source: Text | None = None
    source_type: RegistrationSourceType | None = None
    cancel_reason: Text | None = None
    cancel_source: Text | None = None
    cancelled: ZonedDateTime | None = None
    web_link: Link | None = None
