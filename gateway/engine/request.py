"""The GraphQL request: query or documentId, operationName, variables and extensions, checked and typed."""

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from msgspec import Struct

from gateway.errors import BadRequest

_T = TypeVar("_T")


class Request(Struct, frozen=True):
    """The parameters of a GraphQL request (GraphQL over HTTP, 5.1 and appendix A).

    Attributes:
        query: The text of the document; None where only an id was sent.
        operation_name: The name of the operation to run; None where none was sent.
        variables: The values of the operation's variables, not coerced.
        document_id: The id of the document; None only where a text was sent.
    """

    query: str | None
    operation_name: str | None
    variables: Mapping[str, Any]
    document_id: str | None = None

    @classmethod
    def from_parameters(cls, parameters: object) -> Self:
        """Build the request from decoded JSON parameters.

        Raises:
            BadRequest: The parameters are not those of a GraphQL request.
        """
        if isinstance(parameters, list):
            raise BadRequest("Send one operation per request: batches are not supported.")
        if not isinstance(parameters, dict):
            raise BadRequest("A GraphQL request must be a JSON object.")
        query = _optional(parameters, "query", str, "a string")
        document_id = _document_id(parameters)
        if query is None and document_id is None:
            raise BadRequest("The parameter `query` is missing.")
        return cls(
            query=query,
            operation_name=_optional(parameters, "operationName", str, "a string") or None,
            variables=_optional(parameters, "variables", dict, "an object") or {},
            document_id=document_id,
        )


def _document_id(parameters: Mapping[str, object]) -> str | None:
    """The id of the document, from `documentId` or Apollo's `extensions.persistedQuery.sha256Hash`."""
    if "documentId" not in parameters and "extensions" not in parameters:
        return None
    extensions = _optional(parameters, "extensions", dict, "an object") or {}
    persisted_query = _optional(extensions, "persistedQuery", dict, "an object")
    sha256_hash = _optional(persisted_query or {}, "sha256Hash", str, "a string")
    if persisted_query is not None and sha256_hash is None:
        raise BadRequest("The parameter `sha256Hash` of `persistedQuery` is missing.")
    document_id = _optional(parameters, "documentId", str, "a string")
    if sha256_hash and document_id and sha256_hash != document_id:
        raise BadRequest("The parameters `documentId` and `sha256Hash` name different documents.")
    return document_id or sha256_hash or None


def _optional(
    parameters: Mapping[str, object], name: str, expected_type: type[_T], type_description: str
) -> _T | None:
    value = parameters.get(name)
    if value is None or isinstance(value, expected_type):
        return value
    raise BadRequest(f"The parameter `{name}` must be {type_description}.")
