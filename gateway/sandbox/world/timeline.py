"""A client's activities, written down once, filtered and ordered as the upstream does."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.sandbox.world.entities import Json
from gateway.sandbox.world.moments import instant, zoned
from gateway.sandbox.world.quirks import Quirks
from gateway.sandbox.world.story import Happening


@dataclass(frozen=True, slots=True)
class Entry:
    """One activity as JSON, beside what the upstream knows of it to filter and sort by."""

    instant: float
    kind: str
    appointment_id: str | None
    json: bytes


class Timeline:
    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = sorted(entries, key=_instant)

    def body(
        self,
        kinds: Container[str] | None = None,
        appointment_id: str | None = None,
        *,
        newest_first: bool = False,
    ) -> bytes:
        """The answer's bytes; None as a filter lets everything through."""
        entries = self.entries[::-1] if newest_first else self.entries
        if kinds is not None:
            entries = [entry for entry in entries if entry.kind in kinds]
        if appointment_id is not None:
            entries = [entry for entry in entries if entry.appointment_id == appointment_id]
        return b'{"items":[' + b",".join([entry.json for entry in entries]) + b"]}"


def written_down(happening: Happening, activity_id: str, quirks: Quirks) -> Entry:
    shown = activity(happening, activity_id)
    quirks.apply(shown)
    return Entry(
        instant(happening.at),
        happening.kind,
        happening.appointment_id,
        msgspec.json.encode(shown),
    )


def activity(happening: Happening, activity_id: str) -> Json:
    """The activity as the specification draws it."""
    shown: dict[str, Any] = {
        "id": activity_id,
        "type": happening.kind,
        "date": zoned(happening.at),
        "event": happening.event,
        "user": None,
        **happening.details,
    }
    if (user := happening.user) is not None:
        shown["user"] = {
            "userName": user.user_name,
            "emailAddress": user.user_name,
            "firstName": user.first_name,
            "lastName": user.last_name,
        }
    if happening.marketing_consent is not None:
        shown["marketingConsent"] = {"text": happening.marketing_consent}
    if happening.event == "updated":
        shown["updatedAttributes"] = list(happening.updated)
    return shown


def _instant(entry: Entry) -> float:
    return entry.instant
