"""Parts of several representations: pictures, colors, working hours, links, the number in an id."""

from zlib import crc32

from gateway.sandbox.fixtures.entities import Json

PAGES_URL = "https://pages.example.com"

WORKING_HOURS = [
    {"day": day, "hours": [{"start": "08:00", "end": "12:00"}, {"start": "13:30", "end": "19:00"}]}
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
]


def sequence_number(id_: str) -> int:
    """The counter at the end of an id, which selects the variant of a representation."""
    return int(id_[-2:])


def json_id(id_: str, *, as_number: bool) -> int | str:
    """An id, which is text, or a number as in some of the upstream's JSON."""
    return int(id_) if as_number else id_


def picture(kind: str, id_: str) -> Json:
    return {"url": f"https://static.example.com/{kind}/{id_}.png", "mimeType": "image/png"}


def color(id_: str) -> str:
    return f"#{crc32(id_.encode()) & 0xFFFFFF:06X}"


def cipher_id(id_: str) -> str:
    """The form of an id in public widgets."""
    return f"{crc32(id_.encode()):08x}{crc32(id_[::-1].encode()):08x}"


def without_nulls(content: Json) -> Json:
    """The object without null keys: some resources omit the keys that others have as null."""
    return {name: value for name, value in content.items() if value is not None}
