"""The resources of one account that were added, changed or removed, and the responses with them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import json
from starlette.datastructures import QueryParams

from gateway.sandbox.changes.appointment_list import is_requested, order_by_start
from gateway.sandbox.endpoints.appointments import ALL_COMPANIES_ID, with_requested_detail
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.responses import Response, error_response, item_response, list_response
from gateway.sandbox.routes import COMPANIES_PATH, LIST_TEMPLATES

ALIASES = ("id", "externalId", "reference")
"""The keys that name a resource in a path."""

APPOINTMENTS = "appointments"
PATH_OF_ALL_APPOINTMENTS = f"{COMPANIES_PATH}/{ALL_COMPANIES_ID}/{APPOINTMENTS}"

Changes = dict[str, Json | None]
"""The resources of one list by id; None for a removed one."""


class ResourceChanges:
    """The changed resources of one account, by the path of their list and their id."""

    def __init__(self) -> None:
        self._changes_by_list: defaultdict[str, Changes] = defaultdict(dict)

    def set(self, path: str, content: Json | None) -> None:
        """Add or change a resource, or remove it."""
        list_path, _, id_ = path.rpartition("/")
        self._changes_by_list[list_path][id_] = content

    def change(self, path: str) -> tuple[bool, Json | None]:
        """Whether a resource was changed, and what it is now."""
        list_path, _, id_ = path.rpartition("/")
        changes = self._changes_of(list_path)
        return id_ in changes, changes.get(id_)

    def is_removed(self, path: str) -> bool:
        return self.change(path) == (True, None)

    def is_below_removed(self, path: str) -> bool:
        """Whether a resource was removed whose path is the beginning of this one."""
        parents = (path[:index] for index, character in enumerate(path) if character == "/")
        return any(map(self.is_removed, parents))

    def apply(self, path: str, template: str, query: QueryParams, response: Response) -> Response:
        """The response with what was changed, from the one without."""
        if template in LIST_TEMPLATES:
            return self._apply_to_list(path, query, response)
        list_path, _, requested_id = path.rpartition("/")
        changes = self._changes_of(list_path)
        for content in changes.values():
            if content and requested_id in [str(content.get(name)) for name in ALIASES]:
                return item_response(content)
        if response.status == 200 and changes:
            id_ = str(json.decode(response.body)["id"])  # where the path has another name
            return item_response(changes[id_]) if id_ in changes else response
        return response

    def _apply_to_list(self, path: str, query: QueryParams, response: Response) -> Response:
        changes = self._changes_of(path)
        has_parent, _ = self.change(path.rpartition("/")[0])
        if response.status == 404 and (has_parent or any(changes.values())):
            items: list[Json] = []
        elif response.status == 200 and changes:
            items = json.decode(response.body)["items"]
        else:
            return response
        if not path.endswith(f"/{APPOINTMENTS}"):
            return list_response(_apply_changes(items, changes))
        try:
            requested = [one for one in changes.values() if one and is_requested(one, query)]
        except ValueError as error:
            return error_response(400, str(error))
        kept = [one for one in items if str(one.get("id")) not in changes]
        added = [with_requested_detail(one, query) for one in requested]
        return list_response(order_by_start([*kept, *added]))

    def _changes_of(self, list_path: str) -> Changes:
        """The changes of a list; those of all companies where a path names all."""
        if list_path != PATH_OF_ALL_APPOINTMENTS:
            return self._changes_by_list.get(list_path, {})
        return {
            id_: content
            for path, changes in self._changes_by_list.items()
            if path.startswith(COMPANIES_PATH) and path.endswith(f"/{APPOINTMENTS}")
            for id_, content in changes.items()
        }


def _apply_changes(items: list[Json], changes: Changes) -> Iterator[Any]:
    """The items in their order without the removed ones, and after them the added ones."""
    ids = {str(one.get("id")) for one in items}
    for one in items:
        content = changes.get(str(one.get("id")), one)
        if content is not None:
            yield content
    for id_, content in changes.items():
        if content is not None and id_ not in ids:
            yield content
