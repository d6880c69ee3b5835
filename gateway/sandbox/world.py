"""The data of the sandbox: the sample data, and what was changed since."""

from collections.abc import Callable

from msgspec import json
from starlette.datastructures import QueryParams

from gateway.sandbox.accounts import ACCOUNTS
from gateway.sandbox.changes.resource_formats import check_resource
from gateway.sandbox.changes.resources import PATH_OF_ALL_APPOINTMENTS, ResourceChanges
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.sample import SampleData
from gateway.sandbox.fixtures.timeline import Timeline
from gateway.sandbox.fixtures_file import Fixtures
from gateway.sandbox.responses import (
    EndpointRequest,
    Response,
    error_response,
    item_response,
    list_response,
)
from gateway.sandbox.routes import (
    ACTIVITIES_PATH,
    CLIENT_PATH,
    COMPANIES_PATH,
    ENDPOINT_BY_TEMPLATE,
    FORMS_PATH,
    Route,
    match_route,
)

FIXTURES_ACCOUNT = "1"
TOP_LIST_PATHS = (COMPANIES_PATH, FORMS_PATH, PATH_OF_ALL_APPOINTMENTS)
"""The paths of lists that are there, and empty, where there are no resources."""

NO_QUERY = QueryParams()


class World:
    """The data of all accounts, which can be changed."""

    def __init__(
        self, generate: Callable[[], SampleData], fixtures: Fixtures | None = None
    ) -> None:
        """`fixtures` is a world of one's own: it has none of the generated resources."""
        self._generate = generate
        self._fixtures = fixtures
        self._added_clients: list[tuple[str, str]] = []
        self.clear_changes()

    def clear_changes(self) -> None:
        """Have the data again as they were generated, or are in the file of fixtures."""
        self._sample_data = self._generate()
        self._changes = {account.number: ResourceChanges() for account in ACCOUNTS}
        for account, client_id in self._added_clients:
            self._sample_data.add_client(account, client_id)
        if self._fixtures is not None:
            self._load(self._fixtures)

    def _load(self, fixtures: Fixtures) -> None:
        for path, content in fixtures.resources.items():
            self.set_resource(FIXTURES_ACCOUNT, path, content)
        for client_id, entries in fixtures.entries_by_client.items():
            self._sample_data.add_client(FIXTURES_ACCOUNT, client_id)
            timeline = self._sample_data.timeline(FIXTURES_ACCOUNT, client_id)
            assert timeline is not None
            for entry in entries:
                timeline.add(entry)

    def add_client(self, account: str, client_id: str) -> None:
        """Add a client with an empty timeline, which stays when changes are undone."""
        self._added_clients.append((account, client_id))
        self._sample_data.add_client(account, client_id)

    def respond(self, account: str, path: str, route: Route, query: QueryParams) -> Response:
        """The response of the upstream to a request of an account."""
        changes = self._changes[account]
        is_changed, content = changes.change(path)
        if is_changed:
            return item_response(content)
        if changes.is_below_removed(path):
            return item_response(None)
        if route.template == ACTIVITIES_PATH and self._is_of_removed_client(account, query):
            return error_response(404, "Unknown client.")
        request = EndpointRequest(self._sample_data, account, route.ids, query)
        if self._fixtures is None or route.template == ACTIVITIES_PATH:
            response = ENDPOINT_BY_TEMPLATE[route.template](request)
        else:
            response = list_response(()) if path in TOP_LIST_PATHS else item_response(None)
        return changes.apply(path, route.template, query, response)

    def resource(self, account: str, path: str) -> Json | None:
        """A resource as it is now; None where there is none."""
        response = self.respond(account, path, match_route(path), NO_QUERY)
        return json.decode(response.body) if response.status == 200 else None

    def set_resource(self, account: str, path: str, content: Json) -> None:
        """Add a resource or replace it. A new client has an empty timeline.

        Raises:
            ValidationError: The content is no such resource; the message names the key.
        """
        template, ids = match_route(path)
        check_resource(template, content)
        if template == CLIENT_PATH:
            self._sample_data.add_client(account, ids["clientId"])
        self._changes[account].set(path, content)

    def remove_resource(self, account: str, path: str) -> None:
        """Remove a resource, and all below its path; with a client also the timeline."""
        self._changes[account].set(path, None)

    def timeline(self, account: str, client_id: str) -> Timeline | None:
        """The timeline of a client; None where there is no such client."""
        if self._changes[account].is_removed(CLIENT_PATH.format(clientId=client_id)):
            return None
        return self._sample_data.timeline(account, client_id)

    def _is_of_removed_client(self, account: str, query: QueryParams) -> bool:
        client_id = query.get("clientId", "").strip()
        return self._changes[account].is_removed(CLIENT_PATH.format(clientId=client_id))
