"""Forms: the form result of an activity, and its answers as a flat list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import strawberry

from gateway.errors import InvalidUpstreamResponse
from gateway.schema.context import Context
from gateway.schema.enums import FormResultStatus
from gateway.schema.resolvers import PartialValue, computed_field, is_readable, loaded_field
from gateway.schema.scalars import URL, local_date_time
from gateway.upstream.records import activities, resources
from gateway.upstream.session import UpstreamSession

Item = resources.FormItem
_MAX_ANSWERS = 10_000

_form_field = partial(loaded_field, UpstreamSession.form, ("id",))
_result_field = partial(loaded_field, UpstreamSession.form_result, ("form_id", "id"))


def _path(answer: "FlattenedAnswer", context: Context) -> list[str]:
    """The titles of the sections. The list is non-null, so unreadable titles are omitted and reported."""
    titles = [str(title) for title in answer.path if is_readable(title)]
    if len(titles) < len(answer.path):
        raise PartialValue(
            titles,
            InvalidUpstreamResponse(
                "Some titles of sections could not be decoded and were omitted."
            ),
        )
    return titles


@strawberry.type(description="A form that clients fill in.")
class Form:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this form.")
    name: str | None = strawberry.field(
        description="The name, as it was when the activity was recorded."
    )
    title: str | None = _form_field(
        "title",
        str | None,
        description="The title that clients see, for one call; null where the form is no more.",
    )


@strawberry.type(description="What a client answered to one question of a form.")
class FormAnswer:
    id: strawberry.ID | None = strawberry.field(description="The upstream's id of the question.")
    title: str | None = strawberry.field(description="The question.")
    type: str | None = strawberry.field(
        description="What sort of question it is, in the upstream's words, such as `input`."
    )
    value: str | None = strawberry.field(
        description="The answer: a text, a local date-time, or the name of a file."
    )
    values: list[str] | None = strawberry.field(
        description=(
            "The answers that were chosen, where the upstream lists them; a single one may stand "
            "in `value` as well."
        )
    )
    path: list[str] = computed_field(
        _path,
        list[str],
        depends_on=("path",),
        description="The titles of the sections that the question stands in, outermost first.",
    )


@dataclass(frozen=True, slots=True)
class FlattenedAnswer:
    """The source value of a `FormAnswer`."""

    item: Item
    path: list[object]

    @property
    def id(self) -> object:
        return self.item.id

    @property
    def title(self) -> object:
        return self.item.title

    @property
    def type(self) -> object:
        return self.item.type

    @property
    def value(self) -> object:
        """The answer; unreadable where any of its sources is. A checkbox is `true` or `false`."""
        match self.item.value, self.item.zoned_date_time:
            case bool(ticked), _:
                return str(ticked).lower()
            case None, activities.ZonedDateTime() as zoned:
                return local_date_time(zoned, None)
            case None, None:
                return self.item.file_name
            case None, unreadable:
                return unreadable
            case value, _:
                return value

    @property
    def values(self) -> object:
        values = self.item.values
        return list(_innermost_values(values)) if isinstance(values, list) else values


def flatten_answers(result: resources.FormResult) -> list[FlattenedAnswer] | None:
    """The answers of a result as a flat list, in the order of the form.

    Raises:
        InvalidUpstreamResponse: A section cannot be decoded, so that answers are missing, or the result has
            more answers than any form.
    """
    match result.result:
        case None:
            return None
        case str(text):  # the format of a result in version 2.0 of the API
            return [FlattenedAnswer(Item(value=text), [])]
        case list(items):
            flattened = list(islice(_flatten_items(items), _MAX_ANSWERS + 1))
            if len(flattened) <= _MAX_ANSWERS:
                return flattened
    raise InvalidUpstreamResponse("The upstream returned form answers that could not be decoded.")


def _flatten_items(items: Sequence[object]) -> Iterator[FlattenedAnswer]:
    """The answers of nested items. Iterative, since the upstream determines the depth of the sections."""
    stack: list[tuple[object, list[object]]] = [(item, []) for item in reversed(items)]
    while stack:
        item, path = stack.pop()
        if not isinstance(item, Item) or isinstance(item.sub_item, activities.Unreadable):
            raise InvalidUpstreamResponse(
                "The upstream returned form answers that could not be decoded."
            )
        nested = item.sub_item or []
        answer = FlattenedAnswer(item, path)
        if not nested or answer.value is not None or item.values:
            yield answer
        title: list[object] = [] if item.title is None else [item.title]
        stack.extend((each, path + title) for each in reversed(nested))


def _innermost_values(values: Sequence[Any]) -> Iterator[object]:
    """The innermost values: a choice within a choice stands for both. Iterative, as `_flatten_items` is."""
    stack = list(reversed(values))
    while stack:
        each = stack.pop()
        if not isinstance(each, resources.FormValue):
            yield each  # unreadable
        elif each.values:
            nested: Any = each.values
            stack.extend(reversed(nested) if isinstance(nested, list) else [nested])
        elif each.value is not None or each.name is not None:
            yield each.name if each.value is None else each.value


@strawberry.type(
    description=(
        "What a client filled in: one result of a form. The first of `date`, `currentStatus` and "
        "`answers` costs one call; they are null where the result is no more."
    )
)
class FormResult:
    id: strawberry.ID = strawberry.field(description="The upstream's id of this result.")
    form: Form | None = strawberry.field(description="The form that was filled in.")
    self_link: URL | None = strawberry.field(
        description="The result's address in the REST API, as sent. Needs credentials there."
    )
    date: str | None = _result_field(
        "date",
        str | None,
        description="When it was filled in, as sent: the upstream does not document the form.",
    )
    current_status: FormResultStatus | None = _result_field(
        "current_status", FormResultStatus | None, description="Where it stands."
    )
    answers: list[FlattenedAnswer] | None = _result_field(
        flatten_answers,
        list[FormAnswer] | None,
        description="The answers, in the order of the form, with sections dissolved into `path`.",
    )
