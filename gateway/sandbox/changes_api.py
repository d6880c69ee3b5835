"""The endpoints of the admin API that change the data: activities and resources, by their paths."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import json
from starlette.datastructures import QueryParams
from starlette.requests import Request

from gateway.sandbox.accounts import ACCOUNTS
from gateway.sandbox.changes.activity_format import activity_content, checked_entry
from gateway.sandbox.changes.resource_formats import template_of_resource, with_id
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.responses import Response, error_response, json_response
from gateway.sandbox.world import World

CHANGES_PATH = "/_sandbox/changes"
ACTIVITIES_PREFIX = "/_sandbox/activities/"
RESOURCES_PREFIX = "/_sandbox/resources"


@dataclass(frozen=True, slots=True)
class Target:
    """What a request changes: its id in the path, its content if there is any, and how to change it."""

    id: str
    content: Json | None
    set: Callable[[Json], None]
    remove: Callable[[], None]


METHODS = ("PUT", "PATCH", "DELETE")
NO_CONTENT = Response(204, b"", ())


class ChangesApi:
    """Adds or replaces by PUT, changes some keys by PATCH, and removes by DELETE."""

    def __init__(self, world: World) -> None:
        self._world = world

    def respond(self, request: Request, content: bytes) -> Response | None:
        """The response; None where another part of the admin API has this path."""
        path = request.scope["path"]
        if path == CHANGES_PATH and request.method == "DELETE":
            self._world.clear_changes()
            return NO_CONTENT
        if not path.startswith((ACTIVITIES_PREFIX, f"{RESOURCES_PREFIX}/")):
            return None
        if request.method not in METHODS:
            return error_response(501, "This method is not implemented.")
        account = request.query_params.get("account", ACCOUNTS[0].number)
        if account not in [one.number for one in ACCOUNTS]:
            return error_response(400, "The parameter account must be 1 or 2.")
        try:
            if path.startswith(ACTIVITIES_PREFIX):
                id_ = path.removeprefix(ACTIVITIES_PREFIX)
                target = self._activity(account, id_, request.query_params)
            else:
                target = self._resource(account, path.removeprefix(RESOURCES_PREFIX))
            return (
                target if isinstance(target, Response) else change(request.method, content, target)
            )
        except (ValueError, RecursionError) as error:
            return error_response(400, f"The body is wrong: {error}.")

    def _activity(self, account: str, id_: str, query: QueryParams) -> Target | Response:
        client_id = query.get("clientId", "").strip()
        if not client_id:
            return error_response(400, "The parameter clientId is required.")
        timeline = self._world.timeline(account, client_id)
        if timeline is None:
            return error_response(404, "Unknown client.")
        return Target(
            id_,
            activity_content(timeline, id_),
            lambda content: timeline.put(id_, checked_entry(content)),
            lambda: timeline.remove(id_),
        )

    def _resource(self, account: str, path: str) -> Target | Response:
        try:
            template_of_resource(path)
        except ValueError as error:
            return error_response(404, f"{error}.")
        id_ = path.rpartition("/")[2]
        current = self._world.resource(account, path)
        if current is not None and str(current["id"]) != id_:
            return error_response(404, "The path must have the id of the resource.")
        return Target(
            id_,
            current,
            lambda content: self._world.set_resource(account, path, content),
            lambda: self._world.remove_resource(account, path),
        )


def change(method: str, content: bytes, target: Target) -> Response:
    """Change the target.

    Raises:
        ValueError: The content is wrong; the message names the key.
    """
    if method != "PUT" and target.content is None:
        return error_response(404, "There is nothing with this id.")
    if method == "DELETE":
        target.remove()
        return NO_CONTENT
    changed = json.decode(content, type=Json)
    if method == "PATCH":
        changed = merge_patch(target.content, changed)
    changed = with_id(changed, target.id)
    target.set(changed)
    return json_response(changed)


def merge_patch(target: object, patch: Any) -> Any:
    """The target with the keys of a patch by RFC 7396: null removes a key."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
