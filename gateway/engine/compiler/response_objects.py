"""Response objects: msgspec Structs whose attributes are encoded under their response keys, in their order."""

from typing import Any
from weakref import WeakValueDictionary

from msgspec import UNSET, Struct, defstruct

_PREFIX = "f_"


def attribute_name(key: str) -> str:
    """The attribute for a response key, which may be any GraphQL name: `class`, `__class__` and `_` too."""
    return _PREFIX + key


class ResponseClassCache:
    """The classes of response objects by their keys, shared by all operations that are cached."""

    def __init__(self) -> None:
        self._class_by_keys: WeakValueDictionary[tuple[str, ...], type[Struct]] = (
            WeakValueDictionary()
        )

    def response_class(self, keys: tuple[str, ...]) -> type[Struct]:
        """The class of objects with these keys, of which those without a value are absent."""
        class_ = self._class_by_keys.get(keys)
        if class_ is None:
            names = {attribute_name(key): key for key in keys}
            class_ = self._class_by_keys[keys] = defstruct(
                "ResponseObject",
                [(name, Any, UNSET) for name in names],
                rename=names,
                gc=False,  # an object never refers to what it is part of
            )
        return class_


def assign(result: Any, key: str | int, value: Any) -> None:
    """Assign a value to a key of a response object, or to an index of a list."""
    if isinstance(result, Struct):
        setattr(result, attribute_name(str(key)), value)
    else:
        result[key] = value
