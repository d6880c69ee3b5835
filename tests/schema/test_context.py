from typing import Any

import pytest
from graphql.pyutils import Path

from gateway.errors import ContractBroken
from gateway.schema.context import Context

NO_UPSTREAM: dict[str, Any] = {"session": None, "settings": None}


@pytest.fixture
def context():
    return Context(**NO_UPSTREAM)


def test_a_report_keeps_its_place_and_its_cause(context):
    problem = ContractBroken("Something is missing.", count=2)
    context.report(problem, Path(None, "activities", "Query").add_key(0, None))
    (error,) = context.reported
    assert (error.message, error.path) == ("Something is missing.", ["activities", 0])
    assert error.original_error is problem


def test_every_operation_has_reports_of_its_own(context):
    context.report(ContractBroken("Something is missing."), Path(None, "activities", "Query"))
    assert len(context.reported) == 1
    assert Context(**NO_UPSTREAM).reported == []
