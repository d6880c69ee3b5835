import pytest

from tests.engine.compiler.engine import Engine
from tests.engine.compiler.library import FIELDS, LIBRARY


@pytest.fixture
def library() -> Engine:
    return Engine(LIBRARY, FIELDS)
