"""One client's story: what its threads draw from, and the things they leave behind."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, cycle
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from gateway.sandbox.world.catalogue import Catalogue, Company, Staff, User
from gateway.sandbox.world.entities import Appointment, Client, FormResult, Json, Note, Registration
from gateway.sandbox.world.moments import REFERENCE, instant

PREFIXES = {
    "appointment": "41",
    "note": "42",
    "formResult": "43",
    "conferenceRegistration": "44",
    "emailNotification": "45",
    "textMessageNotification": "46",
    "call": "47",
}
YEARS_BACK = 3

Drawn = TypeVar("Drawn")


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of a thread, before it is written down as an activity."""

    at: datetime
    kind: str
    event: str
    details: Json
    user: User | None = None
    appointment_id: str | None = None
    updated: tuple[str, ...] = ()
    marketing_consent: str | None = None


@dataclass(slots=True)
class Story:
    client: Client
    catalogue: Catalogue
    companies: Sequence[Company]
    draw: Random
    appointments: dict[str, Appointment] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    form_results: dict[str, FormResult] = field(default_factory=dict)
    registrations: dict[str, Registration] = field(default_factory=dict)
    histories: dict[str, list[Happening]] = field(default_factory=dict)
    """What happened to each appointment itself, by its id."""
    last_consents: dict[str, Happening] = field(default_factory=dict)
    """By `explicit` and `marketing`."""
    next_staff: Iterator[Staff] = field(init=False)
    _turns: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Staff come in turn, a company after the other, so that all are soon met."""
        teams = (self.catalogue.staff_of(company) for company in self.companies)
        self.next_staff = cycle(chain.from_iterable(zip(*teams, strict=True)))

    def remember(self, happening: Happening) -> None:
        """What the entities tell of it afterwards."""
        if happening.kind == "appointment" and happening.appointment_id is not None:
            self.histories.setdefault(happening.appointment_id, []).append(happening)
        if happening.kind == "consent" and happening.event != "deleted":
            self._consented("explicit", happening)
        if happening.marketing_consent is not None:
            self._consented("marketing", happening)

    def _consented(self, name: str, happening: Happening) -> None:
        """Threads are not told in the order of their dates."""
        known = self.last_consents.get(name)
        if known is None or instant(known.at) <= instant(happening.at):
            self.last_consents[name] = happening

    def turn(self, name: str) -> int:
        """How often this was asked before: what varies, varies in turn and not by luck."""
        self._turns[name] += 1
        return self._turns[name] - 1

    def new_id(self, kind: str) -> str:
        """Kind, client and number: an id tells whose story to read."""
        return f"{PREFIXES[kind]}{self.client.id}{self.turn(kind) + 1:06d}"

    def choice(self, options: Sequence[Drawn]) -> Drawn:
        return options[int(self.draw.random() * len(options))]

    def user(self) -> User:
        return self.choice(self.catalogue.users)

    def zone(self) -> ZoneInfo:
        return self.choice(self.companies).time_zone

    def some_day(self, zone: ZoneInfo) -> datetime:
        """A moment of the last years, early enough for a whole thread to follow."""
        seconds = self.draw.random() * 86_400 * 365 * YEARS_BACK
        past = REFERENCE - timedelta(days=60, seconds=int(seconds))
        return past.astimezone(zone)
