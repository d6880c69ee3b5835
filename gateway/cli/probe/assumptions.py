"""Assumptions: what the gateway takes for granted of the REST API, and what a probe finds of each."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

ASSUMPTIONS: Mapping[str, str] = {
    "activities-path": "A timeline is at GATEWAY_ACTIVITIES_PREFIX, followed by /activities.",
    "list-envelope": "A list is in an object, under `items`.",
    "whole-list": "A list has no pages: there is nothing beside `items`.",
    "repeatable": "The same request has the same response.",
    "validators": "Responses have neither `ETag` nor `Last-Modified`.",
    "compression": "Responses are not compressed, or by gzip or deflate.",
    "rate-limits": "There are no limits of the request rate.",
    "activity-values": "Activities have an id, a type and values of the documented types.",
    "activity-fields": "Activities have the documented fields only.",
    "activity-words": "Types, events and statuses are the documented words.",
    "unseen-fields": "Each documented field of an activity occurs.",
    "dates": "Dates are local, in the form 2026-03-01T09:00:00.",
    "time-zones": "Each date has a time zone, with a name of the IANA database.",
    "sort-ascending": "A timeline is in the order of its dates where `sort` is `asc`.",
    "sort-descending": "A timeline is in the reverse order where `sort` is `desc`.",
    "type-one": "`type` with one word selects the activities of that type.",
    "type-several": "`type` with several words, separated by commas, selects the activities of all of them.",
    "type-unknown": "`type` with an unknown word selects nothing.",
    "appointment-filter": "`appointmentId` selects the activities of that appointment.",
    "appointment-messages": "Messages about an appointment are among its activities.",
    "unknown-client": "A client that does not exist has status 404.",
    "appointment-links": "The link of an appointment names its company.",
    "form-result-links": "The link of a form result names its form.",
    "client-path": "A client is at GATEWAY_CLIENTS_PATH.",
    "note-path": "A note is at GATEWAY_NOTES_PREFIX, followed by /notes.",
    "company-path": "A company is at GATEWAY_SCHEDULING_PREFIX, followed by /companies.",
    "staff-path": "The staff of a company are a list below it.",
    "service-path": "The services of a company are a list below it.",
    "appointment-path": "An appointment is below its company.",
    "appointment-without-company": "An appointment has no path without its company, but GATEWAY_APPOINTMENTS_PATH.",
    "company-zero": "Company 0 stands for every company.",
    "client-appointments": "A company's appointments can be listed by client.",
    "form-path": "A form is at GATEWAY_FORMS_PREFIX, followed by /forms.",
    "form-result-path": "A form result is below its form.",
    "conference-path": "A conference is at GATEWAY_CONFERENCES_PREFIX, followed by /conferences.",
    "session-path": "A session is below its conference.",
    "registration-path": "A registration is below its session.",
    "bad-credentials": "Wrong credentials have status 401 or 403.",
}
"""The statement of each assumption, by its name, in the order of the report."""


class Verdict(StrEnum):
    """What a probe says of an assumption."""

    HOLDS = "holds"
    DIFFERS = "differs"
    NOT_SEEN = "not seen"


class Finding(Struct, frozen=True):
    """What a probe found of one assumption.

    Attributes:
        name: The name of the assumption.
        verdict: Whether it holds.
        detail: How it differs, or why nothing was seen. No value of the upstream.
        setting: The setting that answers the difference, with its value, if there is one.
    """

    name: str
    verdict: Verdict
    detail: str = ""
    setting: str = ""


class Findings:
    """The findings of a probe so far: the first difference of an assumption counts, else that it holds."""

    def __init__(self) -> None:
        self._finding_by_name: dict[str, Finding] = {}

    def hold(self, name: str) -> None:
        """Record that an assumption holds, unless it was found to differ."""
        self._add(Finding(name, Verdict.HOLDS))

    def differ(self, name: str, detail: str, setting: str = "") -> None:
        """Record that an assumption differs."""
        self._add(Finding(name, Verdict.DIFFERS, detail, setting))

    def miss(self, name: str, detail: str) -> None:
        """Record why nothing was seen of an assumption."""
        self._add(Finding(name, Verdict.NOT_SEEN, detail))

    def miss_all(self, detail: str) -> None:
        """Record why nothing was seen of all other assumptions."""
        for name in ASSUMPTIONS:
            if name not in self._finding_by_name:
                self.miss(name, detail)

    def _add(self, finding: Finding) -> None:
        assert finding.name in ASSUMPTIONS
        known = self._finding_by_name.get(finding.name)
        if known is None or _RANK[finding.verdict] > _RANK[known.verdict]:
            self._finding_by_name[finding.name] = finding

    def in_order(self) -> list[Finding]:
        """One finding for each assumption; those that were not asked are not seen."""
        return [
            self._finding_by_name.get(name, Finding(name, Verdict.NOT_SEEN, "It was not asked."))
            for name in ASSUMPTIONS
        ]


_RANK = {Verdict.NOT_SEEN: 0, Verdict.HOLDS: 1, Verdict.DIFFERS: 2}
