"""A world of one's own: a file with clients, their activities, and resources by their paths.

The clients and the resources are those of account 1:

    {
      "clients": {"7": {"activities": [{"id": "1", "type": "note", "date": {…}}]}},
      "resources": {"/api/2.0/clients/7": {"firstName": "Léa"}}
    }
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import Struct, convert, json

from gateway.sandbox.changes.activity_format import checked_entry
from gateway.sandbox.changes.resource_formats import check_resource, template_of_resource, with_id
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.timeline import TimelineEntry


class UnreadableFixtures(Exception):
    """A file has no world; the message names the path of what is wrong in it."""


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The entries of timelines by their clients, and the resources by their paths."""

    entries_by_client: Mapping[str, list[TimelineEntry]]
    resources: Mapping[str, Json]


class _File(Struct, forbid_unknown_fields=True):
    """The file, before its clients and resources are checked."""

    clients: dict[str, Any] = {}
    resources: dict[str, Any] = {}


class _Client(Struct, forbid_unknown_fields=True):
    """A client, before its activities are checked."""

    activities: list[Any] = []


def read_fixtures(file: Path) -> Fixtures:
    """The world in a file.

    Raises:
        UnreadableFixtures: There is none.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnreadableFixtures(f"{file.name} cannot be read.") from error
    try:
        with _errors_at("$"):
            world = json.decode(content, type=_File)
        return Fixtures(
            {name: _entries(f"$.clients.{name}", one) for name, one in world.clients.items()},
            {path: _resource(path, one) for path, one in world.resources.items()},
        )
    except UnreadableFixtures as error:
        raise UnreadableFixtures(f"{file.name}, {error}.") from error


def _entries(path: str, client: object) -> list[TimelineEntry]:
    with _errors_at(path):
        activities = convert(client, _Client).activities
    entries, ids = [], set[str]()
    for index, activity in enumerate(activities):
        with _errors_at(f"{path}.activities[{index}]"):
            content = convert(activity, Json)
            entries.append(checked_entry(content))
            id_ = str(content["id"])
            if id_ in ids:
                raise ValueError(f"The client has the `id` {id_} twice")
            ids.add(id_)
    return entries


def _resource(path: str, resource: object) -> Json:
    with _errors_at(f"$.resources.{path}"):
        template = template_of_resource(path)
        content = with_id(convert(resource, Json), path.rpartition("/")[2])
        check_resource(template, content)
        return content


@contextmanager
def _errors_at(path: str) -> Iterator[None]:
    """Context manager: errors name the path in the file, of which msgspec knows the end."""
    try:
        yield
    except (ValueError, RecursionError) as error:
        message, _, end = str(error).partition(" - at `$")
        raise UnreadableFixtures(f"{path}{end.removesuffix('`')}: {message}") from error
