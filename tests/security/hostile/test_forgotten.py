"""Texts that are asked for a few times and never again: what was made of them is freed."""

import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from gateway import schema
from gateway.engine.compiler.compiled_query import query_compiler
from gateway.engine.preparation import build_preparer
from gateway.schema.engine_binding import bind_fields

MEGABYTE = 1_000_000
REMEMBERED_BYTES = MEGABYTE
TEXTS = 30

NODES = """{ nodes { kind user { userName %(key)s: lastName } ... on AppointmentActivity { appointment {
    notes staff { firstName %(key)s: lastName } service { name } start { instant } } }
    ... on NoteActivity { note { body %(key)s: bodyText } } } }"""


def text(number: int) -> str:
    """A text like no other."""
    fields = (
        f'{key}: activities(clientId: "1100") {NODES % {"key": key}}'
        for key in (f"a{number}_{place}" for place in range(3))
    )
    return f"{{ {' '.join(fields)} }}"


@pytest.fixture
def traced() -> Iterator[None]:
    """Memory is traced; the collector of cycles is set as it is where the gateway serves."""
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(50_000, 10, 10)
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.set_threshold(*before)


@pytest.mark.slow
def test_operations_that_are_forgotten_free_their_memory(traced):
    served = schema.build_schema(federated=False)
    preparer = build_preparer(
        served,
        compile_query=query_compiler(served, bind_fields(served)),
        cache_bytes=REMEMBERED_BYTES,
    )
    preparer.prepare_now(text(0), None)
    before, _ = tracemalloc.get_traced_memory()
    for number in range(1, TEXTS):
        preparer.prepare_now(text(number), None)
    after, _ = tracemalloc.get_traced_memory()
    assert after - before < 2 * REMEMBERED_BYTES
