"""Who is measured: the gateway, and what others would have written in its place."""

import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks import fixed_work

ROOT = Path(__file__).parents[2]
_NODE = Path(__file__).parent / "node"
_PYTHON = ("python", "-m")
_UVICORN = (*_PYTHON, "uvicorn", "--log-level=warning", "--no-access-log")
_NODE_WARMING_SECONDS = 8.0
"""V8 goes on optimising under load; measured too soon, it would flatter the others."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that answers over the upstream.

    Attributes:
        name: What the command line calls it.
        title: What the tables call it.
        command: How it is started; the environment says at which port, and over which upstream. "python"
            is the interpreter that was chosen for all.
        ready: The path that answers once it serves.
        warming_seconds: How much load it takes until its figures are its best.
        root: The checkout whose code it is.
    """

    name: str
    title: str
    command: tuple[str, ...]
    ready: str = "/graphql?query=%7B__typename%7D"
    warming_seconds: float = 1.0
    root: Path = ROOT

    @property
    def over_node(self) -> bool:
        return self.command[0] == "node"


GATEWAY = Contender("gateway", "this gateway", (*_PYTHON, "gateway", "serve"), ready="/readyz")
PASS_THROUGH = Contender(
    "pass-through",
    "pass-through, no GraphQL",
    (*_UVICORN, "--loop=uvloop", "--http=httptools", "tests.benchmarks.pass_through:app"),
    ready="/activities?clientId=00001000",
)
STRAWBERRY = Contender(
    "strawberry", "Strawberry, stock", (*_UVICORN, "tests.benchmarks.stock.app:app")
)
MERCURIUS = Contender(
    "mercurius",
    "Mercurius with JIT",
    ("node", str(_NODE / "mercurius.mjs")),
    warming_seconds=_NODE_WARMING_SECONDS,
)
APOLLO = Contender(
    "apollo",
    "Apollo Server",
    ("node", str(_NODE / "apollo.mjs")),
    warming_seconds=_NODE_WARMING_SECONDS,
)

FIXED_WORK = Contender(
    "fixed-work",
    "a server that only computes as long",
    (*_PYTHON, "tests.benchmarks.fixed_work"),
    ready=fixed_work.READY,
)
"""No contender, but what is compared with one: how late the machine makes any server's responses."""

CONTENDERS = {one.name: one for one in (GATEWAY, PASS_THROUGH, STRAWBERRY, MERCURIUS, APOLLO)}


def gateway_of(root: Path) -> Contender:
    """The gateway as it is in another checkout."""
    return replace(GATEWAY, name="other", title=f"gateway of {root.name}", root=root)


def install_packages() -> None:
    """What the contenders over Node need, exactly as locked; not done again."""
    if (_NODE / "node_modules" / ".package-lock.json").exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("Mercurius and Apollo Server need Node.js 20 with npm.")
    install = [npm, "--prefix", str(_NODE), "ci", "--no-audit", "--no-fund"]
    subprocess.run(install, stdout=sys.stderr, check=True)  # the tables go to standard output
