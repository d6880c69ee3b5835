"""The interpreter of the contenders in Python: one that was built with profile-guided optimisation (PGO), if any.

It is the build that is shipped: Debian's packages and Docker's images are built so, and faster by a tenth or more.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[2]
_LOCK = _ROOT / "requirements-dev.lock"
_VENV = _ROOT / ".venv" / "pgo"

_DESCRIBE = """
import json, platform, sys, sysconfig
known = {name: str(value) for name, value in sysconfig.get_config_vars().items()}
print(json.dumps([platform.python_version(), platform.python_implementation(), known]))
"""


class Interpreter(NamedTuple):
    """A Python with the gateway's packages.

    Attributes:
        executable: Its path.
        version: Such as "3.11.2".
        is_optimised: Whether it was built with PGO, by what its `sysconfig` says.
    """

    executable: str
    version: str
    is_optimised: bool

    def __str__(self) -> str:
        build = "built with PGO" if self.is_optimised else "built without PGO"
        return f"{self.version}, {build}"


@cache
def describe(executable: str) -> Interpreter:
    """The interpreter at this path.

    Raises:
        OSError, subprocess.CalledProcessError: It does not run.
    """
    done = subprocess.run(
        (executable, "-I", "-c", _DESCRIBE), capture_output=True, text=True, check=True
    )
    version, name, known = json.loads(done.stdout)
    return Interpreter(executable, version, name == "CPython" and _has_pgo(known))


def choose() -> Interpreter:
    """The one that runs this, or another of its version if only that was built with PGO.

    The other gets an environment with the packages of `requirements-dev.lock` when it is first used.
    """
    current = describe(sys.executable)
    if current.is_optimised:
        return current
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for folder in os.get_exec_path():
        try:
            found = describe(str(Path(folder, name)))
        except (OSError, subprocess.CalledProcessError):
            continue
        if found.is_optimised:
            return describe(str(_environment_of(found)))
    return current


def _has_pgo(known: dict[str, str]) -> bool:
    """Whether the variables of `sysconfig` tell of a build with PGO.

    Debian builds with PGO by a target of make instead of an option of configure, and deletes the flags
    that are left of it.
    """
    flags = " ".join(value for name, value in known.items() if name.endswith("CFLAGS"))
    options = known.get("CONFIG_ARGS", "")
    is_debian = "--with-wheel-pkg-dir=/usr/share/python-wheels/" in options
    return (
        "--enable-optimizations" in options
        or "-fprofile-use" in flags
        or (is_debian and known.get("PGO_PROF_USE_FLAG") == "")
    )


def _environment_of(found: Interpreter) -> Path:
    """The Python of its environment, with exactly what is locked; Debian's has no pip of its own."""
    python, stamp = _VENV / "bin" / "python", _VENV / "installed.lock"
    lock = _LOCK.read_bytes()
    if not stamp.exists() or stamp.read_bytes() != lock:
        create = (found.executable, "-m", "venv", "--clear", "--without-pip", str(_VENV))
        pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check")
        install = (*pip, "install", "-qq", "--require-hashes", "--requirement", str(_LOCK))
        for command in (create, install):  # the tables go to standard output
            subprocess.run(command, stdout=sys.stderr, check=True)
        stamp.write_bytes(lock)
    return python
