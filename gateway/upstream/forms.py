"""Forms and what was filled in, as they are today; declared as in `entities.py`.

Source: upstream contract, section 7.
"""

from gateway.upstream.declaring import Id, Prose, Several, Stated, Text
from gateway.upstream.records import AllOptional, Record, ZonedDateTime
from gateway.upstream.words import Word


class FormResultStatus(Word):
    NEUTRAL = "NEUTRAL"
    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    REOPENING = "REOPENING"
    UNKNOWN = "UNKNOWN"


class FormValue(AllOptional, frozen=True, kw_only=True):
    """One of several values of a form item, such as a ticked box; may have more of them inside."""

    name: Text | None = None
    value: Text | None = None
    values: "Several[FormValue] | None" = None


class FormItem(AllOptional, frozen=True, kw_only=True):
    """A question, or a section of questions."""

    id: Id | None = None
    type: Text | None = None
    title: Text | None = None
    value: Text | bool | None = None
    values: Several[FormValue] | None = None
    file_name: Text | None = None
    zoned_date_time: ZonedDateTime | None = None
    sub_item: "Several[FormItem] | None" = None


class FormResult(Record, frozen=True, kw_only=True):
    id: Id
    date: Stated | None = None
    current_status: FormResultStatus | None = None
    result: Several[FormItem] | Prose | None = None


class Form(Record, frozen=True, kw_only=True):
    id: Id
    title: Text | None = None
