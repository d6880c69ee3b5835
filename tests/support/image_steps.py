"""Rehearses the Dockerfile without a container engine: each step in a root of its own, then the image's command.

A folder stands for each stage's root. A step sees it at `/`, with this machine's programs below it, and a copy of
this machine's Python where the base image has its own. So the steps, the files that they need and leave, the command
and its health check are tried; the base image is not. The command is run a second time, with two workers, as a user
whom nobody knows, without any capability, where nothing can be written.

Needs Linux, root, and util-linux.
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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from string import Template

from tests.support.confined import confined

PROJECT = Path(__file__).parents[2]
ROOT = PurePosixPath("/")
START_SECONDS = 30
STOP_SECONDS = 30
UNKNOWN_USER = 54321
REGISTRY = re.compile(r"HOME|(PIP|NPM_CONFIG|SSL_CERT|NODE_EXTRA)_\w+|\w+_proxy", re.IGNORECASE)
"""The variables through which a machine reaches its package registry."""

PROGRAMS = ("/bin", "/etc", "/lib", "/lib64", "/usr")
LOCAL = "/usr/local"
"""Where the image has its Python."""

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
INSTALLERS = ("pip*", "setuptools*", "pkg_resources", "_distutils_hack", "distutils-precedence.pth")
"""What Python's image has in site-packages."""


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


class IgnoreFile:
    """A .dockerignore, of whose lines the last one that fits a path decides."""

    def __init__(self, text: str) -> None:
        self._rules: list[tuple[re.Pattern[str], bool]] = []
        self._exceptions: list[str] = []
        for line in text.splitlines():
            pattern = line.strip().removeprefix("!").strip("/")
            if pattern and not line.startswith("#"):
                self._rules.append((matcher(pattern), line.startswith("!")))
                self._exceptions += [pattern] if line.startswith("!") else []

    def sends(self, path: Path) -> bool:
        """Whether a builder is sent the file at this path of the project."""
        fits = [wanted for rule, wanted in self._rules if rule.fullmatch(str(path))]
        return not fits or fits[-1]

    def may_send_from(self, folder: Path) -> bool:
        inside = f"{folder}/"
        return self.sends(folder) or any(
            "*" in each or each.startswith(inside) for each in self._exceptions
        )


def context_files(ignored: IgnoreFile) -> Iterator[Path]:
    """The project's files that a builder would be sent.

    A folder of which nothing is sent is not read: other programs may write there meanwhile.
    """
    for folder, folders, names in os.walk(PROJECT):
        inside = Path(folder).relative_to(PROJECT)
        folders[:] = [name for name in folders if ignored.may_send_from(inside / name)]
        for name in names:
            if ignored.sends(inside / name) and (PROJECT / inside / name).is_file():
                yield PROJECT / inside / name


@dataclass
class Stage:
    """What an image holds while it is built."""

    root: Path
    variables: dict[str, str]
    folder: PurePosixPath = ROOT
    labels: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def place(self, path: str) -> Path:
        """Where on this machine a path of the image lies."""
        return self.root / (self.folder / path).relative_to(ROOT)

    def started(self, command: Sequence[str], variables: Mapping[str, str]) -> list[str]:
        """The command in the image's folder, with its variables and these, and no others."""
        given = [f"{name}={value}" for name, value in {**variables, **self.variables}.items()]
        there = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(self.folder)]
        return ["/usr/bin/env", "-i", *given, *there, *command]

    def inside(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        *,
        user: str,
        folders: Iterable[str] = (),
    ) -> list[str]:
        """The command that runs another in the image; its process id is the other's.

        Args:
            command: What is run.
            variables: Its environment, besides that of the image.
            user: Whose process it is, by number.
            folders: This machine's, which it needs besides the programs.
        """
        root = "/mnt"
        lines = [f"mount --bind {shlex.quote(str(self.root))} {root}"]
        for path in (*PROGRAMS, *folders, "/dev", "/proc"):
            if Path(path).exists():
                there = shlex.quote(f"{root}{path}")
                lines += [f"mkdir -p {there}", f"mount --rbind {shlex.quote(path)} {there}"]
        if self.place(LOCAL).exists():
            lines += [f"mount --bind {shlex.quote(str(self.place(LOCAL)))} {root}{LOCAL}"]
        lines += [
            f"mkdir -p {root}/tmp",
            f"mount -t tmpfs -o mode=1777 none {root}/tmp",
            f"exec /usr/sbin/chroot --userspec={user} {root} "
            + shlex.join(self.started(command, variables)),
        ]
        return ["unshare", "--mount", "sh", "-ec", "\n".join(lines)]


