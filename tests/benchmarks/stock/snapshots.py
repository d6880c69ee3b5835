"""What activities carry, as types made of the REST answer's JSON; what is not selected is left out."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NewType, TypedDict
from zoneinfo import ZoneInfo

import strawberry
from aiodataloader import DataLoader

Json = Mapping[str, Any]

DateTime = NewType("DateTime", datetime)
LocalDateTime = NewType("LocalDateTime", str)
TimeZone = NewType("TimeZone", str)
URL = NewType("URL", str)


class Context(TypedDict):
    """What is read once per request, however often it is asked for."""

    timelines: DataLoader[str, list[Any]]
    """By the client's id."""
    staff: DataLoader[str, Mapping[str, Json]]
    """By the company's id."""


Info = strawberry.Info[Context, None]


@strawberry.enum
class AppointmentStatus(Enum):
    COMPLETED = "completed"
    NO_SHOW = "noShow"
    ACCEPTED = "accepted"
    PENDING = "pending"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    IN_PROGRESS = "inProgress"


@strawberry.enum
class RegistrationStatus(Enum):
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    WAITING_LIST = "waitingList"


@strawberry.type
class ZonedDateTime:
    date_time: LocalDateTime
    time_zone: TimeZone

    @classmethod
    def of(cls, json: Json) -> "ZonedDateTime":
        return cls(date_time=json["dateTime"], time_zone=json["timeZone"])

    @property
    def at(self) -> datetime:
        local = datetime.fromisoformat(self.date_time).replace(tzinfo=ZoneInfo(self.time_zone))
        return local.astimezone(UTC)

    @strawberry.field
    def instant(self) -> DateTime:
        return DateTime(self.at)


@strawberry.type
class User:
    user_name: str | None
    email_address: str | None
    first_name: str | None
    last_name: str | None

    @classmethod
    def of(cls, json: Json) -> "User":
        return cls(
            user_name=json["userName"],
            email_address=json["emailAddress"],
            first_name=json["firstName"],
            last_name=json["lastName"],
        )


@strawberry.type
class MarketingConsent:
    text: str | None


@strawberry.type
class ServiceSnapshot:
    service_id: strawberry.ID | None
    name: str | None


@strawberry.type
class Staff:
    id: strawberry.ID
    email_address: str | None
    phone: str | None


@strawberry.type
class StaffSnapshot:
    staff_id: strawberry.ID | None
    first_name: str | None
    last_name: str | None
    company_id: strawberry.Private[str]

    @strawberry.field
    async def current(self, info: Info) -> Staff | None:
        staff = await info.context["staff"].load(self.company_id)
        member = None if self.staff_id is None else staff.get(self.staff_id)
        if member is None:
            return None
        return Staff(id=member["id"], email_address=member["email"], phone=member["phone"])


@strawberry.type
class AppointmentSnapshot:
    appointment_id: strawberry.ID | None
    status: AppointmentStatus | None
    notes: str | None
    start: ZonedDateTime | None
    end: ZonedDateTime | None
    staff: StaffSnapshot | None
    service: ServiceSnapshot | None
    self_link: URL | None

    @classmethod
    def of(cls, json: Json) -> "AppointmentSnapshot":
        company = re.search(r"/companies/([^/]+)/", json["selfLink"])
        assert company is not None
        staff, service = json["staff"], json["service"]
        return cls(
            appointment_id=json["id"],
            status=AppointmentStatus(json["status"]),
            notes=json["notes"],
            start=ZonedDateTime.of(json["start"]),
            end=ZonedDateTime.of(json["end"]),
            staff=StaffSnapshot(
                staff_id=staff["id"],
                first_name=staff["firstName"],
                last_name=staff["lastName"],
                company_id=company[1],
            ),
            service=ServiceSnapshot(service_id=service["id"], name=service["name"]),
            self_link=json["selfLink"],
        )


@strawberry.type
class NoteSnapshot:
    note_id: strawberry.ID | None
    body: str | None
    self_link: URL | None

    @classmethod
    def of(cls, json: Json) -> "NoteSnapshot":
        return cls(note_id=json["id"], body=json["body"], self_link=json["selfLink"])


@strawberry.type
class FormSnapshot:
    form_id: strawberry.ID | None
    name: str | None


@strawberry.type
class FormResultSnapshot:
    form_result_id: strawberry.ID | None
    form: FormSnapshot | None
    self_link: URL | None

    @classmethod
    def of(cls, json: Json) -> "FormResultSnapshot":
        form = FormSnapshot(form_id=json["form"]["id"], name=json["form"]["name"])
        return cls(form_result_id=json["id"], form=form, self_link=json["selfLink"])


@strawberry.type
class EmailNotification:
    subject: str | None
    body: str | None
    self_link: URL | None

    @classmethod
    def of(cls, json: Json) -> "EmailNotification":
        return cls(subject=json["subject"], body=json["body"], self_link=json["selfLink"])


@strawberry.type
class TextMessageNotification:
    body: str | None
    self_link: URL | None

    @classmethod
    def of(cls, json: Json) -> "TextMessageNotification":
        return cls(body=json["body"], self_link=json["selfLink"])


@strawberry.type
class ConferenceSnapshot:
    conference_id: strawberry.ID | None
    title: str | None
    capacity: int | None


@strawberry.type
class ConferenceSessionSnapshot:
    session_id: strawberry.ID | None
    start: ZonedDateTime | None
    end: ZonedDateTime | None


@strawberry.type
class ConferenceRegistrationSnapshot:
    registration_id: strawberry.ID | None
    status: RegistrationStatus | None
    number_of_seats: int | None
    conference: ConferenceSnapshot | None
    session: ConferenceSessionSnapshot | None
    self_link: URL | None

    @classmethod
    def of(cls, json: Json) -> "ConferenceRegistrationSnapshot":
        conference, session = json["conference"], json["session"]
        return cls(
            registration_id=json["id"],
            status=RegistrationStatus(json["status"]),
            number_of_seats=json["numberOfSeats"],
            conference=ConferenceSnapshot(
                conference_id=conference["id"],
                title=conference["title"],
                capacity=conference["capacity"],
            ),
            session=ConferenceSessionSnapshot(
                session_id=session["id"],
                start=ZonedDateTime.of(session["start"]),
                end=ZonedDateTime.of(session["end"]),
            ),
            self_link=json["selfLink"],
        )
