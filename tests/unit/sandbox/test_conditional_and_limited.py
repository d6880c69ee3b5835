"""Answers to callers that have the data already, and to callers that ask too often."""

import httpx
import pytest

from gateway.sandbox.app import create_sandbox
from tests.support.clock import Clock
from tests.support.gateway import Gateway
from tests.unit.sandbox.conftest import CREDENTIALS
from tests.unit.sandbox.contract import ACTIVITIES

TIMELINE = f"{ACTIVITIES}?clientId=1001"
OTHER_ACCOUNT = {"Authorization": "Bearer sandbox-access-2"}


def client_of(app, headers=CREDENTIALS):
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sandbox", headers=headers
    )


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def revalidating():
    return client_of(create_sandbox(etag=True))


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_a_caller_that_has_the_data_gets_no_body(revalidating, form):
    first = await revalidating.get(TIMELINE)
    header = {"If-None-Match": form.format(first.headers["etag"])}
    again = await revalidating.get(TIMELINE, headers=header)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-type" not in again.headers


async def test_a_caller_that_has_other_data_gets_a_body(revalidating):
    first = await revalidating.get(TIMELINE)
    header = {"If-None-Match": first.headers["etag"]}
    other = await revalidating.get(f"{ACTIVITIES}?clientId=1020", headers=header)
    assert other.status_code == 200
    assert other.headers["etag"] != first.headers["etag"]


async def test_data_that_a_fault_changed_have_another_etag(revalidating):
    first = await revalidating.get(TIMELINE)
    fault = {"path": ACTIVITIES, "put": {"items/0/date": "null"}}
    await revalidating.put("/_sandbox/faults", json=[fault])
    header = {"If-None-Match": first.headers["etag"]}
    assert (await revalidating.get(TIMELINE, headers=header)).status_code == 200
    await revalidating.put(
        "/_sandbox/faults", json=[{"path": ACTIVITIES, "headers": {"ETag": '"1"'}}]
    )
    assert (await revalidating.get(TIMELINE)).headers["etag"] == '"1"'


async def test_an_error_has_no_etag(revalidating):
    unknown = await revalidating.get(
        f"{ACTIVITIES}?clientId=none-such", headers={"If-None-Match": "*"}
    )
    assert unknown.status_code == 404
    assert "etag" not in unknown.headers


async def test_there_is_no_etag_unless_it_is_asked_for(rest):
    answer = await rest.get(TIMELINE, headers={"If-None-Match": "*"})
    assert answer.status_code == 200
    assert "etag" not in answer.headers


async def test_requests_above_the_limit_wait_for_the_next_second(clock):
    limited = client_of(create_sandbox(rate_limit=2, now=clock))
    answers = [await limited.get(TIMELINE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["reason"] == "tooManyRequests"
    clock.now += int(answers[2].headers["retry-after"])
    assert (await limited.get(TIMELINE)).status_code == 200


async def test_each_account_has_a_limit_of_its_own(clock):
    app = create_sandbox(rate_limit=1, now=clock)
    stranger, one, two = (client_of(app, each) for each in ({}, CREDENTIALS, OTHER_ACCOUNT))
    statuses = [
        (await caller.get(f"{ACTIVITIES}?clientId={client_id}")).status_code
        for caller, client_id in ((stranger, "1001"), (one, "1001"), (two, "3005"), (one, "1001"))
    ]
    assert statuses == [401, 200, 200, 429]


async def test_the_admin_api_has_no_limit(clock):
    limited = client_of(create_sandbox(rate_limit=1, now=clock))
    assert {(await limited.get("/_sandbox/calls")).status_code for _ in range(3)} == {200}


@pytest.mark.slow
async def test_the_gateway_reports_a_limit_that_outlasts_its_retries(clock):
    gateway = Gateway(httpx.ASGITransport(create_sandbox(rate_limit=1, now=clock)))
    query = '{ activities(clientId: "1001") { totalCount } }'
    assert (await gateway.data(query))["activities"]["totalCount"] == 1
    answer = await gateway.ask(query)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UPSTREAM_BUSY"]
