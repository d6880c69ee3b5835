"""Request: query, operationName, variables, extensions; checked and typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from gateway.errors import BadRequest, PersistedQueryNotSupported

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Request:
    """The parameters of a GraphQL request (GraphQL over HTTP, 5.1)."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]

    @classmethod
    def of(cls, parameters: object) -> Self:
        """The request that decoded JSON parameters describe.

        Raises:
            BadRequest: They do not describe one.
            PersistedQueryNotSupported: They name a document by id, without its text.
        """
        match parameters:
            case list():
                raise BadRequest("Send one operation per request: batches are not supported.")
            case dict():
                pass
            case _:
                raise BadRequest("A GraphQL request is a JSON object.")
        extensions = _optional(parameters, "extensions", dict, "an object") or {}
        query = _optional(parameters, "query", str, "a string")
        if query is None and ("persistedQuery" in extensions or "documentId" in parameters):
            raise PersistedQueryNotSupported("PersistedQueryNotSupported")
        if query is None:
            raise BadRequest("The parameter `query` is missing.")
        return cls(
            query=query,
            operation_name=_optional(parameters, "operationName", str, "a string") or None,
            variables=_optional(parameters, "variables", dict, "an object") or {},
        )


def _optional(
    parameters: Mapping[str, object], name: str, kind: type[_T], kind_name: str
) -> _T | None:
    value = parameters.get(name)
    if value is None or isinstance(value, kind):
        return value
    raise BadRequest(f"The parameter `{name}` must be {kind_name}.")
