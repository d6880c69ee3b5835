"""Which tests `make test` runs: those that are not marked `slow` or `socket`, and how the others are told of.

`@pytest.mark.sample(20)` on a test whose parameter sets take long together: all but so many of
them, evenly spread, are slow. It is `make test-all` that runs them.
"""

import gc
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

LEFT_OUT = pytest.StashKey[int]()
KEY = "left_out"


def spread(count: int, size: int) -> set[int]:
    """The positions of a sample of so many: the first, and others at equal distances."""
    return {position * count // size for position in range(min(size, count))}


@pytest.hookimpl(tryfirst=True)  # before -m deselects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    sampled: dict[tuple[object, ...], list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sample"):
            sampled[item.path, item.originalname].append(item)  # type: ignore[attr-defined]
    for of_one_test in sampled.values():
        marker = of_one_test[0].get_closest_marker("sample")
        assert marker is not None
        kept = spread(len(of_one_test), *marker.args)
        for position, item in enumerate(of_one_test):
            if position not in kept:
                item.add_marker("slow")


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    if items:
        stash = items[0].config.stash
        stash[LEFT_OUT] = stash.get(LEFT_OUT, 0) + len(items)


def pytest_sessionstart() -> None:
    """The garbage collector would take a third of the time in which tests are collected, for nothing."""
    gc.disable()


def pytest_collection_finish() -> None:
    """The collector does not visit the thousands of tests, and has its turn as where the gateway serves."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[KEY] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: Any) -> None:
    """Every worker leaves out the same."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get(KEY, 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config = terminalreporter.config
    count = config.stash.get(LEFT_OUT, 0)
    given = {"-m": config.option.markexpr, "-k": config.option.keyword}
    options = " and ".join(f'{option} "{value}"' for option, value in given.items() if value)
    if count and options:
        terminalreporter.write_line(
            f"{count:,} tests are left out by {options}. `make test-all` runs everything."
        )
