import pytest

from tests.unit.engine.compiler.engine import Engine
from tests.unit.engine.compiler.library import FIELDS, LIBRARY


@pytest.fixture
def library() -> Engine:
    return Engine(LIBRARY, FIELDS)
