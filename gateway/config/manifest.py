"""The manifest of trusted documents: a JSON file of texts by their ids, or all JSON files of a folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of trusted documents, as its files were when they were read.

    Attributes:
        path: The path of the file, or of the folder.
        text_by_id: The documents, by their ids.
    """

    path: Path
    text_by_id: Mapping[str, str] = field(repr=False)


def manifest_files(path: Path) -> list[Path]:
    """The files of the manifest at a path, in the order of their names: of a folder, as a shell's `*.json`.

    Raises:
        OSError: The folder cannot be read.
    """
    if not path.is_dir():
        return [path]
    return sorted(
        each for each in path.iterdir() if each.suffix == ".json" and not each.name.startswith(".")
    )


def read_manifest(path: Path) -> Manifest:
    """The manifest at a path, in the format of graphql-codegen.

    Raises:
        ValueError: A file cannot be read or is not such a manifest, two files have different texts for one
            id, or there is no document. The message has names of files and an id, and no text of a document.
    """
    try:
        files = manifest_files(path)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    text_by_id: dict[str, str] = {}
    file_by_id: dict[str, Path] = {}
    for file in files:
        for document_id, text in _read_file(file, "" if file == path else f"{file.name} ").items():
            if text_by_id.setdefault(document_id, text) != text:
                raise ValueError(
                    f"{file_by_id[document_id].name} and {file.name} have different texts for the id "
                    f"{document_id}"
                )
            file_by_id.setdefault(document_id, file)
    if not text_by_id:
        raise ValueError("contains no documents")
    return Manifest(path, text_by_id)


def _read_file(file: Path, message_prefix: str) -> Mapping[str, str]:
    """The documents of one file; a message of an error begins with the prefix."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except OSError as error:
        raise ValueError(f"{message_prefix}cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ValueError(
            f"{message_prefix}must contain a JSON object of strings: {error}"
        ) from error
