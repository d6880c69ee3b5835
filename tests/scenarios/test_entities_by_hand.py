"""Everything about a client: the GraphQL answer equals what a frontend makes of REST answers, and costs less.

Two frontends do the same work. The careful one asks for each distinct thing once, and for staff and
services by their lists; the naive one asks wherever it needs something.
"""

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.scenarios.test_whole_timeline import STATUSES, TYPENAMES, picked, word, zoned
from tests.support.documents import EVERYTHING

COMPANIES = "/api/2.1/scheduling/companies"
REGISTRATION_STATUSES = {"accepted", "cancelled", "waitingList"}


@dataclass(frozen=True)
class Cost:
    requests: int
    kilobytes: int


CAREFUL = Cost(requests=58, kilobytes=165)
NAIVE = Cost(requests=243, kilobytes=407)
GRAPHQL = Cost(requests=1, kilobytes=107)
"""What is received, uncompressed: docs/schema.md has these numbers."""


class Frontend:
    """A frontend without a gateway: it asks REST, and puts together what it gets."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._requests = 0
        self._bytes = 0

    @property
    def cost(self) -> Cost:
        return Cost(self._requests, round(self._bytes / 1000))

    async def read(self, path: str) -> Any:
        """The JSON at a path; None where there is nothing."""
        response = await self._http.get(path)
        self._requests += 1
        self._bytes += len(response.content)
        return None if response.status_code == 404 else response.raise_for_status().json()

    async def one_of(self, company_id: str, kind: str, id_: object) -> Any:
        """A member of staff, or a service."""
        return await self.read(f"{COMPANIES}/{company_id}/{kind}/{id_}")

    # ---- who the client is

    async def client(self, client_id: str) -> dict[str, Any]:
        items = (await self.read(f"/api/2.3/activities?clientId={client_id}"))["items"]
        return {
            "profile": await self.profile(client_id),
            "activities": {"nodes": [await self.activity(item, client_id) for item in items]},
        }

    async def profile(self, client_id: str) -> dict[str, Any]:
        item = await self.read(f"/api/2.0/clients/{client_id}")
        names = ("firstName", "lastName", "birthDate", "language", "timeZone", "externalId")
        return {
            **picked(item, *names),
            "pictureUrl": picture(item),
            "emailAddresses": [
                picked(one, emailAddress="email", isPrimary="primary")
                for one in item["emailAddresses"]
            ],
            "phoneNumbers": [
                picked(one, "number", isMobile="mobile") for one in item["phoneNumbers"]
            ],
            "address": picked(item.get("address"), "street", "zipCode", "city", "country"),
            "explicitConsent": consent(item.get("explicitConsent")),
            "marketingConsent": consent(item.get("marketingConsent")),
            "companies": [await self.company(one) for one in item["companies"]],
        }

    async def company(self, mentioned: dict[str, Any]) -> dict[str, Any]:
        item = await self.read(f"{COMPANIES}/{mentioned['id']}")
        return {
            **picked(mentioned, "id", "name"),
            **picked(item, "timeZone", "phone", "currency"),
            "address": picked(item.get("address"), "street", "city", "country"),
        }

    # ---- what happened

    async def activity(self, item: dict[str, Any], client_id: str) -> dict[str, Any]:
        kind = item["type"]
        common = {
            "__typename": TYPENAMES.get(kind, "UnknownActivity"),
            "id": str(item["id"]),
            "kindRaw": kind,
            "event": word(item.get("event"), {"created", "updated", "deleted"}),
            "date": zoned(item["date"]),
            "user": picked(item.get("user"), "userName"),
        }
        match kind:
            case "appointment":
                return {**common, kind: await self.snapshot(item[kind], client_id)}
            case "note" | "consent":
                return {**common, "note": await self.note(item["note"])}
            case "formResult":
                return {**common, kind: await self.form_result(item[kind])}
            case "conferenceRegistration":
                return {**common, kind: await self.registration(item[kind])}
        return {**common, **message(item)}

    # ---- appointments

    async def snapshot(self, item: dict[str, Any], client_id: str) -> dict[str, Any]:
        link = re.search(r"/companies/(\d+)/", item["selfLink"])
        assert link is not None
        company_id = link[1]
        return {
            **picked(item, appointmentId="id"),
            "start": zoned(item["start"]),
            "status": word(item["status"], STATUSES),
            "staff": await self.staff_then(item["staff"], company_id),
            "previousStaff": await self.staff_then(item.get("previousStaff"), company_id),
            "service": await self.service_then(item["service"], company_id),
            "current": await self.appointment(company_id, str(item["id"]), client_id),
        }

    async def appointment(
        self, company_id: str, appointment_id: str, client_id: str
    ) -> dict[str, Any] | None:
        item = await self.read(f"{COMPANIES}/{company_id}/appointments/{appointment_id}")
        if item is None:
            return None
        thread = await self.read(
            f"/api/2.3/activities?clientId={client_id}&appointmentId={appointment_id}"
        )
        price = item["price"]
        told = [
            {"text": one["text"], "user": picked(one["user"], "userName")}
            for one in item["history"]
        ]
        return {
            **picked(item, "id", "reference"),
            "isPaid": item["paid"],
            "start": zoned(item["start"]),
            "end": zoned(item["end"]),
            "status": word(item["status"], STATUSES),
            "price": picked(price, "amount", "currency")
            if isinstance(price, dict)
            else {"amount": price, "currency": None},
            "customStatus": picked(item.get("customStatus"), "name", customStatusId="id"),
            "onlineMeeting": picked(item.get("onlineMeeting"), videoUrl="videoLink"),
            "history": told,
            "client": picked(item["client"], "id"),
            "company": await self.company(item["company"]),
            "staff": await self.staff(item["staff"], company_id),
            "service": await self.service(item["service"], company_id),
            "activities": {
                "totalCount": len(thread["items"]),
                "nodes": [picked(one, "id", kindRaw="type") for one in thread["items"]],
            },
        }

    async def staff(self, mentioned: dict[str, Any], company_id: str) -> dict[str, Any]:
        """A member of staff of today, as an appointment of today mentions them."""
        item = await self.one_of(company_id, "staff", mentioned["id"])
        return staff_of_today(item or {}, mentioned)

    async def staff_then(self, recorded: dict[str, Any] | None, company_id: str) -> object:
        """A member of staff as an activity recorded them, and of today."""
        if recorded is None:
            return None
        item = await self.one_of(company_id, "staff", recorded["id"])
        return {
            **picked(recorded, "firstName", "lastName", staffId="id"),
            "current": item and staff_of_today(item, item),
        }

    async def service(self, mentioned: dict[str, Any], company_id: str) -> dict[str, Any]:
        item = await self.one_of(company_id, "services", mentioned["id"])
        return service_of_today(item or {}, mentioned)

    async def service_then(self, recorded: dict[str, Any], company_id: str) -> dict[str, Any]:
        item = await self.one_of(company_id, "services", recorded["id"])
        return {
            **picked(recorded, "name", serviceId="id"),
            "current": item and service_of_today(item, item),
        }

    # ---- notes, forms, conferences

    async def note(self, item: dict[str, Any]) -> dict[str, Any]:
        now = await self.read(f"/api/2.0/notes/{item['id']}")
        current = now and {
            **picked(now, "id", body="html", isContactByClient="contactedByClient"),
            "author": picked(now["writer"], "lastName", emailAddress="email"),
            "date": zoned(now["date"]),
        }
        return {**picked(item, "body", noteId="id"), "current": current}

    async def form_result(self, item: dict[str, Any]) -> dict[str, Any]:
        path = f"/api/2.3/forms/{item['form']['id']}"
        form, result = await self.read(path), await self.read(f"{path}/results/{item['id']}")
        named = {"name": (item.get("name") or {}).get("name"), **item["form"]}
        return {
            "formResultId": str(item["id"]),
            "form": {**picked(named, "name", formId="id"), "current": picked(form, "id", "title")},
            "current": {
                **picked(result, "id", submittedAtRaw="date", status="currentStatus"),
                "answers": answers(result["result"], []),
            },
        }

    async def registration(self, item: dict[str, Any]) -> dict[str, Any]:
        path = f"/conferences/api/1.0/conferences/{item['conference']['id']}"
        conference = await self.read(path)
        path += f"/sessions/{item['session']['id']}"
        session = await self.read(path)
        now = await self.read(f"{path}/registrations/{item['id']}")
        place = conference["location"]
        return {
            **picked(item, "numberOfSeats", registrationId="id"),
            "conference": {
                **picked(item["conference"], "title", conferenceId="id"),
                "capacity": int(item["conference"]["capacity"]),
                "current": {
                    **picked(conference, "id", "title", "description", webUrl="webLink"),
                    "tags": [tag["text"] for tag in conference["tags"]],
                    "location": {
                        **picked(place, "type", "text", "city"),
                        "latitude": place.get("geolocation", {}).get("lat"),
                    },
                },
            },
            "session": {
                **picked(item["session"], sessionId="id"),
                "start": zoned(item["session"]["start"]),
                "current": {
                    **picked(session, "id", "status", webUrl="webLink"),
                    "start": zoned(session["start"]),
                },
            },
            "current": now
            and {
                **picked(now, "id", "cancelReason", numberOfSeats="seats"),
                "client": picked(now["client"], "id"),
                "status": word(now["status"], REGISTRATION_STATUSES),
                "registeredAt": zoned(now["registered"]),
            },
        }


class CarefulFrontend(Frontend):
    """Keeps what it has read, and reads lists where there are some."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__(http)
        self._kept: dict[str, Any] = {}

    async def read(self, path: str) -> Any:
        if path not in self._kept:
            self._kept[path] = await super().read(path)
        return self._kept[path]

    async def one_of(self, company_id: str, kind: str, id_: object) -> Any:
        items = (await self.read(f"{COMPANIES}/{company_id}/{kind}"))["items"]
        return next((item for item in items if str(item["id"]) == str(id_)), None)


