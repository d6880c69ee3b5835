import pytest

PROBES = ("/livez", "/readyz")


@pytest.mark.parametrize(("path", "status"), [("/livez", "alive"), ("/readyz", "ready")])
async def test_a_probe_answers_though_the_upstream_does_not(http, path, status):
    answer = await http.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": status})


@pytest.mark.parametrize("path", PROBES)
async def test_a_probe_has_no_body_for_head(http, path):
    answer = await http.head(path)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", PROBES)
async def test_a_probe_takes_nothing_but_get_and_head(http, path):
    answer = await http.post(path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
