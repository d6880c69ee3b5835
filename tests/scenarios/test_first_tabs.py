"""The tabs that GraphiQL opens with on a first visit, over the sandbox."""

import json
import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "gateway" / "web" / "explorer" / "src"
TABS = {
    path.relative_to(SOURCES).as_posix(): path.read_text("utf-8")
    for path in (SOURCES / "tabs").rglob("*.graphql")
}
VARIABLES: dict[str, dict[str, object]] = {
    "tabs/Pages.graphql": {"client": "1100", "size": 5, "after": None},
    "tabs/sandbox/Clients.graphql": {"ids": ["1001", "1020", "1100"]},
}
FAILURES = "tabs/sandbox/Failures.graphql"


def variables(path: str) -> dict[str, object]:
    return {"client": "1100"} if "/account/" in path else VARIABLES.get(path, {})


@pytest.mark.parametrize("path", sorted(TABS.keys() - {FAILURES}))
async def test_a_tab_shows_data(gateway, path):
    data = await gateway.data(TABS[path], **variables(path))
    assert json.dumps(data).count('"instant"') + json.dumps(data).count('"dateTime"') > 3


async def test_the_tab_about_failures_shows_codes_beside_data(ask):
    answer = await ask(TABS[FAILURES])
    codes = [error["extensions"]["code"] for error in answer["errors"]]
    assert codes == ["NOT_FOUND", "UPSTREAM_CONTRACT_BROKEN"]
    assert answer["data"]["nobody"] is None
    assert answer["data"]["malformed"]["nodes"]


@pytest.mark.parametrize("path", sorted(TABS))
def test_a_tab_is_called_what_its_operation_is_called(path):
    assert re.findall(r"^query (\w+)", TABS[path], re.MULTILINE) == [Path(path).stem]
    assert f'"./{path}"' in (SOURCES / "tabs.js").read_text("utf-8")
