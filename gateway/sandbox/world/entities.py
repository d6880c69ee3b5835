"""What clients leave behind: appointments, notes, form results, registrations, as they are today."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.sandbox.world.catalogue import Company, Conference, Form, Service, Session, Staff, User

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    first_name: str
    last_name: str
    email: str
    phone: str


@dataclass(slots=True)
class Appointment:
    id: str
    client_id: str
    company: Company
    service: Service
    staff: Staff
    start: datetime
    end: datetime
    created: datetime
    status: str
    notes: str | None
    form_result: "FormResult | None" = None
    deleted: bool = False


@dataclass(slots=True)
class Note:
    """A consent is a note too: the activity's kind is all that tells them apart."""

    id: str
    client_id: str
    body: str
    date: datetime
    writer: User
    deleted: bool = False


@dataclass(slots=True)
class FormResult:
    id: str
    client_id: str
    form: Form
    date: datetime
    status: str


@dataclass(slots=True)
class Registration:
    id: str
    client_id: str
    conference: Conference
    session: Session
    seats: int
    registered: datetime
    source: str
    source_type: str
    status: str = "accepted"
    cancel_reason: str | None = None
    cancelled: datetime | None = None
    deleted: bool = False
