"""What an account owns before any client comes: companies, staff, services, forms, conferences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from gateway.sandbox.world.moments import REFERENCE
from gateway.sandbox.world.texts import FIRST_NAMES, LAST_NAMES, mailbox


@dataclass(frozen=True, slots=True)
class Company:
    id: str
    name: str
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Staff:
    id: str
    company_id: str
    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True, slots=True)
class Service:
    id: str
    company_id: str
    name: str
    minutes: int
    price: float


@dataclass(frozen=True, slots=True)
class Form:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    conference_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Conference:
    id: str
    title: str
    capacity: int
    minutes: int
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class User:
    """Who works at the account's console. The upstream gives users no id."""

    user_name: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    companies: Mapping[str, Company]
    staff: Mapping[str, Staff]
    services: Mapping[str, Service]
    forms: Mapping[str, Form]
    conferences: Mapping[str, Conference]
    users: tuple[User, ...]

    def staff_of(self, company: Company) -> list[Staff]:
        return [member for member in self.staff.values() if member.company_id == company.id]

    def services_of(self, company: Company) -> list[Service]:
        return [service for service in self.services.values() if service.company_id == company.id]


COMPANIES = {
    "1": (
        ("101", "Clinique du Parc", "Europe/Paris"),
        ("102", "Harbor Advisors", "US/Eastern"),
        ("103", "Lotus Wellness", "Asia/Kolkata"),
    ),
    "2": (
        ("201", "Praxis am Ring", "Europe/Berlin"),
        ("202", "Clínica Ipanema", "America/Sao_Paulo"),
    ),
}
SERVICES = (
    ("First consultation", 45, 60.0),
    ("Bilan complet, à jeun", 90, 120.5),
    ("Follow-up & advice", 20, 25.0),
    ("Vidéo-consultation", 30, 0.0),
)
FORMS = ("Intake questionnaire", "Vos préférences", "Satisfaction <after> the visit")
CONFERENCES = (
    ("Sleep well: an evening with Dr Ito", 120, 90),
    ("Préparer sa retraite", 40, 60),
)
STAFF_OF_A_COMPANY = 5


def catalogue(account: str, seed: int) -> Catalogue:
    """Ids are the same in every world; who bears them is drawn."""
    draw = Random(f"{seed}/{account}")
    companies = [Company(id_, name, ZoneInfo(zone)) for id_, name, zone in COMPANIES[account]]
    conferences = [
        _conference(f"{account}80{n}", named, companies, draw)
        for n, named in enumerate(CONFERENCES, start=1)
    ]
    forms = [Form(f"{account}00000000000070{n}", name) for n, name in enumerate(FORMS, start=1)]
    staff = [member for company in companies for member in _staff(company, draw)]
    services = [
        Service(f"{company.id}5{n}", company.id, *described)
        for company in companies
        for n, described in enumerate(SERVICES, start=1)
    ]
    return Catalogue(
        companies={company.id: company for company in companies},
        staff={member.id: member for member in staff},
        services={service.id: service for service in services},
        forms={form.id: form for form in forms},
        conferences={conference.id: conference for conference in conferences},
        users=tuple(_user(draw) for _ in range(4)),
    )


def _staff(company: Company, draw: Random) -> list[Staff]:
    names = zip(
        draw.sample(FIRST_NAMES, STAFF_OF_A_COMPANY),
        draw.sample(LAST_NAMES, STAFF_OF_A_COMPANY),
        strict=True,
    )
    return [
        Staff(f"{company.id}{n:02d}", company.id, first, last, mailbox(first, last))
        for n, (first, last) in enumerate(names, start=1)
    ]


def _user(draw: Random) -> User:
    first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
    return User(mailbox(first, last), first, last)


def _conference(
    id_: str, named: tuple[str, int, int], companies: list[Company], draw: Random
) -> Conference:
    title, capacity, minutes = named
    sessions = []
    for n, company in enumerate(companies, start=1):
        day = REFERENCE - timedelta(days=draw.randrange(20, 400))
        start = day.astimezone(company.time_zone).replace(hour=18, minute=30)
        sessions.append(Session(f"{id_}0{n}", id_, start, start + timedelta(minutes=minutes)))
    return Conference(id_, title, capacity, minutes, tuple(sessions))
