import pytest

from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.credentials import Caller
from gateway.upstream.http.read import ParameterRoles, Read, resource_paths

MEANING = ParameterRoles(
    subject_parameter="clientId", filter_parameter="type", sort_parameter="sort"
)
QUERY = {"clientId": "7", "sort": "desc", "type": "note"}


def counted(body: bytes) -> CooperativeSteps[int]:
    yield from ()
    return len(body)


def listing(query: dict[str, str], identity: bytes = b"1", path: str = "/activities") -> Read:
    return Read.of_list(Caller((), identity), path, counted, query, MEANING)


def test_an_order_goes_along_and_makes_no_difference():
    one, other = listing(QUERY), listing({**QUERY, "sort": "asc"})
    assert one.query["sort"] == "desc"
    assert one.key == other.key == listing({"clientId": "7", "type": "note"}).key


@pytest.mark.parametrize(
    "other",
    [
        listing({**QUERY, "clientId": "8"}),
        listing({**QUERY, "type": "consent"}),
        listing({**QUERY, "appointmentId": "9"}),
        listing({"clientId": "7"}),
        listing(QUERY, identity=b"2"),
        listing(QUERY, path="/other"),
    ],
    ids=["client", "kinds", "appointment", "all kinds", "identity", "path"],
)
def test_whatever_else_differs_makes_reads_different(other):
    assert listing(QUERY).key != other.key


def test_a_read_without_a_parameter_is_the_one_that_was_asked_without_it():
    assert listing(QUERY).without("type").key == listing({"clientId": "7"}).key


def test_a_list_is_about_whom_its_query_names():
    assert listing(QUERY).cache_tags == (("/activities", "7"),)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("/v2/companies/{a}", ("/v2/companies/1",)),
        ("/v2/companies/{a}/staff", ("/v2/companies/1", "/v2/companies/1/staff")),
        ("/v2/companies/{a}/staff/{b}", ("/v2/companies/1", "/v2/companies/1/staff/2")),
        ("/v2/companies", ("/v2/companies",)),
    ],
)
def test_a_path_leads_through_things_to_what_it_is_about(template, expected):
    assert resource_paths(template, {"a": "1", "b": "2"}) == expected
