"""How fields read records: one attribute each, and an error where there is nothing to read."""

from collections.abc import Callable

from gateway.errors import ContractBroken
from gateway.upstream import records


def readable(value: object) -> bool:
    """Whether the upstream sent what it should: false for what stands in the place of anything else."""
    return not isinstance(value, records.Unreadable)


def read(source: object, name: str) -> object:
    """The value of a plain field.

    Raises:
        ContractBroken: The upstream sent something that is not what it should be.
    """
    value = getattr(source, name)
    if not readable(value):
        raise ContractBroken("The upstream sent something that cannot be read here.")
    return value


def text(source: object, name: str) -> str | None:
    """A text field, also where the upstream sent a number; raises as `read` does."""
    value = read(source, name)
    return None if value is None else str(value)


def recorded_as(record: type[records.Record]) -> Callable[[object, object], bool]:
    """An `is_type_of` for a type whose values are records of one class."""

    def is_type_of(value: object, _info: object) -> bool:
        return isinstance(value, record)

    return is_type_of
