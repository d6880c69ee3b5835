"""The report of a probe, as text and as JSON: findings, and shapes of what was seen."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, json

from gateway.cli.probe.assumptions import ASSUMPTIONS, Finding, Verdict
from gateway.cli.probe.probe_client import ProbeRequest
from gateway.cli.probe.shapes import CONNECTION_HEADERS, header_names, link_template
from gateway.cli.probe.survey import ActivitySurvey
from gateway.upstream.records.activities import Activity


class Report(Struct, frozen=True):
    """What a probe found; it has no value of the upstream, so it can be sent to somebody else.

    Attributes:
        findings: One finding per assumption.
        requests: How often each status occurred, by the template of the target.
        headers: The names of the headers of all responses, but those of the connection.
        activities: The number of activities.
        fields: What occurred under each documented path of an activity.
        time_zones: How often each time zone occurred that the IANA database has.
        links: How often each template of a link occurred.
    """

    findings: list[Finding]
    requests: dict[str, dict[str, int]]
    headers: list[str]
    activities: int
    fields: dict[str, Any]
    time_zones: dict[str, int]
    links: dict[str, int]

    @property
    def has_differences(self) -> bool:
        return any(finding.verdict is Verdict.DIFFERS for finding in self.findings)

    def to_json(self) -> str:
        return json.format(json.encode(self), indent=2).decode()

    def to_text(self) -> str:
        """One line per assumption, and the settings that answer differences."""
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.verdict:<8}  {finding.name:<27} {ASSUMPTIONS[finding.name]}")
            if finding.detail:
                lines.append(f"{'':39}{finding.detail}")
            if finding.setting:
                lines.append(f"{'':39}Set {finding.setting}")
        counts = {
            verdict: sum(finding.verdict is verdict for finding in self.findings)
            for verdict in Verdict
        }
        totals = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        return "\n".join([*lines, "", f"{totals}; {self.activities} activities."])


def build_report(
    findings: list[Finding],
    requests: Sequence[ProbeRequest],
    survey: ActivitySurvey,
    records: Sequence[Activity],
    upstream_host: str,
) -> Report:
    """The report of all checks."""
    outcomes_by_template: dict[str, dict[str, int]] = {}
    for each in requests:
        outcomes = outcomes_by_template.setdefault(each.template, {})
        outcome = str(each.exchange.status or each.exchange.reason)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    links: dict[str, int] = {}
    for record in records:
        for name in record.__struct_fields__:
            link = getattr(getattr(record, name), "self_link", None)
            if isinstance(link, str):
                template = link_template(link, upstream_host)
                links[template] = links.get(template, 0) + 1
    return Report(
        findings=findings,
        requests=outcomes_by_template,
        headers=header_names(
            name
            for each in requests
            for name, _ in each.exchange.headers
            if name not in CONNECTION_HEADERS
        ),
        activities=len(records),
        fields={
            path: {
                "types": dict(found.types),
                **({"lengths": list(found.lengths)} if found.lengths else {}),
                **({"words": dict(found.words)} if found.words else {}),
            }
            for path, found in sorted(survey.shapes.items())
        },
        time_zones=dict(survey.zones),
        links=links,
    )
