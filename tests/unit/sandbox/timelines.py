"""The timelines of the sample data, as a caller reads them."""

import json

from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.sample import SampleData
from gateway.sandbox.fixtures.timeline import Timeline


def timeline(sample_data: SampleData, client_id: str, account: str = "1") -> Timeline:
    found = sample_data.timeline(account, client_id)
    assert found is not None
    return found


def activities(sample_data: SampleData, client_id: str, account: str = "1") -> list[Json]:
    items: list[Json] = json.loads(timeline(sample_data, client_id, account).body())["items"]
    return items


def appointments(sample_data: SampleData, client_id: str) -> list[Json]:
    return [
        a["appointment"] for a in activities(sample_data, client_id) if a["type"] == "appointment"
    ]
