"""Lists of tagged-union records: their declaration, the decoder of their items, and their undecoded pages."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from msgspec import Raw, Struct

from gateway.observability.event_loop import CooperativeSteps

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False, slots=True)
class PolymorphicList:
    """Declaration of a list of tagged-union records, decoded by the compiled query or in full.

    Attributes:
        interface: The GraphQL type of the items.
        tag: The JSON key of an item that names its kind.
        record_by_tag: The declared record for each tag.
        fallback_record: The record for all other tags; its items are always decoded as full records.
        header_attributes: The attributes of an item that the list itself reads.
        decoding_errors: The exceptions of the decoder over bytes that do not match the declaration.
        decode_full_record: Decodes one item as a full record of its kind, or as `fallback_record`; any bytes.
    """

    interface: str
    tag: str
    record_by_tag: Mapping[str, type[Struct]]
    fallback_record: type[Struct]
    header_attributes: tuple[str, ...]
    decoding_errors: tuple[type[Exception], ...]
    decode_full_record: Callable[[Raw], Any]


class ItemDecoder(Protocol):
    """Decodes the items of a list one by one: an invalid item does not affect the others."""

    def decode_headers(self, items: Sequence[Raw]) -> CooperativeSteps[list[Any]]:
        """The header attributes of each item."""

    def decode(self, items: Sequence[Raw]) -> CooperativeSteps[list[Any]]:
        """The items as records."""

    def compute_together(
        self,
        records: Sequence[Any],
        context: Any,
        values_by_attribute: Mapping[str, Sequence[Any]],
    ) -> None:
        """Compute the fields of objects in decoded items that take less time together: see `ComputedField`.

        Args:
            records: The items.
            context: The context of the operation.
            values_by_attribute: What the list has computed of the objects under an attribute of the items: a
                value for each item.
        """

    def memoize(
        self, items: Sequence[Raw], variant: Hashable, compute: Callable[[], CooperativeSteps[_T]]
    ) -> CooperativeSteps[_T]:
        """The result of a computation over the items, cached as far as possible.

        Args:
            items: The items.
            variant: The cache key of the computation.
            compute: The computation.
        """


class LazyPage(Protocol):
    """The result of a list's resolver: a page whose items are not decoded yet.

    Both methods may raise a `GatewayError`, where the list has no such page: the field is then null, with the
    error.
    """

    def decode_ahead(self, decoder: ItemDecoder) -> CooperativeSteps[Any]:
        """Do the expensive part of `to_connection` in cooperative steps; the decoder caches its result."""

    def to_connection(self, decoder: ItemDecoder) -> Any:
        """The value of the field, with decoded items."""
