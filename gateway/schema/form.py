"""Forms and form results: recorded and today, with the answers as a flat list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import strawberry

from gateway.errors import InvalidUpstreamResponse
from gateway.schema.context import Context
from gateway.schema.enums import FormResultStatus
from gateway.schema.resolvers import (
    PartialValue,
    computed_field,
    current_field,
    is_readable,
    is_type_of_records,
    loaded_field,
)
from gateway.schema.scalars import URL, local_date_time
from gateway.upstream.endpoints import FORM, FORM_RESULT
from gateway.upstream.records import activities, resources

Item = resources.FormItem
_MAX_ANSWERS = 10_000

_form_field = partial(loaded_field, FORM)


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


@strawberry.type(
    description=(
        "A form that clients fill in, as the entity is today. Inside a `FormResult` the id costs nothing; each "
        "other field needs one read of the form."
    )
)
class Form:
    is_type_of = is_type_of_records(resources.FormReference, resources.Form)

    id: strawberry.ID = strawberry.field(description="The upstream's id of the form.")
    name: str | None = _form_field(
        "name",
        str | None,
        description=(
            "The name of the form within the business. Null where the upstream sends none or the form no longer "
            "exists. Costs the read of the form."
        ),
    )
    title: str | None = _form_field(
        "title",
        str | None,
        description=(
            "The title of the form that clients see. Null where the upstream sends none or the form no longer "
            "exists. Costs the read of the form."
        ),
    )


@strawberry.type(
    description=(
        "A form as an activity recorded it. A snapshot has no `id`, so that caches never merge a recorded name "
        "into today's entity, which is `current`."
    )
)
class FormSnapshot:
    form_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the form. Null where the activity did not record the id."
    )
    name: str | None = strawberry.field(
        description=(
            "The name of the form when the activity was recorded. Null where the activity did not record it."
        )
    )
    current: Form | None = current_field(
        FORM,
        Form | None,
        description=(
            "The form as the entity is today. Null where the form no longer exists or the activity did not "
            "record the id. Costs one read for each distinct form."
        ),
    )


@strawberry.type(description="The answer of a client to one question of a form.")
class FormAnswer:
    question_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the question. Null where the upstream sends none."
    )
    title: str | None = strawberry.field(
        description="The text of the question. Null where the upstream sends none."
    )
    type: str | None = strawberry.field(
        description=(
            "The type of the question in the upstream's words, such as `input`. Null where the upstream sends "
            "none."
        )
    )
    value: str | None = strawberry.field(
        description=(
            "The answer as a text: what the client entered, `true` or `false` for a checkbox, a local date-time, "
            "or the name of a file. Null where there is no answer, or the answers stand in `values`."
        )
    )
    values: list[str] | None = strawberry.field(
        description=(
            "The chosen answers, where the upstream sends a list of them; a single one may stand in `value` as "
            "well. Null where the upstream sends no list."
        )
    )
    path: list[str] = computed_field(
        _path,
        list[str],
        depends_on=("path",),
        description="The titles of the sections around the question, the outermost section first.",
    )


@dataclass(frozen=True, slots=True)
class FlattenedAnswer:
    """The source value of a `FormAnswer`."""

    item: Item
    path: list[object]

    @property
    def question_id(self) -> object:
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


def _answers(result: resources.FormResult, _context: Context) -> list[FlattenedAnswer] | None:
    return flatten_answers(result)


@strawberry.type(
    description="A form result as the entity is today: the answers of a client to the questions of a form."
)
class FormResult:
    id: strawberry.ID = strawberry.field(description="The upstream's id of the form result.")
    form: Form | None = strawberry.field(
        description="The form to which the result belongs. Null where the upstream does not name the form."
    )
    submitted_at_raw: str | None = strawberry.field(
        description=(
            "The date and time at which the client submitted the form, as sent: the upstream does not document "
            "its format. Null where the upstream sends none."
        )
    )
    status: FormResultStatus | None = strawberry.field(
        description="The status of the form result. Null where the upstream sends none."
    )
    status_raw: str | None = strawberry.field(
        description=(
            "The status of the form result in the upstream's words, also where `status` is `UNKNOWN`. Null "
            "where the upstream sends none."
        )
    )
    answers: list[FlattenedAnswer] | None = computed_field(
        _answers,
        list[FormAnswer] | None,
        depends_on=("result",),
        description=(
            "The answers in the order of the form as a flat list, in which `FormAnswer.path` has the sections. "
            "Null where the upstream sends none."
        ),
    )


@strawberry.type(
    description=(
        "A form result as an activity recorded it. A snapshot has no `id`, so that caches never merge two "
        "states of one form result; today's entity is `current`."
    )
)
class FormResultSnapshot:
    form_result_id: strawberry.ID | None = strawberry.field(
        description="The upstream's id of the form result. Null where the activity did not record the id."
    )
    form: FormSnapshot | None = strawberry.field(
        description="The form that the client filled in. Null where the activity did not record it."
    )
    self_link: URL | None = strawberry.field(
        description=(
            "The address of the form result in the upstream's REST API, as sent. Requests to it need "
            "credentials of the upstream. Null where the activity did not record it."
        )
    )
    current: FormResult | None = current_field(
        FORM_RESULT,
        FormResult | None,
        description=(
            "The form result as the entity is today, with the answers. Null where the form result no longer "
            "exists or the activity did not record its id or the form's. Costs one read for each distinct form "
            "result."
        ),
    )
