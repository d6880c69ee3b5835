"""Futures that carry the results of reads to those who wait, some of whom may have cancelled theirs."""

import asyncio
from typing import Any, TypeVar

_T = TypeVar("_T")


def completed_future(result: _T) -> asyncio.Future[_T]:
    """A future that has its result."""
    future: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
    future.set_result(result)
    return future


def set_exception(future: asyncio.Future[Any], error: BaseException) -> None:
    """Set the exception of a future that nobody has to await, unless it is done."""
    if not future.done():
        future.set_exception(error)
        future.exception()  # retrieved, so that asyncio does not log it
