"""Observations: the findings that follow from the responses to the requests of all checks."""

from collections.abc import Sequence

from gateway.cli.probe.assumptions import Findings
from gateway.cli.probe.probe_client import TOO_MANY_REQUESTS
from gateway.cli.probe.shapes import RATE_LIMIT_HEADERS, header_names, shape
from gateway.cli.probe.survey import ActivitySurvey
from gateway.config.settings import Settings, env_name
from gateway.upstream import surprises
from gateway.upstream.http.exchange import Exchange
from gateway.upstream.records import links
from gateway.upstream.records.activities import Activity, AppointmentActivity, FormResultActivity
from gateway.upstream.records.survey import decode_json

_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_DATE_SURPRISES = (surprises.ODD_DATE, surprises.OFFSET_DIFFERS)
_ZONE_SURPRISES = (surprises.ODD_TIME_ZONE, surprises.UNKNOWN_TIME_ZONE)


def observe_envelope(body: bytes, findings: Findings) -> None:
    """Say where the list of a timeline is, and what is beside it."""
    sent = decode_json(body)
    if isinstance(sent, dict) and "items" in sent:
        findings.hold("list-envelope")
        others = [shape(key) for key in sent if key != "items"]
        problems = [f"There are further keys: {', '.join(others)}."] if others else []
        _conclude(findings, "whole-list", problems)
    else:
        form = "a list by itself" if isinstance(sent, list) else "a list under another key"
        findings.differ("list-envelope", f"It is {form}; the gateway reads it.")


def observe_activities(
    records: Sequence[Activity], survey: ActivitySurvey, settings: Settings, findings: Findings
) -> None:
    """Say how all activities agree with the documentation, and where their links lead."""
    if not records:
        return
    counted = sorted(survey.surprises.items())
    values = [f"{path} does not fit." for path in sorted(survey.unreadable_fields)]
    values += [
        f"Values that are read though they differ ({surprise}): {count}."
        for surprise, count in counted
        if surprise not in {*_DATE_SURPRISES, *_ZONE_SURPRISES}
    ]
    _conclude(findings, "activity-values", values)
    for name, seen in (
        ("activity-fields", survey.undeclared_fields),
        ("activity-words", survey.undeclared_words),
    ):
        _conclude(findings, name, [f"{each} occurs." for each in sorted(seen)])
    if unseen := survey.unseen_fields():
        findings.miss("unseen-fields", f"Never seen: {', '.join(unseen)}.")
    else:
        findings.hold("unseen-fields")
    dates = [
        f"Dates that differ ({surprise}): {count}."
        for surprise, count in counted
        if surprise in _DATE_SURPRISES
    ]
    _conclude(findings, "dates", dates)
    _observe_zones(survey, settings, findings)
    _observe_links(records, settings, findings)


def _observe_zones(survey: ActivitySurvey, settings: Settings, findings: Findings) -> None:
    problems = [
        f"Names that differ ({each}): {survey.surprises[each]}."
        for each in _ZONE_SURPRISES
        if survey.surprises[each]
    ]
    setting = ""
    if survey.dates_without_zone and settings.default_time_zone is None:
        problems.append(f"Dates without a time zone: {survey.dates_without_zone}.")
        setting = f"{env_name('default_time_zone')}=…"
    _conclude(findings, "time-zones", problems, setting)


def _observe_links(records: Sequence[Activity], settings: Settings, findings: Findings) -> None:
    appointments = [
        record.appointment
        for record in records
        if isinstance(record, AppointmentActivity) and record.appointment is not None
    ]
    without = sum(getattr(each, "company_id", None) is None for each in appointments)
    if not appointments:
        findings.miss("appointment-links", "No appointment was seen.")
    else:
        is_answered = not without or settings.company_id is not None
        problems = [] if is_answered else [f"{without} of {len(appointments)} do not."]
        _conclude(findings, "appointment-links", problems, f"{env_name('company_id')}=…")
    results = [
        record.form_result
        for record in records
        if isinstance(record, FormResultActivity) and record.form_result is not None
    ]
    without = sum(links.form_id(getattr(each, "self_link", None)) is None for each in results)
    if not results:
        findings.miss("form-result-links", "No form result was seen.")
    else:
        problems = [f"{without} of {len(results)} do not."] if without else []
        _conclude(findings, "form-result-links", problems)


def observe_headers(exchanges: Sequence[Exchange], findings: Findings) -> None:
    """Say what the headers of all responses tell of limits of the rate, and of compression."""
    responses = [exchange for exchange in exchanges if exchange.status is not None]
    if not responses:
        return
    names = {name for exchange in responses for name, _ in exchange.headers}
    limits = [f"A response has {name}." for name in header_names(names & RATE_LIMIT_HEADERS)]
    if any(exchange.status == TOO_MANY_REQUESTS for exchange in responses):
        limits.append(f"Request {len(exchanges)} had status 429.")
    _conclude(findings, "rate-limits", limits)
    encodings = {exchange.header("content-encoding").lower() for exchange in responses}
    unknown = sorted(shape(each) for each in encodings - _ENCODINGS)
    _conclude(findings, "compression", [f"A response has {each}." for each in unknown])


def _conclude(findings: Findings, name: str, problems: Sequence[str], setting: str = "") -> None:
    if problems:
        findings.differ(name, " ".join(problems), setting)
    else:
        findings.hold(name)
