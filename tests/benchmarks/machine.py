"""The machine, and the versions of what runs on it."""

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.interpreters import Interpreter

_ROOT = Path(__file__).parents[2]
_NODE = Path(__file__).parent / "node"
_PYTHON = (
    *("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "httptools"),
    *("httpx", "aiohttp", "aiodataloader", "msgspec", "orjson"),
)


def machine(interpreter: Interpreter) -> dict[str, str]:
    """What figures depend on, and what else the machine had to do."""
    on = {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "load of the last minute": f"{os.getloadavg()[0]:.2f}",
        "system": f"{platform.system()} {platform.release()}",
        "gateway": _output("git", "-C", str(_ROOT), "describe", "--always", "--dirty"),
        "Python": f"{interpreter}; " + ", ".join(f"{name} {version(name)}" for name in _PYTHON),
    }
    if (_NODE / "node_modules").exists():
        declared = json.loads((_NODE / "package.json").read_text(encoding="utf-8"))
        packages = ", ".join(f"{name} {exact}" for name, exact in declared["dependencies"].items())
        on["Node.js"] = f"{_output('node', '--version').removeprefix('v')}; {packages}"
    return on


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()
