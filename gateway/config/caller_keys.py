"""The keys of callers who may use the service credentials, by their hashes in a file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CALLER_KEY_LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,64}):(?P<digest>[0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class CallerKeys:
    """The caller keys, as their file was when it was read.

    Attributes:
        name_by_digest: The name of each key, by the SHA-256 of the key.
        path: The path of the file; None where the keys come from none.
    """

    name_by_digest: Mapping[bytes, str] = field(repr=False)
    path: Path | None = field(default=None, compare=False)


def read_caller_keys(path: Path) -> CallerKeys:
    """The keys in a file of lines `name:sha256-of-key`. One name may have several, for key rotation.

    Raises:
        ValueError: The file is unusable; the message has nothing of its content.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise ValueError("is not UTF-8") from error
    name_by_digest: dict[bytes, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            digest, name = _parse_line(line.strip(), number)
            if digest in name_by_digest:
                raise ValueError(f"line {number} repeats the key of an earlier line")
            name_by_digest[digest] = name
    if not name_by_digest:
        raise ValueError("contains no keys")
    return CallerKeys(name_by_digest, path)


def _parse_line(line: str, number: int) -> tuple[bytes, str]:
    match = CALLER_KEY_LINE.fullmatch(line)
    if match is None:
        raise ValueError(
            f"line {number} is not name:sha256-of-key, as `gateway caller-key` writes it"
        )
    return bytes.fromhex(match["digest"]), match["name"]
