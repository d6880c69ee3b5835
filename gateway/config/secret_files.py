"""Secrets in files of their own: `GATEWAY_TOKEN_FILE` names the file that holds `GATEWAY_TOKEN`."""

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

HEADER_VALUE_RULE = "must be printable ASCII, without line breaks"


@dataclass(frozen=True, slots=True)
class SecretFile:
    """The file of a secret, and the variable that names it."""

    variable: str
    path: Path


class FileSecret(SecretStr):
    """A secret that was read from a file.

    Attributes:
        file: The file.
    """

    def __init__(self, secret: str, file: SecretFile) -> None:
        super().__init__(secret)
        self.file = file


def read_secret(file: SecretFile) -> FileSecret:
    """The secret in a file.

    Raises:
        ValueError: The file is unusable; the message has the variable, and neither the path nor the content.
    """
    try:
        secret = file.path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{file.variable} cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise ValueError(f"{file.variable} cannot be read: it is not UTF-8") from error
    if not secret:
        raise ValueError(f"{file.variable}: the named file is empty")
    if not is_header_value(secret):
        raise ValueError(f"{file.variable}: {HEADER_VALUE_RULE}")
    return FileSecret(secret, file)


def is_header_value(secret: str) -> bool:
    """Whether a secret can be sent in a header: otherwise it would fail every request, and late."""
    return re.fullmatch(r"[\x20-\x7e]*", secret) is not None
