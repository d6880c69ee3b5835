"""Runs the command line: the command `gateway`, and `python -m gateway`."""

import gc
import os
import signal
from typing import NoReturn

from gateway.cli import exit_statuses


def run() -> None:
    """Run the command line. Ctrl-C ends it without a traceback, also while modules are imported."""
    is_handled = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_handled:  # not where the parent process has it ignored
        signal.signal(signal.SIGINT, _exit)
    gc.disable()  # it would visit the imported objects again and again, a fifth of the time of an import
    from gateway.cli.main import main  # noqa: PLC0415 - takes a second, in which Ctrl-C may come

    gc.enable()
    if is_handled:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    main()


def _exit(*_: object) -> NoReturn:
    """End the process. An exception could be lost: Python ignores those in callbacks of its import system."""
    os._exit(exit_statuses.INTERRUPTED)


if __name__ == "__main__":
    run()
