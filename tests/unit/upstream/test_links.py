import pytest
from hypothesis import given, strategies as st

from gateway.upstream.records import links
from gateway.upstream.records.activities import UNREADABLE

APPOINTMENT = "/api/2.1/scheduling/companies/3/appointments/11"
RESULT = "/api/2.3/forms/3/results/11"

BOTH = pytest.mark.parametrize(
    ("read", "path"),
    [(links.company_id, APPOINTMENT), (links.form_id, RESULT)],
    ids=["company", "form"],
)


@BOTH
@pytest.mark.parametrize(
    "link",
    [
        "https://api.agendize.com{}",
        "http://api.agendize.com{}",
        "HTTPS://API.AGENDIZE.COM:443{}",
        "https://sante.agendize.com{}",
        "https://user:password@france.agendize.com{}",
        "https://[::1]:8000{}",
        "https://evil.example{}",
        "//api.agendize.com{}",
        "{}",
        "..{}",
        "https://api.agendize.com{}/",
        "https://api.agendize.com{}?apiKey=k&token=t",
        "https://api.agendize.com{}?next=/companies/9/appointments/9&or=/forms/9/results/9",
        "https://api.agendize.com{}#/companies/9/forms/9/results/9",
        "https://api.agendize.com/proxy{}",
        "https://companies{}",
        "https://forms{}",
    ],
)
def test_an_id_is_read_out_of_the_path_whatever_is_around_it(read, path, link):
    assert read(link.format(path)) == "3"


@BOTH
@pytest.mark.parametrize("version", ["1.0", "2.0", "2.1", "2.3", "next"])
def test_the_version_does_not_matter(read, path, version):
    assert read(f"https://api.agendize.com/api/{version}/{path.split('/', 3)[3]}") == "3"


@BOTH
def test_a_link_may_be_relative(read, path):
    assert read(path) == "3"
    assert read("./api" + path) == "3"


@BOTH
@pytest.mark.parametrize("id_", ["7", "a", "A-b_9", "1234567890123456", "x" * 64])
def test_an_id_may_be_of_letters_digits_hyphens_and_underscores(read, path, id_):
    assert read(path.replace("/3/", f"/{id_}/")) == id_


@BOTH
@pytest.mark.parametrize(
    "id_",
    [
        "",
        "x" * 65,
        "a b",
        " 3",
        "a.b",
        "..",
        "%33",
        "%2F",
        "é",
        "٣",  # a digit, but not one of ours
        "3;x=1",
        "3\n",
        "{companyId}",
        "3@evil",
        "3:4",
        "3\\4",
        "\x00",
    ],
    ids=repr,
)
def test_what_cannot_be_an_id_is_none(read, path, id_):
    assert read(path.replace("/3/", f"/{id_}/")) is None


@BOTH
@pytest.mark.parametrize(
    "link",
    [
        None,
        UNREADABLE,
        7,
        1.5,
        b"/companies/3/forms/3/results/3",
        "",
        "/",
        "?",
        "#",
        "nonsense",
        "https://",
        "https://[",
        "https://api.agendize.com",
        "https://api.agendize.com/api/2.0/notes/12",
        "https://api.agendize.com/?link=/companies/3/appointments/1",
        "https://api.agendize.com/#/companies/3/forms/3/results/1",
        "?/companies/3/forms/3/results/1",
        "http://companies/3/x",
        "http://forms/3/results/1",
        "/Companies/3/Forms/3/Results/1",
        "/mycompanies/3/appointments/11",
        "/myforms/3/results/1",
        "/companies/3/appointments/11/status",
        "/forms/3/results/1/status/",
        "/companies/3/appointments/1.1",
        "/companies/3/appointments/",
        "/forms/3/results",
        "/companies/3/staff/5",
    ],
    ids=repr,
)
def test_a_link_that_does_not_say_is_none(read, path, link):
    assert read(link) is None


def test_a_company_is_not_a_form_and_a_form_is_not_a_company():
    assert links.form_id(APPOINTMENT) is None
    assert links.company_id(RESULT) is None


@pytest.mark.parametrize("link", ["/api/2.3/forms/3", "/api/2.3/forms/3/", "/forms/3/fields/1"])
def test_a_form_is_read_out_of_a_result_s_link_only(link):
    assert links.form_id(link) is None


def test_the_company_that_stands_for_all_is_none():
    assert links.company_id(APPOINTMENT.replace("/3/", "/0/")) is None
    assert links.form_id(RESULT.replace("/3/", "/0/")) == "0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", True), ("A-b_9", True), ("x" * 64, True), ("0", True)]
    + [(text, False) for text in ("", "x" * 65, "a b", "a/b", ".", "é", "٣", "7\n")],
)
def test_an_id_is_short_and_of_letters_digits_hyphens_and_underscores(text, expected):
    assert links.is_id(text) is expected


def test_a_long_link_is_read_in_no_time():
    assert links.company_id("/companies/" * 100_000) is None
    assert links.form_id("/forms/3" * 100_000) is None


@given(st.text() | st.text(alphabet="/companies?#:3forslt"))
def test_whatever_a_link_says_what_is_found_is_an_id(link):
    for found in (links.company_id(link), links.form_id(link)):
        assert found is None or found.replace("-", "").replace("_", "").isalnum()