class Build:
    """One method per instruction; `stages` holds them by name, the last one is the image."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._context = folder / "context"
        self.stages: dict[str, Stage] = {}
        ignored = IgnoreFile((PROJECT / ".dockerignore").read_text(encoding="utf-8"))
        for path in context_files(ignored):
            copy = self._context / path.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)

    @property
    def stage(self) -> Stage:
        return [*self.stages.values()][-1]

    def run(self, dockerfile: str) -> Stage:
        """The image."""
        for keyword, rest in instructions(dockerfile):
            self.step(keyword, rest)
        return self.stage

    def step(self, keyword: str, rest: str) -> None:
        say(f"--- {keyword} {rest}")
        method = getattr(self, f"_{keyword.lower()}", None)
        if method is None:
            raise Failed(f"{keyword} is not known to this rehearsal")
        method(rest)

    def _from(self, rest: str) -> None:
        image, *alias = re.split(r"\s+as\s+", rest, flags=re.IGNORECASE)
        base = re.fullmatch(r"(python|node):\d+\.\d+\.\d+-[a-z-]+(@sha256:[0-9a-f]{64})?", image)
        if base is None:
            raise Failed(f"{image} is not a full version of the python or the node image")
        stage = Stage(
            self._folder / f"stage-{len(self.stages)}",
            {"PATH": f"{LOCAL}/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
        stage.root.mkdir()
        if base[1] == "python":
            _copy_python(stage.place(LOCAL))
            stage.variables["LD_LIBRARY_PATH"] = f"{LOCAL}/lib"  # the image's loader looks there
        self.stages[alias[0] if alias else str(len(self.stages))] = stage

    def _env(self, rest: str) -> None:
        self.stage.variables |= self._assignments(rest)

    def _label(self, rest: str) -> None:
        self.stage.labels |= self._assignments(rest)

    def _assignments(self, rest: str) -> dict[str, str]:
        before = dict(self.stage.variables)
        words = (word.partition("=") for word in shlex.split(rest))
        return {name: Template(value).substitute(before) for name, _, value in words}

    def _arg(self, rest: str) -> None:
        name, _, default = rest.partition("=")
        self.stage.variables.setdefault(name, default)

    def _workdir(self, rest: str) -> None:
        self.stage.folder /= rest
        self.stage.place(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        words = shlex.split(rest)
        flags = dict(word.removeprefix("--").split("=") for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        if unknown := flags.keys() - {"from", "chown"}:
            raise Failed(f"COPY with {unknown} is not known to this rehearsal")
        place = self.stage.place(target)
        for source in sources:
            origin = (
                self.stages[flags["from"]].place(source)
                if "from" in flags
                else self._context / source
            )
            _copy(origin, place, into=target.endswith("/") or place.is_dir())

    def _run(self, rest: str) -> None:
        """With what this machine needs to reach its package registry."""
        machine = {name: value for name, value in os.environ.items() if REGISTRY.fullmatch(name)}
        folders = [str(Path.home()), "/opt"]
        command = self.stage.inside(["/bin/sh", "-c", rest], machine, user="0:0", folders=folders)
        subprocess.run(command, stdin=subprocess.DEVNULL, check=True)

    def _user(self, rest: str) -> None:
        self.stage.user = rest

    def _expose(self, rest: str) -> None:
        if rest != self.stage.variables.get("PORT"):
            raise Failed("EXPOSE and PORT differ")

    def _healthcheck(self, rest: str) -> None:
        self.stage.health = json.loads(rest.partition("CMD ")[2])

    def _cmd(self, rest: str) -> None:
        self.stage.command = json.loads(rest)


def _copy_python(target: Path) -> None:
    """This machine's Python, with what installs packages and without the packages that are installed."""
    origin = Path(sys.base_prefix)
    library = origin / "lib" / PYTHON
    ignored = shutil.ignore_patterns("site-packages", "dist-packages", "test")
    shutil.copytree(library, target / "lib" / PYTHON, symlinks=True, ignore=ignored)
    packages = target / "lib" / PYTHON / "site-packages"
    packages.mkdir()
    for pattern in INSTALLERS:
        for path in (library / "site-packages").glob(pattern):
            _copy(path, packages / path.name, into=False)
    for shared in (origin / "lib").glob("libpython*"):
        shutil.copy2(shared, target / "lib", follow_symlinks=False)
    programs = target / "bin"
    programs.mkdir()
    for program in (origin / "bin" / PYTHON, *(origin / "bin").glob("pip*")):
        shutil.copy2(program, programs)
    for name in ("python", "python3"):
        (programs / name).symlink_to(PYTHON)


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
    for path in image.place("/app").rglob("*"):
        if not path.is_symlink() and not path.stat().st_mode & stat.S_IROTH:
            raise Failed(f"{path.relative_to(image.root)} is readable to root alone")


