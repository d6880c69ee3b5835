"""How tests read: through the fetcher, and through single-flight, without a session."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import Any, TypeVar

from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.credentials import Caller
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.read import ReadTemplate
from gateway.upstream.http.read_result import Ok, ReadResult
from gateway.upstream.read_log import CacheStatus

_T = TypeVar("_T")

_NOTHING: Mapping[str, str] = {}


async def result_of(reading: asyncio.Future[ReadResult[_T]]) -> Ok[_T]:
    """What a read finds; its error is raised."""
    result = await reading
    if isinstance(result, Ok):
        return result
    try:
        raise result.error.with_traceback(None)
    finally:  # else the error would refer to this frame, and the frame to the error
        del reading, result


async def fetch(
    reads: UpstreamFetcher,
    caller: Caller,
    path: str,
    decoder: Callable[[bytes], CooperativeSteps[_T]],
    *,
    ids: Mapping[str, str] = _NOTHING,
    query: Mapping[str, str] = _NOTHING,
    cacheable: bool = False,
) -> _T:
    """What is read below a path, whose ids are in braces."""
    template = ReadTemplate(
        path, decoder, query=[(name, f"{{{name}}}") for name in query], is_cacheable=cacheable
    )
    path_ids = [ids[name] for name in re.findall(r"{(\w+)}", path)]
    read = template.fill(caller, (*path_ids, *query.values()))
    return (await result_of(reads.fetch(read))).content


def both(result: Any, cache_status: CacheStatus) -> tuple[Any, CacheStatus]:
    return result, cache_status


async def run(
    sharing: Any,
    owner: bytes,
    key: Hashable,
    read: Callable[..., Coroutine[Any, Any, _T]],
    **options: Any,
) -> tuple[_T, CacheStatus]:
    """What one of those who wait gets, and how it is answered."""
    found: tuple[_T, CacheStatus] = await sharing.run(owner, key, read, both, **options)
    return found
