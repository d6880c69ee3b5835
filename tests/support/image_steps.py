"""Rehearses the Dockerfile without a container engine: each step in a fresh folder, then the image's command.

A folder stands for each stage's root. Paths below the folders that the Dockerfile names itself (`WORKDIR`, and
where `COPY` writes to) are rewritten to it; every other path is this machine's. So the steps, the files that they
need and leave, the command and its health check are tried; the base image is not. The command is run a second time,
with two workers, as its user, without any capability, where nothing can be written.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from string import Template

from tests.support.confined import confined, python

PROJECT = Path(__file__).parents[2]
ROOT = PurePosixPath("/")
START_SECONDS = 30
STOP_SECONDS = 30
REGISTRY = re.compile(r"HOME|(PIP|NPM_CONFIG|SSL_CERT|NODE_EXTRA)_\w+|\w+_proxy", re.IGNORECASE)
"""The variables through which a machine reaches its package registry."""


class Failed(Exception):
    """The image would not build, or would not run."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Each instruction's keyword and the rest of it, on one line."""
    lines = [line for line in dockerfile.splitlines() if not re.match(r"\s*(#|$)", line)]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        keyword, _, rest = line.strip().partition(" ")
        yield keyword.upper(), rest.strip()


def matcher(pattern: str) -> re.Pattern[str]:
    """What a line of .dockerignore fits: a path and all that lies below it."""
    regex = re.escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
    return re.compile(f"{regex}(/.*)?")


def sent(ignore_file: str) -> Iterator[Path]:
    """The project's files that a builder would be sent: the last line of .dockerignore that fits decides."""
    rules = []
    for line in ignore_file.splitlines():
        pattern = line.strip().removeprefix("!").strip("/")
        if pattern and not line.startswith("#"):
            rules.append((matcher(pattern), line.startswith("!")))
    for path in PROJECT.rglob("*"):
        name = str(path.relative_to(PROJECT))
        fits = [wanted for rule, wanted in rules if rule.fullmatch(name)]
        if path.is_file() and (not fits or fits[-1]):
            yield path


@dataclass
class Stage:
    """What an image holds while it is built."""

    root: Path
    variables: dict[str, str]
    folder: PurePosixPath = ROOT
    own: set[str] = field(default_factory=set)
    user: str = "root"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def place(self, path: str) -> Path:
        """Where on this machine a path of the image lies."""
        return self.root / (self.folder / path).relative_to(ROOT)

    def claim(self, path: str) -> None:
        """The outermost folder of this path is the image's own, not this machine's."""
        self.own.add((self.folder / path).parts[1])

    def rewritten(self, text: str) -> str:
        if not self.own:
            return text
        names = "|".join(map(re.escape, sorted(self.own)))
        return re.sub(rf"(?<![\w./-])(?=/({names})(?![\w.-]))", str(self.root), text)

    def environment(self) -> dict[str, str]:
        return {name: self.rewritten(value) for name, value in self.variables.items()}


class Build:
    """One method per instruction; `stages` holds them by name, the last one is the image."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._context = folder / "context"
        self.stages: dict[str, Stage] = {}
        for path in sent((PROJECT / ".dockerignore").read_text(encoding="utf-8")):
            copy = self._context / path.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)

    @property
    def stage(self) -> Stage:
        return [*self.stages.values()][-1]

    def step(self, keyword: str, rest: str) -> None:
        say(f"--- {keyword} {rest}")
        method = getattr(self, f"_{keyword.lower()}", None)
        if method is None:
            raise Failed(f"{keyword} is not known to this rehearsal")
        method(rest)

    def _from(self, rest: str) -> None:
        image, *alias = re.split(r"\s+as\s+", rest, flags=re.IGNORECASE)
        if not re.fullmatch(r"(python|node):\d+\.\d+\.\d+-[a-z-]+", image):
            raise Failed(f"{image} is not a full version of the python or the node image")
        root = self._folder / f"stage-{len(self.stages)}"
        root.mkdir()
        self.stages[alias[0] if alias else str(len(self.stages))] = Stage(
            root, {"PATH": f"{_base_python(self._folder)}:/usr/bin:/bin", "LANG": "C.UTF-8"}
        )

    def _env(self, rest: str) -> None:
        before = dict(self.stage.variables)
        for assignment in shlex.split(rest):
            name, _, value = assignment.partition("=")
            self.stage.variables[name] = Template(value).substitute(before)

    def _arg(self, rest: str) -> None:
        name, given, default = rest.partition("=")
        if given:
            self.stage.variables.setdefault(name, default)

    def _workdir(self, rest: str) -> None:
        self.stage.folder /= rest
        self.stage.claim(".")
        self.stage.place(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        words = shlex.split(rest)
        flags = dict(word.removeprefix("--").split("=") for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        if unknown := flags.keys() - {"from", "chown"}:
            raise Failed(f"COPY with {unknown} is not known to this rehearsal")
        self.stage.claim(target)
        place = self.stage.place(target)
        for source in sources:
            origin = (
                self.stages[flags["from"]].place(source)
                if "from" in flags
                else self._context / source
            )
            _copy(origin, place, into=target.endswith("/") or place.is_dir())

    def _run(self, rest: str) -> None:
        machine = {name: value for name, value in os.environ.items() if REGISTRY.fullmatch(name)}
        subprocess.run(
            ["/bin/sh", "-c", self.stage.rewritten(rest)],
            cwd=self.stage.place("."),
            env=machine | self.stage.environment(),
            stdin=subprocess.DEVNULL,
            check=True,
        )

    def _user(self, rest: str) -> None:
        self.stage.user = rest

    def _expose(self, rest: str) -> None:
        if rest != self.stage.variables.get("PORT"):
            raise Failed("EXPOSE and PORT differ")

    def _healthcheck(self, rest: str) -> None:
        self.stage.health = json.loads(rest.partition("CMD ")[2])

    def _cmd(self, rest: str) -> None:
        self.stage.command = json.loads(rest)


def _base_python(folder: Path) -> Path:
    """A folder with a `python`, as the base image has one; a link would move its prefix."""
    programs = folder / "base"
    programs.mkdir(exist_ok=True)
    python = programs / "python"
    major, minor = sys.version_info[:2]
    interpreter = Path(sys.base_prefix, "bin", f"python{major}.{minor}")
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(str(interpreter))} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return programs


def _copy(origin: Path, place: Path, *, into: bool) -> None:
    if origin.is_dir():
        shutil.copytree(origin, place, symlinks=True, dirs_exist_ok=True)
    elif origin.is_file():
        target = place / origin.name if into else place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(origin, target)
    else:
        raise Failed(f"{origin.name} is not there, or .dockerignore keeps it back")


def check_user(image: Stage) -> None:
    """The process is nobody's in particular, and can read what it needs."""
    if not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", image.user):
        raise Failed(f"USER {image.user} is not a number other than root's")
    for path in image.root.rglob("*"):
        if not path.is_symlink() and not path.stat().st_mode & stat.S_IROTH:
            raise Failed(f"{path.relative_to(image.root)} is readable to root alone")


