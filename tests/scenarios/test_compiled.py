"""Operations that compiled queries answer completely, so that they are fast."""

import re
from pathlib import Path

import httpx
import pytest

from gateway.cli.welcome import EXAMPLE_QUERIES
from tests.support.documents import EVERYTHING
from tests.support.gateway import Gateway
from tests.support.pages import QUERIES

ROOT = Path(__file__).parents[2]

OF_THE_BENCHMARK = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests/benchmarks/operations").glob("*.graphql"))
}
TEXTS = {
    **QUERIES,
    **{text.splitlines()[0]: text for text in re.split(r"\n\n", EXAMPLE_QUERIES) if text.strip()},
    "everything": EVERYTHING,
    **{
        name: text + OF_THE_BENCHMARK["activity"]
        for name, text in OF_THE_BENCHMARK.items()
        if name != "activity"
    },
}
CLIENT = "1100"
VARIABLES = {
    "first": 10,
    "client": CLIENT,
    "clients": [CLIENT, "1001"],
    "filter": {"kinds": ["NOTE"], "search": "a"},
    "zone": "Europe/Paris",
}


@pytest.fixture
def gateway_explaining(rest, sandbox_app):
    return Gateway(httpx.ASGITransport(sandbox_app), explain=True)


@pytest.mark.sample(8)
@pytest.mark.parametrize("text", TEXTS.values(), ids=map(str, TEXTS))
async def test_an_operation_is_answered_by_its_compiled_query_alone(gateway_explaining, text):
    names = re.findall(r"\$(\w+)\s*:", text)
    variables = {name: VARIABLES[name] for name in names if name in VARIABLES}
    answer = await gateway_explaining.ask(text, variables, {"X-Gateway-Explain": "1"})
    assert "errors" not in answer
    assert answer["extensions"]["gateway"]["compiled"] is True


async def test_what_is_asked_of_the_schema_itself_is_not(gateway_explaining):
    text = "{ __schema { queryType { name } } }"
    answer = await gateway_explaining.ask(text, headers={"X-Gateway-Explain": "1"})
    assert answer["extensions"]["gateway"]["compiled"] is False
