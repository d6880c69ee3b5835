"""What callers give: arguments, as literals or variables, and the values of the variables."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    get_nullable_type,
)

from tests.differential.draws import Draws

Input = GraphQLArgument | GraphQLInputField


class Given(NamedTuple):
    """A value, as it stands in a document and as a variable holds it."""

    literal: str
    json: object


def _texts(*values: str) -> tuple[Given, ...]:
    return tuple(Given(f'"{value}"', value) for value in values)


def _numbers(*values: int) -> tuple[Given, ...]:
    return tuple(Given(str(value), value) for value in values)


def _words(*values: str) -> tuple[Given, ...]:
    return tuple(Given(value, value) for value in values)


def _lists(*values: tuple[Given, ...]) -> tuple[Given, ...]:
    return tuple(
        Given(f"[{', '.join(each.literal for each in value)}]", [each.json for each in value])
        for value in values
    )


_CLIENTS = (*_texts("1", "2", "3", "1"), *_numbers(1, 2))
_KINDS = _words(
    "NOTE",
    "APPOINTMENT",
    "CONSENT",
    "FORM_RESULT",
    "EMAIL_NOTIFICATION",
    "TEXT_MESSAGE_NOTIFICATION",
    "CONFERENCE_REGISTRATION",
    "UNKNOWN",
)
_EVENTS = _words("CREATED", "UPDATED", "DELETED", "UNKNOWN")
_PHASES = _words("UPCOMING", "PAST", "CANCELLED", "UNKNOWN")
_ACTIONS = _words(
    *("NOTE_CREATED", "APPOINTMENT_RESCHEDULED", "APPOINTMENT_CONFIRMED", "APPOINTMENT_UPDATED"),
    *("CONSENT_GIVEN", "FORM_SUBMITTED", "EMAIL_SENT", "REGISTRATION_CANCELLED", "OTHER"),
)
_DURING = _texts("2025-03-30T02:30:00+01:00", "2025-06-02T10:00:00.000Z")

FITTING: Mapping[str, tuple[Given, ...]] = {
    "appointmentId": (*_texts("411", "412"), *_numbers(411)),
    "companyId": (*_texts("3", "4"), *_numbers(3)),
    "from": (*_texts("2024-01-01T00:00:00Z", "0001-01-01T00:00:00-12:00"), *_DURING),
    "to": (*_texts("2026-10-26t02:30:00+02:00", "9999-12-31T23:59:59.999999Z"), *_DURING),
    "startingAt": (*_texts("2024-01-01T00:00:00Z", "2026-01-01T00:00:00+05:30"), *_DURING),
    "around": (*_texts("101", "102", "103", "104", "9007199254740993"), *_numbers(105)),
    "ID": _CLIENTS,
    "[ID!]": (*_lists(_CLIENTS[:1], _CLIENTS[:2], _CLIENTS[1:4], _CLIENTS), *_CLIENTS[:1]),
    "ActivityKind": _KINDS,
    "[ActivityKind!]": (
        *_lists(_KINDS, _KINDS[:3], _KINDS[2:6], _KINDS[1:6], _KINDS[4:], _KINDS[:2] * 2),
        *_KINDS[:2],
    ),
    "[ActivityEvent!]": (
        *_lists(_EVENTS, _EVENTS[:3], _EVENTS[:2], _EVENTS[1:], _EVENTS[1:2] * 2),
        *_EVENTS[1:2],
    ),
    "[AppointmentPhase!]": (
        *_lists(_PHASES, _PHASES[:2], _PHASES[1:], _PHASES[2:3] * 2),
        *_PHASES[1:2],
    ),
    "[ActivityAction!]": (
        *_lists(_ACTIONS, _ACTIONS[:3], _ACTIONS[2:], _ACTIONS[1:2] * 2),
        *_ACTIONS[1:2],
    ),
    "userNames": (*_lists(_texts("ito"), _texts("ito", "x", "1", "ito")), *_texts("ito")),
    "search": _texts("a", "ADA e", "é", "1", "x y z", " "),
    "SortOrder": _words("DESC", "ASC"),
    "TimeZone": _texts("Europe/Paris", "Pacific/Apia", "America/New_York", "+05:30"),
    "Int": _numbers(2, 1, 3, 5, 10, 50, 100),
    "String": _texts("bm8gY3Vyc29y", "", "?"),
    "Boolean": (Given("true", True), Given("false", False)),
}
"""What is given, by the name of an argument, else by its type."""

UNUSUAL: Mapping[str, tuple[Given, ...]] = {
    "appointmentId": _texts("999", "", " "),
    "companyId": _texts("", " ", "a/b", "404"),
    "from": _texts("9999-12-31T23:59:59Z"),
    "to": _texts("0001-01-01T00:00:00Z"),
    "startingAt": _texts("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
    "around": _texts("404", "", " "),
    "ID": (*_texts("404", " ", "a/b", "9007199254740993"), *_numbers(10**15)),
    "[ID!]": _lists((), _texts("1", "404"), _texts(*map(str, range(21)))),
    "[ActivityKind!]": _lists((), _KINDS[-1:]),
    "[ActivityEvent!]": _lists((), _EVENTS[-1:]),
    "[AppointmentPhase!]": _lists((), _PHASES[-1:]),
    "[ActivityAction!]": _lists((), _ACTIONS[-1:]),
    "userNames": _lists((), _texts(" "), _texts(*map(str, range(51)))),
    "search": _texts("1 2 3 4 5 6 7 8 9", "x" * 101),
    "TimeZone": (*_texts("Mars/Olympus", "", "IST"), *_numbers(2)),
    "Int": _numbers(0, 101, -1),
}
"""What is refused where it arrives, or finds little."""

UNFIT: tuple[object, ...] = ({"no": "input"}, [[]], "\x00", 1.5, 2**31)
"""What fits hardly any type, and so refuses the operation."""

MOST_CONDITIONS = 4
"""How many variables decide what is selected: each then decides about much."""

_NULL = Given("null", None)


class Variable(NamedTuple):
    name: str
    declared: str
    default: Given | None

    def __str__(self) -> str:
        default = "" if self.default is None else f" = {self.default.literal}"
        return f"${self.name}: {self.declared}{default}"


class Inputs:
    """The arguments of one operation, and the variables that they need."""

    def __init__(self, draws: Draws, schema: GraphQLSchema) -> None:
        self._draws = draws
        self._if = schema.get_directive("skip").args["if"]  # type: ignore[union-attr]
        self._reusable: dict[str, list[Variable]] = {}
        self.variables: list[Variable] = []
        self.values: dict[str, Any] = {}
        self.cursors: list[str] = []
        self.conditions: list[str] = []

    def argument(self, name: str, argument: Input) -> str:
        """A value for an argument or a member of an input object, as it stands in the document."""
        if self._draws.chance(40):
            return self._variable(name, argument, self._options(name, argument))
        type_ = get_nullable_type(argument.type)
        if isinstance(type_, GraphQLInputObjectType) and self._draws.chance(95):
            return self._object(type_)
        options = self._options(name, argument)
        kinds = str(get_nullable_type(argument.type)) == "[ActivityKind!]"
        if kinds and self._draws.chance(20):
            element = GraphQLArgument(GraphQLNonNull(argument.type.of_type.of_type))  # type: ignore[union-attr]
            return f"[NOTE, {self._variable('kind', element, FITTING['ActivityKind'])}]"
        return self._draws.one_of(options).literal

    def _object(self, type_: GraphQLInputObjectType) -> str:
        """An input object of which any member may be a variable."""
        members = [
            f"{name}: {self.argument(name, member)}" for name, member in self._members(type_)
        ]
        return f"{{{', '.join(members)}}}"

    def _members(self, type_: GraphQLInputObjectType) -> list[tuple[str, GraphQLInputField]]:
        """Some of the members, in any order."""
        members = [each for each in type_.fields.items() if self._draws.chance(30)]
        return members[::-1] if self._draws.chance(30) else members

    def _objects(self, type_: GraphQLInputObjectType) -> tuple[Given, ...]:
        """Input objects without variables inside."""
        objects = []
        for _ in range(3):
            members = {
                name: self._draws.one_of(self._options(name, member))
                for name, member in self._members(type_)
            }
            literal = ", ".join(f"{name}: {each.literal}" for name, each in members.items())
            json = {name: each.json for name, each in members.items()}
            objects.append(Given(f"{{{literal}}}", json))
        return tuple(objects)

    def condition(self) -> str:
        """A value for the `if` of `@skip` and `@include`: one of few variables, or seldom a literal."""
        options = FITTING["Boolean"]
        if self._draws.chance(8):
            return self._draws.one_of(options).literal
        few = len(self.conditions) < MOST_CONDITIONS
        if self.conditions and not (few and self._draws.chance(30)):
            return f"${self._draws.one_of(self.conditions)}"
        self.conditions.append(self._new_variable("if", self._if, options).name)
        return f"${self.conditions[-1]}"

    def cursor(self, name: str, argument: GraphQLArgument) -> str:
        """A variable that is given cursors of earlier answers."""
        variable = Variable(self._new_name(name), "String", None)
        self._declare(variable, None)
        self.cursors.append(variable.name)
        return f"${variable.name}"

    def _options(self, name: str, argument: Input) -> tuple[Given, ...]:
        table = UNUSUAL if self._draws.chance(4) else FITTING
        type_ = get_nullable_type(argument.type)
        if isinstance(type_, GraphQLInputObjectType):
            options = self._objects(type_)
        else:
            options = table.get(name) or table.get(str(type_)) or FITTING[str(type_)]
        nullable = not isinstance(argument.type, GraphQLNonNull)
        return (_NULL,) if nullable and self._draws.chance(5) else options

    def _variable(self, name: str, argument: Input, options: tuple[Given, ...]) -> str:
        place = f"{name}: {argument.type}"
        reusable = self._reusable.setdefault(place, [])
        if reusable and self._draws.chance(50):
            return f"${self._draws.one_of(reusable).name}"
        variable = self._new_variable(name, argument, options)
        reusable.append(variable)
        return f"${variable.name}"

    def _new_variable(self, name: str, argument: Input, options: tuple[Given, ...]) -> Variable:
        default = self._draws.one_of(options) if self._draws.chance(35) else None
        needed = isinstance(argument.type, GraphQLNonNull)
        must_be_there = needed and argument.default_value is Undefined and default is None
        non_null = must_be_there or (_NULL not in options and self._draws.chance(30))
        type_ = str(get_nullable_type(argument.type))
        variable = Variable(self._new_name(name), f"{type_}!" if non_null else type_, default)
        self._declare(variable, self._draws.one_of(options))
        return variable

    def _declare(self, variable: Variable, given: Given | None) -> None:
        """Give it a value or none, or null where that may be."""
        self.variables.append(variable)
        nullable = not variable.declared.endswith("!")
        if (nullable or variable.default is not None) and self._draws.chance(30):
            return
        if given is None or (nullable and self._draws.chance(10)):
            self.values[variable.name] = None
        else:
            unfit = self._draws.number(0, 99) == 99
            self.values[variable.name] = self._draws.one_of(UNFIT) if unfit else given.json

    def _new_name(self, name: str) -> str:
        return f"{name}{len(self.variables)}"
