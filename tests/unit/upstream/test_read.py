import pytest

from gateway.errors import InvalidUpstreamResponse
from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.credentials import Caller
from gateway.upstream.http.read import Read, ReadTemplate, encode_parameter

ONE = Caller((), b"1")


def counted(body: bytes) -> CooperativeSteps[int]:
    yield from ()
    return len(body)


def listing(
    company: str = "3",
    client: str = "7",
    *,
    caller: Caller = ONE,
    path: str = "/companies/{a}/list",
) -> Read[int]:
    query = [("clientId", "{b}"), ("detail", "all & more")]
    return ReadTemplate(path, counted, query=query).fill(caller, (company, client))


def test_ids_are_inserted_into_the_path_and_the_query():
    read = listing()
    assert read.target == "/companies/3/list?clientId=7&detail=all+%26+more"
    assert read.template == "/companies/{a}/list"


def test_reads_are_equal_where_all_that_is_asked_for_is():
    assert listing().key == listing(caller=Caller(((b"x-request-id", b"1"),), b"1")).key


@pytest.mark.parametrize(
    "other",
    [
        listing(company="4"),
        listing(client="8"),
        listing(caller=Caller((), b"2")),
        listing(path="/companies/{a}/other"),
        listing(client="7&detail=none"),
    ],
    ids=["path", "query", "identity", "template", "injected"],
)
def test_whatever_differs_makes_reads_different(other):
    assert listing().key != other.key


@pytest.mark.parametrize("id_", ["", "a/b", "{b}", "é", "1\n", "x" * 65])
def test_what_cannot_be_an_id_is_no_part_of_a_path(id_):
    with pytest.raises(InvalidUpstreamResponse):
        listing(company=id_)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("", ""),
        ("A7", "A7"),
        ("a_b-c.d~e", "a_b-c.d~e"),
        ("a b&c=d/e?f#g%", "a+b%26c%3Dd%2Fe%3Ff%23g%25"),
        ("é٣", "%C3%A9%D9%A3"),
        ("{0}", "%7B0%7D"),
        ("\x00\r\n", "%00%0D%0A"),
    ],
)
def test_a_value_in_a_query_is_percent_encoded(text, encoded):
    assert encode_parameter(text) == encoded


def test_a_value_that_no_request_can_hold_is_left_to_be_refused():
    assert not encode_parameter("\ud83d").isascii()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v2/companies/{a}", ("/v2/companies/1",)),
        ("/v2/companies/{a}/staff", ("/v2/companies/1", "/v2/companies/1/staff")),
        ("/v2/companies/{a}/staff/{b}", ("/v2/companies/1", "/v2/companies/1/staff/2")),
        ("/v2/companies", ("/v2/companies",)),
    ],
)
def test_a_path_leads_through_things_to_what_it_is_about(path, expected):
    ids = ("1", "2")[: path.count("{")]
    kept = ReadTemplate(path, counted, is_cacheable=True).fill(ONE, ids)
    assert kept.cache_tags == expected
    assert ReadTemplate(path, counted).fill(ONE, ids).cache_tags == expected[-1:]
