import pytest

from tests.operations.plan.engine import Engine
from tests.operations.plan.library import FIELDS, LIBRARY


@pytest.fixture
def library() -> Engine:
    return Engine(LIBRARY, FIELDS)
