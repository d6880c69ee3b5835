import pytest

from gateway.sandbox.routes import ENDPOINT_BY_TEMPLATE, UNKNOWN_TEMPLATE, match_route

STAFF = "/api/2.1/scheduling/companies/{companyId}/staff"


@pytest.mark.parametrize("template", ENDPOINT_BY_TEMPLATE)
def test_every_path_is_found_by_its_own_template(template):
    path = template.replace("{", "").replace("}", "")
    assert match_route(path).template == template
    assert all(name == value for name, value in match_route(path).ids.items())


def test_a_route_has_the_ids_of_the_path():
    assert match_route("/api/2.1/scheduling/companies/101/staff") == (STAFF, {"companyId": "101"})


@pytest.mark.parametrize(
    "path", ["/", "/api/2.1/scheduling", "/api/2.0/forms", "/api/2.3/clients/1"]
)
def test_other_paths_are_unknown(path):
    assert match_route(path) == (UNKNOWN_TEMPLATE, {})


async def test_calls_are_counted_and_faults_found_by_template(rest):
    await rest.put("/_sandbox/faults", json=[{"path": STAFF, "status": 503, "times": 1}])
    path = "/api/2.1/scheduling/companies/101/staff"
    assert [(await rest.get(path)).status_code for _ in range(2)] == [503, 200]
    assert (await rest.get("/_sandbox/calls")).json()["calls"] == {f"GET {STAFF}": 2}


@pytest.mark.parametrize("template", ENDPOINT_BY_TEMPLATE)
async def test_every_endpoint_wants_credentials(stranger, template):
    path = template.replace("{", "").replace("}", "")
    answer = await stranger.get(path)
    assert answer.status_code == answer.json()["error"]["code"] == 401