def check_explorer(image: Stage) -> None:
    """GraphiQL is in the image as it was built, and nothing that would ask another host for it."""
    folder = image.place("gateway/web/explorer")
    if [path.name for path in folder.iterdir()] != ["built"]:
        raise Failed(f"{folder.name} holds something else than what was built")
    if not (folder / "built/index.html").is_file():
        raise Failed("GraphiQL is not in the image")


def check_process(image: Stage) -> None:
    """The image's command becomes healthy without its upstream, and stops when asked."""
    environment = image.environment() | {"GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9"}
    command = [image.rewritten(word) for word in image.command]
    check_command(image, command, environment, {0, -signal.SIGTERM, 128 + signal.SIGTERM})


def check_confined(image: Stage) -> None:
    """So does it as its user, without any capability, on a read-only file system, with two workers; with status 0."""
    environment = image.environment() | {
        "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9",
        "GATEWAY_DRAIN_SECONDS": "0",
        "WEB_CONCURRENCY": "2",
    }
    command = [image.rewritten(word) for word in image.command]
    inside = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(image.place(".")), *command]
    folders = [*python(), image.root, image.root.parent / "base"]
    user = int(image.user.partition(":")[0])
    check_command(image, confined(inside, folders, user=user), environment, {0})


def check_command(
    image: Stage, command: list[str], environment: dict[str, str], statuses: set[int]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = environment | {"PORT": str(port)}
    if healthy(image, environment):
        raise Failed("the health check succeeds where nothing runs")
    say(f"--- {shlex.join(image.command)}, on port {port}")
    with subprocess.Popen(command, cwd=image.place("."), env=environment) as process:
        try:
            await_health(image, environment, process)
            process.send_signal(signal.SIGTERM)
            status = process.wait(STOP_SECONDS)
        finally:
            process.kill()
    if status not in statuses:
        raise Failed(f"SIGTERM ended the command with status {status}")
    say(f"stopped by SIGTERM, with status {status}")


def healthy(image: Stage, environment: Mapping[str, str]) -> bool:
    command = [image.rewritten(word) for word in image.health]
    result = subprocess.run(
        command, cwd=image.place("."), env=environment, capture_output=True, check=False
    )
    return result.returncode == 0


def await_health(
    image: Stage, environment: Mapping[str, str], process: subprocess.Popen[bytes]
) -> None:
    for _ in range(START_SECONDS):
        if healthy(image, environment):
            say("healthy")
            return
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            continue
        raise Failed(f"the command ended by itself, with status {process.returncode}")
    raise Failed(f"the command is not healthy after {START_SECONDS} seconds")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        build = Build(Path(folder))
        for keyword, rest in instructions((PROJECT / "Dockerfile").read_text(encoding="utf-8")):
            build.step(keyword, rest)
        check_user(build.stage)
        check_explorer(build.stage)
        check_process(build.stage)
        check_confined(build.stage)


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.SubprocessError) as error:
        sys.exit(f"failed: {error}")
