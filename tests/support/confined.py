"""A command in a file system of its own, as a container has it that may write nowhere and may do nothing.

Its root has the machine's programs and the folders that the command needs, all of them for reading only; it runs as
a user who is nobody else, without any capability. Needs Linux, root, and util-linux.
"""

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

USER = 10001

_SYSTEM = ("/bin", "/etc", "/lib", "/lib64", "/usr")
_DEVICES = ("/dev/null", "/dev/urandom")


def confined(
    command: Sequence[str | Path],
    folders: Iterable[Path],
    *,
    mounted: Mapping[str, Path] | None = None,
    writable: Sequence[str] = (),
    user: int = USER,
) -> list[str]:
    """The command that runs another so; its process id is the other's, and so signals reach that.

    Args:
        command: What is run; its first word is a path.
        folders: What it can read besides the machine's programs.
        mounted: The same for folders that it finds elsewhere: each by the path at which it finds it.
        writable: Where it finds a folder to write to, in memory: `PATH` or `PATH=SIZE`, as mount has sizes.
        user: Whose process it is, by number.
    """
    root = "/mnt"
    lines = [f"mount -t tmpfs -o mode=755 none {root}"]
    for each in writable:  # first, since the other folders may be in these
        path, _, size = each.partition("=")
        lines += [
            f"mkdir -p {root}{path}",
            f"mount -t tmpfs -o mode=1777,size={size or '64m'} none {root}{path}",
        ]
    for folder in dict.fromkeys([*map(Path, _SYSTEM), *folders]):
        lines += _bound(folder, Path(f"{root}{folder}"))
    for path, folder in (mounted or {}).items():
        lines += _bound(folder, Path(f"{root}{path}"))
    for device in _DEVICES:
        target = f"{root}{device}"
        lines += [f"mkdir -p {root}/dev", f": >{target}", f"mount --bind {device} {target}"]
    lines += [f"mkdir {root}/proc", f"mount --rbind /proc {root}/proc"]
    powerless = "--inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs"
    lines += [
        f"mount -o remount,ro {root}",
        f"exec /usr/sbin/chroot {root} setpriv --reuid={user} --regid={user} --clear-groups {powerless} "
        + shlex.join(map(str, command)),
    ]
    return ["unshare", "--mount", "sh", "-ec", "\n".join(lines)]


def python() -> list[Path]:
    """What the Python of this process needs to be read; `.venv` may be a link."""
    prefix = Path(sys.prefix)
    return [Path(sys.base_prefix), prefix, prefix.resolve()]


def _bound(folder: Path, target: Path) -> list[str]:
    """It, at its own place; as a link, where it is one, as `/bin` may be."""
    there, here = shlex.quote(str(target)), shlex.quote(str(folder))
    if folder.is_symlink():
        return [
            f"mkdir -p {shlex.quote(str(target.parent))}",
            f"ln -s {shlex.quote(str(folder.readlink()))} {there}",
        ]
    if not folder.exists():
        return []
    return [
        f"mkdir -p {there}",
        f"mount --bind {here} {there}",
        f"mount -o remount,bind,ro {there}",
    ]
