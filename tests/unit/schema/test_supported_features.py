"""What this gateway does not do of what Strawberry does is refused, by name, when a schema is built."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import strawberry
from strawberry.directive import DirectiveLocation
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.schema import build_strawberry_schema, executable_schema
from gateway.schema.resolvers import resolve_attribute
from gateway.schema.supported_features import UnsupportedSchema
from tests.unit.schema import clinic


@strawberry.type
class Query:
    @strawberry.field
    def number(self, of: int = 1) -> int:
        return of


class Timing(SchemaExtension):
    def on_execute(self) -> Iterator[None]:
        yield

    def get_results(self) -> dict[str, Any]:
        return {}


class Shouting(SchemaExtension):
    def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        return _next(root, info, *args, **kwargs)


class Checking(SchemaExtension):
    def on_validate(self) -> Iterator[None]:
        yield


@strawberry.type
class Trouble:
    message: str


class Calm(strawberry.ExceptionHandler[ValueError, Trouble]):
    def handle(self, exception: ValueError, *, field: Any, info: Any) -> Trouble:
        return Trouble(message=str(exception))


class Execution(StrawberryGraphQLCoreExecutionContext): ...


class Info(strawberry.Info): ...


@strawberry.directive(locations=[DirectiveLocation.FIELD, DirectiveLocation.QUERY])
def louder(value: str) -> str:
    return value


@strawberry.type
class Ticks:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


@strawberry.interface
class Animal:
    name: str

    @classmethod
    def resolve_type(cls, *_: Any) -> str:
        return "Dog"


@strawberry.type
class Dog(Animal):
    is_type_of = lambda value, _info: bool(value)  # noqa: E731 - as Strawberry takes it


@strawberry.input(one_of=True)
class Either:
    this: int | None = strawberry.UNSET
    that: int | None = strawberry.UNSET


@strawberry.input
class Perhaps:
    age: strawberry.Maybe[int]


@strawberry.type
class Asking:
    @strawberry.field
    def either(self, either: Either) -> int:
        return 1

    @strawberry.field
    def perhaps(self, perhaps: Perhaps, list_of: list[Perhaps] | None = None) -> int:
        return 1

    @strawberry.field
    def maybe(self, age: strawberry.Maybe[int]) -> int:
        return 1


def config(**given: Any) -> dict[str, Any]:
    return {"config": StrawberryConfig(**{"default_resolver": resolve_attribute, **given})}


REFUSED: dict[str, tuple[type, dict[str, Any], str]] = {
    "an extension of the life cycle": (
        Query,
        {"extensions": [Timing]},
        "The schema extension Timing would not run: on_execute wraps execution by Strawberry",
    ),
    "an extension of every field": (
        Query,
        {"extensions": [lambda: Shouting()]},  # noqa: PLW0108 - a factory, as Strawberry takes it
        "The schema extension Shouting would not run: resolve would have to run for every field",
    ),
    "an extension of what is prepared once": (
        Query,
        {"extensions": [Checking]},
        "The schema extension Checking would not run: on_validate wraps what is done once",
    ),
    "an extension that does nothing": (
        Query,
        {"extensions": [SchemaExtension]},
        "The schema extension SchemaExtension overrides no hook",
    ),
    "an exception handler": (
        Query,
        {"exception_handlers": [Calm()]},
        "The exception handler Calm ",
    ),
    "an execution context": (
        Query,
        {"execution_context_class": Execution},
        "The execution context Execution ",
    ),
    "subscriptions": (Query, {"subscription": Ticks}, "The subscriptions of Ticks "),
    "a subscription": (Query, {"subscription": Ticks}, "Ticks.ticks is a subscription"),
    "a directive elsewhere": (
        Query,
        {"directives": [louder]},
        "The directive @louder would do nothing at QUERY",
    ),
    "a default resolver": (
        Query,
        config(default_resolver=getattr),
        "StrawberryConfig.default_resolver ",
    ),
    "a class of info": (Query, config(info_class=Info), "StrawberryConfig.info_class (Info) "),
    "delivery in parts": (
        Query,
        config(enable_experimental_incremental_execution=True),
        "StrawberryConfig.enable_experimental_incremental_execution ",
    ),
    "batches": (
        Query,
        config(batching_config={"max_operations": 2}),
        "StrawberryConfig.batching_config ",
    ),
    "suggestions": (
        Query,
        config(disable_field_suggestions=True),
        "StrawberryConfig.disable_field_suggestions ",
    ),
    "a type told by its interface": (Query, {"types": [Dog]}, "Animal.resolve_type "),
    "a type that knows its values by itself": (Query, {"types": [Dog]}, "Dog.is_type_of "),
    "an input of which one field counts": (Asking, {}, "Either is a OneOf input"),
    "a field of an input that may be missing": (Asking, {}, "Perhaps.age is a Maybe"),
    "an argument that may be missing": (Asking, {}, "Asking.maybe(age) is a Maybe"),
}


@pytest.mark.parametrize(("query", "given", "told"), REFUSED.values(), ids=REFUSED)
def test_what_would_not_hold_is_refused_by_name(query, given, told):
    with pytest.raises(UnsupportedSchema) as refused:
        executable_schema(build_strawberry_schema(query, **{"types": (), **given}))
    assert told in str(refused.value)


def test_all_that_would_not_hold_is_told_at_once():
    with pytest.raises(UnsupportedSchema) as refused:
        executable_schema(
            build_strawberry_schema(
                Asking, types=(), extensions=[Timing, Shouting], subscription=Ticks
            )
        )
    assert len(str(refused.value).splitlines()) == 9


@strawberry.type
class Mutation:
    @strawberry.mutation
    def add(self, to: int) -> int:
        return to + 1


def test_what_holds_is_served():
    made = build_strawberry_schema(
        clinic.Query, types=clinic.KINDS, directives=[clinic.loud], mutation=Mutation
    )
    assert executable_schema(made).mutation_type is not None
