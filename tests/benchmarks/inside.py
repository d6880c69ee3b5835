"""`gateway serve`, watched from inside: `python -m tests.benchmarks.inside hold|profile|profile-not-compiled`.

When it is told to stop, it writes what it saw to standard output.
"""

import asyncio
import cProfile
import io
import json
import pstats
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.cli import main
from gateway.config.settings import Settings
from gateway.server import lifecycle
from gateway.web.app import create_app

_PROFILED_LINES = 40


class Hold(NamedTuple):
    """How long others had to wait for the event loop: by the thread's CPU time, and by the clock.

    The clock goes on while the machine does something else, CPU time does not.
    """

    cpu_seconds: float
    seconds: float


class Heartbeat:
    """Pure ASGI: from the first request on it beats at every turn of the event loop.

    Attributes:
        state: The application's state, in which the server looks for its concurrency limit.
    """

    def __init__(self, app: Starlette) -> None:
        self.state = app.state
        self.holds: list[Hold] = []
        """The longest between two beats within each GraphQL request."""
        self._app = app
        self._last: Hold | None = None
        self._longest = Hold(0, 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._last is None:
            self._beat()
        self._longest = Hold(0, 0)
        await self._app(scope, receive, send)
        await asyncio.sleep(0)  # for the beat after the request's last turn
        if scope["type"] == "http" and scope["path"] == "/graphql":
            self.holds.append(self._longest)

    def _beat(self) -> None:
        now = _now()
        last, longest = self._last or now, self._longest
        self._longest = Hold(
            max(longest.cpu_seconds, now.cpu_seconds - last.cpu_seconds),
            max(longest.seconds, now.seconds - last.seconds),
        )
        self._last = now
        asyncio.get_running_loop().call_soon(self._beat)


def _now() -> Hold:
    return Hold(time.thread_time(), time.perf_counter())


def _hold() -> str:
    hearts: list[Heartbeat] = []

    def create_watched(settings: Settings, **given: Any) -> Heartbeat:
        hearts.append(Heartbeat(create_app(settings, **given)))
        return hearts[0]

    vars(lifecycle)["create_app"] = (
        create_watched  # what the command does besides shall be done here too
    )
    _serve()
    return json.dumps(hearts[0].holds)


def _profile_not_compiled() -> str:
    def create_not_compiled(settings: Settings, **given: Any) -> ASGIApp:
        return create_app(settings.model_copy(update={"compile_queries": "off"}), **given)

    vars(lifecycle)["create_app"] = create_not_compiled
    return _profile()


def _profile() -> str:
    profiler = cProfile.Profile()
    profiler.runcall(_serve)
    lines = io.StringIO()
    pstats.Stats(profiler, stream=lines).sort_stats("tottime").print_stats(_PROFILED_LINES)
    return lines.getvalue()


def _serve() -> None:
    """`gateway serve`, until SIGTERM."""
    main.main(["serve"], standalone_mode=False)


_WATCHES: dict[str, Callable[[], str]] = {
    "hold": _hold,
    "profile": _profile,
    "profile-not-compiled": _profile_not_compiled,
}

if __name__ == "__main__":
    sys.stdout.write(_WATCHES[sys.argv[1]]())