def staff_of_today(item: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    return {
        **picked(named, "id", "firstName", "lastName"),
        **picked(item, "phone", "title", "role", "color", "externalId", emailAddress="email"),
        "pictureUrl": picture(item),
    }


def service_of_today(item: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    return {
        **picked(named, "id", "name"),
        **picked(item, "description", durationMinutes="duration", isPayable="payable"),
        "price": picked(item, amount="price") if "price" in item else None,
        "pictureUrl": picture(item),
    }


def message(item: dict[str, Any]) -> dict[str, Any]:
    names = {"emailNotification": "subject", "textMessageNotification": "body"}
    return {kind: picked(item[kind], name) for kind, name in names.items() if kind in item}


def picture(item: dict[str, Any]) -> object:
    return (item.get("picture") or {}).get("url")


def consent(item: dict[str, Any] | None) -> object:
    return item and {"date": zoned(item["date"]), "text": item["text"]}


def answers(items: list[dict[str, Any]], sections: list[str]) -> list[dict[str, Any]]:
    """The questions of a form in one list, each with the titles of the sections around it."""
    found = []
    for item in items:
        if "subItem" in item:
            found += answers(item["subItem"], [*sections, item["title"]])
            continue
        value = item["value"]
        found.append(
            {
                **picked(item, "title", "type", questionId="id"),
                "value": None if value is None else str(value),
                "values": chosen(item["values"]) if "values" in item else None,
                "path": sections,
            }
        )
    return found


def chosen(options: list[dict[str, Any]]) -> list[str]:
    return [
        value
        for option in options
        for value in (chosen(option["values"]) if option.get("values") else [option["value"]])
    ]


@pytest.mark.parametrize(
    ("frontend", "cost"), [(CarefulFrontend, CAREFUL), (Frontend, NAIVE)], ids=["careful", "naive"]
)
async def test_one_query_is_what_a_frontend_puts_together(
    frontend, cost, rest, gateway, upstream_calls, record_property
):
    by_hand = frontend(rest)
    put_together = await by_hand.client("1100")
    await rest.delete("/_sandbox/calls")
    response = await gateway.post(EVERYTHING, {"client": "1100"})
    answer = response.json()
    assert "errors" not in answer
    assert answer["data"]["client"] == put_together
    assert (await upstream_calls()).total() == CAREFUL.requests
    graphql = Cost(1, round(len(response.content) / 1000))
    record_property("rest", str(by_hand.cost))
    record_property("graphql", str(graphql))
    assert (by_hand.cost, graphql) == (cost, GRAPHQL), (
        "A new key of the sandbox changes these numbers: here, and in docs/schema.md."
    )


def test_the_query_is_short_enough_to_read():
    assert len(EVERYTHING.splitlines()) < 60
