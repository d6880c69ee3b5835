"""The full records of a list, which several fields of an operation need."""

import asyncio

from msgspec import Raw

from gateway.observability.event_loop import STEP_ITEMS, run_cooperatively
from gateway.schema.full_records import FullRecords


async def test_fields_that_need_a_long_list_at_once_share_its_records():
    items = [Raw(b'{"id": %d, "type": "note"}' % number) for number in range(3 * STEP_ITEMS)]
    full_records = FullRecords()
    first, second = await asyncio.gather(
        *(run_cooperatively(full_records.decode(items)) for _ in range(2))
    )
    assert first is second
    assert [each.id for each in first] == [*range(3 * STEP_ITEMS)]
