"""The tabs that GraphiQL opens with on a first visit, over the sandbox that they are written for."""

import json
import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "gateway" / "web" / "explorer" / "src"
TABS = {path.stem: path.read_text("utf-8") for path in (SOURCES / "tabs").glob("*.graphql")}
VARIABLES: dict[str, dict[str, object]] = {
    "Pages": {"client": "1100", "size": 5, "after": None},
    "Clients": {"ids": ["1001", "1020", "1100"]},
}


@pytest.mark.parametrize("name", sorted(TABS.keys() - {"Failures"}))
async def test_a_tab_shows_data(gateway, name):
    data = await gateway.data(TABS[name], **VARIABLES.get(name, {}))
    assert json.dumps(data).count('"instant"') + json.dumps(data).count('"dateTime"') > 3


async def test_the_tab_about_failures_shows_codes_beside_data(ask):
    answer = await ask(TABS["Failures"])
    codes = [error["extensions"]["code"] for error in answer["errors"]]
    assert codes == ["NOT_FOUND", "UPSTREAM_CONTRACT_BROKEN"]
    assert answer["data"]["nobody"] is None
    assert answer["data"]["malformed"]["nodes"]


@pytest.mark.parametrize("name", sorted(TABS))
def test_a_tab_is_called_what_its_operation_is_called(name):
    assert re.findall(r"^query (\w+)", TABS[name], re.MULTILINE) == [name]
    assert f'"./tabs/{name}.graphql"' in (SOURCES / "tabs.js").read_text("utf-8")
