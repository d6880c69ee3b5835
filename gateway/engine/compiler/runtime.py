"""One request's run of a plan: what can be delivered is, what must be waited for is filled in."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from graphql import Executor, GraphQLError, is_non_null_type, located_error
from graphql.execution import VariableValues

from gateway.engine.compiler.collect_fields import Condition, Field, holds
from gateway.engine.compiler.fallback import Rest, Steps, path_of
from gateway.engine.compiler.leaf_values import NOT_PLAIN
from gateway.engine.compiler.pending import (
    Deliver,
    Element,
    Item,
    Kinds,
    Loading,
    Part,
    Tasks,
    Wait,
)
from gateway.engine.compiler.projection import Readers
from gateway.engine.resolvers import Loaded, Place, Reached, Resolved


class NotPlanned(Exception):
    """An operation that graphql-core has to answer as a whole: null spreads where a plan does not follow."""


class Run:
    """What the functions of a plan use.

    Attributes:
        context: What resolvers and computed fields get.
        on: Whether each of the plan's conditions holds.
        rest: graphql-core, for what only that can answer.
        readers: What has read the items.
    """

    def __init__(
        self,
        context: Any,
        variables: VariableValues,
        conditions: Sequence[Condition],
        executor: Callable[[], Executor[Any]],
    ) -> None:
        self.context = context
        self.rest = Rest(executor, variables)
        self._variables = variables
        self.on = [holds(condition, variables) for condition in conditions]
        self._errors: list[GraphQLError] = []
        self._is_given_up = False
        self._waiting: list[Wait | Item] = []
        self._tasks = Tasks()
        self._loadings: dict[tuple[Any, ...], Loading] = {}
        self.readers = Readers()
        self._delivered: dict[tuple[int, int], tuple[list[Any], list[Any]]] = {}

    async def answer(self, operation: Any) -> dict[str, Any]:
        """The data of an operation, given the function for its root.

        Raises:
            NotPlanned: This plan cannot answer it after all.
        """
        try:
            data: dict[str, Any] = operation(None, self, (), None)
            self._begin(self._taken())
            await self._tasks.end()
        except Exception as error:
            self._is_given_up = True
            self._tasks.leave()
            if isinstance(error, NOT_PLAIN):
                raise NotPlanned from error
            raise
        except BaseException:
            await self._tasks.cancel()
            raise
        return data

    @property
    def errors(self) -> list[GraphQLError]:
        """What went wrong, at its places."""
        return self._errors + self.rest.errors

    # ------------------------------------------------- what functions call

    def wait(self, part: Part, out: dict[str, Any], here: Reached[Any], at: Steps) -> None:
        self._waiting.append(Wait(part, out, here, at))

    def items(
        self, values: list[Any], kinds: Kinds, part: Part, at: Steps, through: Reached[Any]
    ) -> list[Any]:
        """Each item delivered; those that are not plain are left to graphql-core, each in its place."""
        key = (id(values), id(kinds))
        if key in self._delivered:
            return self._delivered[key][1]
        before = len(self._waiting)
        delivered: list[Any] = []
        for index, value in enumerate(values):
            mark = len(self._waiting)
            try:
                deliver = kinds[value.__class__]
                delivered.append(
                    deliver(value, self, (*at, index), through)
                    if part.is_open
                    else deliver(value, self)
                )
            except NOT_PLAIN:
                del self._waiting[mark:]
                delivered.append(None)
                item = Item(part, value, delivered, index, (*at, index), through)
                self._waiting.append(item)
        if not part.is_open and len(self._waiting) == before:  # the same wherever it stands
            self._delivered[key] = values, delivered
        return delivered

    def item(
        self,
        value: Any,
        kinds: Kinds,
        part: Part,
        out: dict[str, Any],
        through: Reached[Any],
        at: Steps,
    ) -> None:
        """An item that is a field by itself, likewise."""
        [field] = part.fields
        below = (*at, field.key)
        mark = len(self._waiting)
        try:
            deliver = kinds[value.__class__]
            out[field.key] = (
                deliver(value, self, below, through) if part.is_open else deliver(value, self)
            )
        except NOT_PLAIN:
            del self._waiting[mark:]
            self._waiting.append(Item(part, value, out, field.key, below, through))

    def elements(self, values: list[Any], deliver: Deliver, part: Part, at: Steps) -> list[Any]:
        """What a resolver gave, each delivered or waited for by itself: one that fails is null, alone."""
        delivered: list[Any] = [None] * len(values)
        for index, value in enumerate(values):
            element = Element(part, deliver, delivered, index, (*at, index))
            if isinstance(value, Awaitable):
                self._tasks.begin(self._arrived(element, value))
            else:
                self._show_element(element, value)
        return delivered

    @staticmethod
    def kind(kinds: Kinds, value: Any, *rest: Any) -> Any:
        return kinds[value.__class__](value, *rest)

    # ------------------------------------------------------------ waiting

    def _taken(self) -> list[Wait | Item]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def _begin(self, waiting: Sequence[Wait | Item]) -> None:
        """In the order in which graphql-core would: so that limits on loads hit the same ones."""
        for each in waiting:
            match each:
                case Item():
                    self._leave_item(each)
                case Wait(part=Part(reading=Loaded() as reading)):
                    self._load(each, reading)
                case Wait(part=Part(reading=Resolved() as reading)):
                    self._resolve(each, reading)
                case Wait():
                    self._leave(each)

    def _load(self, wait: Wait, reading: Loaded) -> None:
        ids = tuple(map(wait.here.nearest, reading.ids))
        key = (reading.load, ids)
        loading = self._loadings.get(key)
        if loading is None:
            loading = self._loadings[key] = Loading()
            try:
                load = reading.load(self.context, *ids)
            except Exception as error:  # noqa: BLE001 - told at its place, as graphql-core would
                loading.error, loading.waiting = error, None
            else:
                self._tasks.begin(self._loaded(loading, load))
        if loading.waiting is None:
            self._show_loaded(wait, loading)
        else:
            loading.waiting.append(wait)

    async def _loaded(self, loading: Loading, load: Awaitable[Any]) -> None:
        try:
            loading.found = await load
        except Exception as error:  # noqa: BLE001 - told at its place, as graphql-core would
            loading.error = error
        waiting, loading.waiting = loading.waiting or [], None
        for wait in () if self._is_given_up else waiting:
            self._show_loaded(wait, loading)

    def _show_loaded(self, wait: Wait, loading: Loading) -> None:
        if loading.error is not None or loading.found is None:
            self._null(wait, loading.error)
        elif wait.part in loading.shown:
            wait.out.update(loading.shown[wait.part])
        else:
            shown = self._show(wait, loading.found, len(self.context.reported))
            if shown is not None and not wait.part.is_open:
                loading.shown[wait.part] = shown

    def _resolve(self, wait: Wait, reading: Resolved) -> None:
        [field] = wait.part.fields
        path = path_of((*wait.at, field.key))
        place = Place(self.context, path, field.nodes(self._variables))
        try:
            arguments = field.arguments.coerced(self._variables)
        except GraphQLError:
            self._leave(wait)
            return
        try:
            value = reading.resolve(wait.here, place, **arguments)
        except Exception as error:  # noqa: BLE001 - told at its place, as graphql-core would
            self._null(wait, error)
            return
        if isinstance(value, Awaitable):
            self._tasks.begin(self._resolved(wait, value))
        else:
            self._show_resolved(wait, value)

    async def _resolved(self, wait: Wait, resolving: Awaitable[Any]) -> None:
        try:
            value = await resolving
        except Exception as error:  # noqa: BLE001 - told at its place, as graphql-core would
            self._null(wait, error)
            return
        await self.readers.ahead(wait.part.lean, value)
        if not self._is_given_up:
            self._show_resolved(wait, value)

    def _show_resolved(self, wait: Wait, value: Any) -> None:
        if value is None:
            self._null(wait, None)
            return
        mark = len(self.context.reported)
        if wait.part.lean is not None:
            value = Reached(value.value.read(self.readers[wait.part.lean]), value.through)
        self._show(wait, value, mark)

    def _show(self, wait: Wait, value: Any, reported: int) -> dict[str, Any] | None:
        """The fields filled in, and returned by key; None where graphql-core has to do it.

        It will report again what has been reported of it, since `reported` were.
        """
        outer = self._taken()
        try:
            shown: dict[str, Any] = wait.part.show(value, self, wait.at, wait.here)
        except NOT_PLAIN:
            self._waiting = outer
            del self.context.reported[reported:]
            self._leave(wait)
            return None
        inner, self._waiting = self._waiting, outer
        wait.out.update(shown)
        self._begin(inner)
        return shown

    async def _arrived(self, element: Element, awaited: Awaitable[Any]) -> None:
        try:
            value = await awaited
        except Exception as error:  # noqa: BLE001 - told at its place, as graphql-core would
            value = error
        if not self._is_given_up:
            self._show_element(element, value)
            self._begin(self._taken())

    def _show_element(self, element: Element, value: Any) -> None:
        part, deliver, out, key, at = element
        mark = len(self._waiting)
        if isinstance(value, Exception):
            self._tell(value, part.fields[0], at)
        elif value is not None:
            try:
                out[key] = deliver(value.value, at, value.through)
            except NOT_PLAIN:
                del self._waiting[mark:]
                self._waiting.append(Item(part, value.value, out, key, at, value.through))

    def _null(self, wait: Wait, error: Exception | None) -> None:
        for field in wait.part.fields:
            if is_non_null_type(field.type):
                raise NotPlanned
            wait.out[field.key] = None
            if error is not None:
                self._tell(error, field, (*wait.at, field.key))

    def _tell(self, error: Exception, field: Field, at: Steps) -> None:
        self._errors.append(located_error(error, field.nodes(self._variables), [*at]))

    # --------------------------------------------------------- graphql-core

    def _leave(self, wait: Wait) -> None:
        source = None if wait.here.value is None else wait.here
        for field in wait.part.fields:
            self._place(wait.out, field.key, partial(self.rest.field, field, source, wait.at))

    def _leave_item(self, item: Item) -> None:
        [field] = item.part.fields
        lean = item.part.lean
        whole = item.value if lean is None else self.readers[lean].whole(item.value)
        value = None if whole is None else Reached(whole, item.through)
        self._place(item.out, item.key, partial(self.rest.item, field, value, item.at))

    def _place(self, out: Any, key: str | int, execute: Callable[[], Any]) -> None:
        try:
            value = execute()
        except Exception as error:
            raise NotPlanned from error
        if isinstance(value, Awaitable):
            self._tasks.begin(self._placed(out, key, value))
        else:
            out[key] = value

    @staticmethod
    async def _placed(out: Any, key: str | int, executing: Awaitable[Any]) -> None:
        try:
            out[key] = await executing
        except Exception as error:
            raise NotPlanned from error