def check_content(image: Stage) -> None:
    """The licence and GraphiQL as it was built are in the image; nothing that installs packages is."""
    if not image.place("LICENSE").is_file():
        raise Failed("the licence is not in the image")
    (folder,) = image.root.rglob("gateway/web/explorer")
    if [path.name for path in folder.iterdir()] != ["built"]:
        raise Failed(f"{folder.name} holds something else than what was built")
    if not (folder / "built/index.html").is_file():
        raise Failed("GraphiQL is not in the image")
    names = re.compile(r"(pip|setuptools|wheel|npm)([\d.-].*)?")
    if found := [path for path in image.root.rglob("*") if names.fullmatch(path.name)]:
        raise Failed(f"{found[0].relative_to(image.root)} is in the image")


def check_licenses(image: Stage) -> None:
    """Every package that is installed has the text of its licence in the image."""
    names = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
    for package in image.place(".venv").rglob("*.dist-info"):
        if not any(path.is_file() and names.match(path.name) for path in package.rglob("*")):
            raise Failed(f"{package.name} has no text of its licence")


def check_labels(image: Stage) -> None:
    """The labels are those of the Open Container Initiative; only what the build is told may be empty."""
    names = {name.removeprefix("org.opencontainers.image."): name for name in image.labels}
    expected = {"title", "description", "licenses", "version", "revision", "created"}
    empty = {name for name, label in names.items() if not image.labels[label]}
    if names.keys() != expected or empty != {"revision", "created"}:
        raise Failed(f"the labels are {image.labels}")


def check_path(image: Stage) -> None:
    """`gateway` is on the path, in any folder."""
    command = image.inside(["/bin/sh", "-c", "cd / && gateway --version"], {}, user=image.user)
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    if image.labels["org.opencontainers.image.version"] not in result.stdout:
        raise Failed(f"the label of the version is not that of {result.stdout}")


def check_process(image: Stage) -> None:
    """The image's command becomes healthy without its upstream, and stops when asked."""
    variables = {"GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9"}
    image.variables["PORT"] = _free_port()
    command = image.inside(image.command, variables, user=image.user)
    check_command(image, command, {0, -signal.SIGTERM, 128 + signal.SIGTERM})


def check_confined(image: Stage) -> None:
    """So does it as any user, without a capability, on a read-only file system, with two workers; with status 0."""
    variables = {
        "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9",
        "GATEWAY_DRAIN_SECONDS": "0",
        "WEB_CONCURRENCY": "2",
    }
    image.variables["PORT"] = _free_port()
    mounted = {path: image.place(path) for path in (LOCAL, "/app")}
    inside = image.started(image.command, variables)
    check_command(image, confined(inside, (), mounted=mounted, user=UNKNOWN_USER), {0})


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def check_command(image: Stage, command: list[str], statuses: set[int]) -> None:
    if healthy(image):
        raise Failed("the health check succeeds where nothing runs")
    say(f"--- {shlex.join(image.command)}, on port {image.variables['PORT']}")
    with subprocess.Popen(command) as process:
        try:
            await_health(image, process)
            process.send_signal(signal.SIGTERM)
            status = process.wait(STOP_SECONDS)
        finally:
            process.kill()
    if status not in statuses:
        raise Failed(f"SIGTERM ended the command with status {status}")
    say(f"stopped by SIGTERM, with status {status}")


def healthy(image: Stage) -> bool:
    command = image.inside(image.health, {}, user=image.user)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def await_health(image: Stage, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS):
        if healthy(image):
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
        image = Build(Path(folder)).run((PROJECT / "Dockerfile").read_text(encoding="utf-8"))
        check_user(image)
        check_content(image)
        check_licenses(image)
        check_labels(image)
        check_path(image)
        check_process(image)
        check_confined(image)


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.SubprocessError) as error:
        sys.exit(f"failed: {error}")
