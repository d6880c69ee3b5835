"""Search: the words of a caller, and whether each of them occurs in the texts of an activity."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from gateway.errors import InvalidArgument, InvalidUpstreamResponse
from gateway.observability.event_loop import STEP_ITEMS, CooperativeSteps
from gateway.schema.html_text import plain_text, plain_text_in_steps
from gateway.schema.rendered_text import STEP_CHARACTERS
from gateway.upstream.records.activities import Unreadable
from gateway.upstream.records.field_types import UNDECODABLE

MAX_WORDS = 8
MAX_WORD_CHARACTERS = 100

_Verdict = bool | type[InvalidUpstreamResponse]

_FIRST_ACCENT_CLASS = 10
"""The first combining class of accents and vowel points. Lower ones distinguish letters, such as kana's voicing."""

_UNDECOMPOSED_LETTERS = {
    "æ": "ae",
    "đ": "d",
    "ħ": "h",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "ł": "l",
    "ø": "o",
    "œ": "oe",
    "ŧ": "t",
}
"""Letters with strokes, and ligatures, which Unicode does not decompose."""

_FOLD_CHARACTERS = STEP_CHARACTERS // 8
"""The characters that are folded in one step: one character may become eighteen."""

_PART = re.compile(
    rf".{{1,{_FOLD_CHARACTERS}}}+(?:[\u1160-\u11ff]|\W){{0,{_FOLD_CHARACTERS}}}+", re.DOTALL
)
"""A part of a text before a letter or a digit, unless that is a part of a Korean syllable."""

_JSON_STRING = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")(\s*+:)?', re.DOTALL)
"""A string in JSON; the second group matches after a key."""


def parse_words(text: str, argument: str) -> tuple[str, ...] | None:
    """The distinct words of a search text, folded and in alphabetical order; None where it is blank.

    Raises:
        InvalidArgument: A word is too long, or there are too many; names the argument.
    """
    sent = text.split()
    if any(len(word) > MAX_WORD_CHARACTERS for word in sent):
        raise InvalidArgument(
            f"A word in `{argument}` has at most {MAX_WORD_CHARACTERS} characters.",
            argument=argument,
        )
    words = {word for each in sent if (word := fold(each).strip())}
    if len(words) > MAX_WORDS:
        raise InvalidArgument(
            f"`{argument}` has at most {MAX_WORDS} different words.", argument=argument
        )
    return tuple(sorted(words)) or None


def fold(text: str) -> str:
    """A text without differences of case, accents, width and invisible characters, for comparisons."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text.casefold())
    for character in {*folded}:
        if not character.isascii() and (plain := _plain_character(character)) != character:
            folded = folded.replace(character, plain)
    return unicodedata.normalize("NFC", folded.casefold())


def fold_in_steps(text: str) -> CooperativeSteps[str]:
    """`fold` in cooperative steps. Parts end where no accent follows, so that each can be folded by itself."""
    if text.isascii() or len(text) <= _FOLD_CHARACTERS:
        return fold(text)
    folded: list[str] = []
    for part in _PART.finditer(text):
        yield
        folded.append(fold(part[0]))
    return "".join(folded)


def _plain_character(character: str) -> str:
    """A character that was decomposed, without its stroke; none where it is an accent or invisible."""
    is_accent = unicodedata.combining(character) >= _FIRST_ACCENT_CLASS
    if is_accent or unicodedata.category(character) == "Cf":
        return ""
    return _UNDECOMPOSED_LETTERS.get(character.casefold(), character)


class TextSearch:
    """A search for words in a list of activities, each of which is searched once."""

    def __init__(self, words: tuple[str, ...], records: Sequence[Any]) -> None:
        """A search for words, as `parse_words` returns them, in full records of activities."""
        self._words = words
        self._records = records
        self._verdicts: dict[int, _Verdict] = {}
        self._characters = 0

    def verdict(self, index: int) -> CooperativeSteps[_Verdict]:
        """Whether each word occurs in a text of an activity; or the error where an unreadable text may have it."""
        if index not in self._verdicts:
            self._verdicts[index] = yield from self._search(self._records[index])
        return self._verdicts[index]

    def _search(self, activity: Any) -> CooperativeSteps[_Verdict]:
        missing, is_readable = {*self._words}, True
        for each in _texts(activity):
            if each is None:
                yield
                continue
            if each.text is None:
                is_readable = False
                continue
            folded = yield from self._folded(each.text, is_html=each.is_html)
            missing = yield from _missing_words(missing, folded)
            if not missing:
                return True
        return False if is_readable else InvalidUpstreamResponse

    def _folded(self, text: str, *, is_html: bool) -> CooperativeSteps[str]:
        """A text as people read it, folded."""
        self._characters += len(text)
        if self._characters > STEP_CHARACTERS:
            self._characters = 0
            yield
            if is_html:
                text = yield from plain_text_in_steps(text)
        elif is_html:
            text = plain_text(text)
        return (yield from fold_in_steps(text))


def _missing_words(words: set[str], folded: str) -> CooperativeSteps[set[str]]:
    """The words that do not occur in a folded text."""
    missing = {*words}
    for begin in range(0, len(folded), STEP_CHARACTERS):
        if begin:
            yield
        end = begin + STEP_CHARACTERS
        missing = {word for word in missing if folded.find(word, begin, end + len(word) - 1) < 0}
        if not missing:
            break
    return missing


class _SearchedText(NamedTuple):
    """A text of an activity; None where the upstream sent a value of another type."""

    text: str | None
    is_html: bool = False


_TEXTS_BY_SNAPSHOT: Mapping[str, tuple[str, ...]] = {
    "user": ("user_name", "first_name", "last_name"),
    "appointment": (
        *("notes", "previous_notes", "service.name", "previous_service.name"),
        *("staff.first_name", "staff.last_name"),
        *("previous_staff.first_name", "previous_staff.last_name"),
    ),
    "note": ("body", "previous_body"),
    "form_result": ("form.name",),
    "email_notification": ("subject", "body"),
    "text_message_notification": ("body",),
    "conference_registration": ("conference.title",),
}
"""The attributes of an activity with texts, and the texts inside of them."""

_HTML = {("note", "body"), ("note", "previous_body"), ("email_notification", "body")}


def _texts(activity: Any) -> Iterator[_SearchedText | None]:
    """The texts of an activity that people read, previous ones included; None where a step has to end."""
    for name, paths in _TEXTS_BY_SNAPSHOT.items():
        snapshot = getattr(activity, name, None)
        if snapshot is None:
            continue
        for path in paths:
            value: Any = snapshot
            for attribute in path.split("."):
                value = getattr(value, attribute, value if isinstance(value, Unreadable) else None)
            if isinstance(value, Unreadable):
                yield _SearchedText(None)
            elif value is not None:
                yield _SearchedText(str(value), (name, path) in _HTML)
    if (payload := getattr(activity, "payload", None)) is not None:
        yield from _texts_of_json(bytes(payload))


def _texts_of_json(payload: bytes) -> Iterator[_SearchedText | None]:
    """The texts in a JSON value, without the keys. Objects are not built, for a payload may have millions."""
    for number, match in enumerate(_JSON_STRING.finditer(payload), 1):
        if number % STEP_ITEMS == 0:
            yield None
        if match[2] is None:
            try:
                yield _SearchedText(msgspec.json.decode(match[1], type=str))
            except UNDECODABLE:
                yield _SearchedText(None)
