"""Documents that are too much, one way or another."""

from tests.security.hostile.row import INVALID, PARSE_FAILED, UNRESOLVED, Row, document
from tests.support.documents import EVERYTHING


def many(text: str, times: int) -> str:
    """A text so many times; `%d` in it is the number of each."""
    return " ".join(text.replace("%d", str(number)) for number in range(times))


def chain(fragments: int, body: str, *, end: str = "__typename") -> str:
    """Fragments that each have the next in this body, as `%s`."""
    links = (
        f"fragment F{n} on Query {{ {body.replace('%s', f'...F{n + 1}')} }}"
        for n in range(fragments)
    )
    return f"{{ ...F0 }} {' '.join(links)} fragment F{fragments} on Query {{ {end} }}"


def nested(text: str, times: int) -> str:
    """A text in itself, as `%s`."""
    return "id" if times == 0 else text.replace("%s", nested(text, times - 1))


def repeated(times: int) -> str:
    """An operation with everything about a client so many times."""
    opening, _, rest = EVERYTHING.partition("{\n")
    field, _, fragments = rest.partition("\n}\n")
    return f"{opening}{{ {many(f'a%d: {field}', times)} }} {fragments}"


NODE = "id kind date { dateTime instant } user { firstName } changes { field }"
TIMELINE = "activities(clientId: 1, first: 1) { nodes { %s } }"
PAGES = f"activities(clientId: 1001, first: 100) {{ nodes {{ {NODE} }} }}"
ESCAPE = "\\u0041"
OVERLAPPING = many(f"fragment F%d on Activity {{ {NODE} }}", 190)
TYPES = many("... on NoteActivity { %s } ... on AppointmentActivity { %s }".replace("%s", NODE), 90)

DOCUMENTS: list[Row] = [
    document(
        "1,500 repeats of one composite field",
        f"{{ {many('activities(clientId: 1) { totalCount }', 1_500)} }}",
        is_large=True,
    ),
    document("200 repeats of it", f"{{ {many('activities(clientId: 1) { totalCount }', 200)} }}"),
    document("749 bytes of doubling fragments", chain(15, "%s %s").ljust(749, ",")),
    document("60 fragments that double", chain(60, "%s %s")),
    document(
        "60 that double in fields",
        chain(60, "a: client(id: 1) { id %s } b: client(id: 1) { id %s }"),
    ),
    document("20,000 aliases", f"{{ {many('a%d: __typename', 20_000)} }}"),
    document("3,000 aliases", f"{{ {many('a%d: __typename', 3_000)} }}", is_large=True),
    document("an alias of 50,000 characters", f"{{ {'a' * 50_000}: __typename }}"),
    document(
        "9,000 repeats of a field", f"{{ client(id: 1) {{ {'id ' * 9_000} }} }}", is_large=True
    ),
    document(
        "10,000 tokens of fields that are compared",
        f"{{ {many('a%d: client(id: 1) { ' + 'id ' * 190 + '}', 49)} }}",
        is_large=True,
    ),
    document(
        "190 fragments that overlap",
        f"{{ activities(clientId: 1) {{ nodes {{ {many('...F%d', 190)} }} }} }} {OVERLAPPING}",
        is_large=True,
    ),
    document("180 types in one place", f"{{ {TIMELINE.replace('%s', TYPES)} }}", is_large=True),
    document(
        "arguments that are compared",
        f"{{ client(id: 1) {{ {'activities(first: 1, filter: {kinds: [NOTE]}) { totalCount } ' * 190} }} }}",
        is_large=True,
    ),
    document(
        "arguments that differ",
        f"{{ client(id: 1) {{ {many('activities(first: %d) { totalCount }', 190)} }} }}",
        is_large=True,
    ),
    document(
        "a fragment that spreads itself", "{ ...F } fragment F on Query { ...F }", code=INVALID
    ),
    document(
        "a cycle of three",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }",
        code=INVALID,
    ),
    document("a cycle of a thousand", chain(1_000, "%s", end="...F0"), code=INVALID, is_large=True),
    document(
        "50 fragments that all spread all",
        f"{{ ...F0 }} {many('fragment F%d on Query { ' + many('...F%d', 50) + ' }', 50)}",
        code=INVALID,
        is_large=True,
    ),
    document("a chain of a thousand fragments", chain(1_000, "%s"), code=INVALID, is_large=True),
    document("5,000 levels", "{ a" * 5_000 + " }" * 5_000, code=PARSE_FAILED),
    document("40 levels", "{ client(id: 1) " * 40 + "{ id }" + " }" * 40),
    document(
        "150 inline fragments in each other",
        "{ ... " * 150 + "{ __typename }" + " }" * 150,
        200,
        None,
    ),
    document(
        "a large operation behind 4,500 comments",
        "#\n" * 4_500 + f"{{ {many('a%d: ' + PAGES, 10)} }}",
        200,
        None,
        is_large=True,
    ),
    document(
        "5,000 lists in lists",
        f"{{ clients(ids: {'[' * 5_000}1{']' * 5_000}) {{ id }} }}",
        code=PARSE_FAILED,
    ),
    document(
        "9,000 items of a list",
        f"{{ activities(clientId: 1, filter: {{kinds: [{'NOTES ' * 9_000}]}}) {{ totalCount }} }}",
        code=INVALID,
        is_large=True,
    ),
    document(
        "a number of 5,000 digits",
        f"{{ activities(clientId: 1, first: {'9' * 5_000}) {{ totalCount }} }}",
        code=INVALID,
    ),
    document("a million commas", "{ __typename" + "," * 1_000_000 + "}"),
    document("half a million line breaks", "{ __typename" + "\n" * 500_000 + "}"),
    document(
        "90,000 line breaks before many errors",
        "\n" * 90_000 + f"{{ {many('x%d', 49)} }}",
        code=INVALID,
        is_large=True,
    ),
    document("a comment of a million characters", "#" + "x" * 1_000_000 + "\n{ __typename }"),
    document("20,000 comments", "#\n" * 20_000 + "{ __typename }", is_large=True),
    document(
        "a string of 100,000 escapes",
        f'{{ clients(ids: "{ESCAPE * 100_000}") {{ id }} }}',
    ),
    document("a string that does not end", '{ clients(ids: "', code=PARSE_FAILED),
    document("a block string that does not end", '{ clients(ids: """', code=PARSE_FAILED),
    document("control characters", "{ \x01\x02\x7f }", code=PARSE_FAILED),
    document("other white space", "{ \u2028\u00a0\u3000__typename }", code=PARSE_FAILED),
    document("a right-to-left override", "{ \u202eemanepyt__ }", code=PARSE_FAILED),
    document(
        "3,000 unknown fields",
        f"{{ client(id: 1) {{ {many('fiels%d', 3_000)} }} }}",
        code=INVALID,
        is_large=True,
    ),
    document(
        "unknown fields with long names",
        f"{{ {many('activitie' + 's' * 1_500 + '%d', 49)} }}",
        code=INVALID,
        is_large=True,
    ),
    document(
        "1,400 unknown types",
        f"{{ __typename }} {many('fragment F%d on Activityy%d { id }', 1_400)}",
        code=INVALID,
        is_large=True,
    ),
    document(
        "an operation name of 90,000 characters, and 100 errors about it",
        f"query {'x' * 90_000}({many('$a%d: Int', 100)}) {{ __typename }}",
        code=INVALID,
        is_large=True,
    ),
    document(
        "900 variables",
        f"query({many('$a%d: [ActivityKind!] = [NOTE]', 900)}) {{ __typename }}",
        code=INVALID,
        is_large=True,
    ),
    document(
        "1,900 operations", many("query Q%d { __typename }", 1_900), code=UNRESOLVED, is_large=True
    ),
    document(
        "the first of several operations, unnamed",
        "query A { __typename } query B { __typename }",
        code=UNRESOLVED,
    ),
    document(
        "an operation name that is not there",
        "query A { __typename }",
        code=UNRESOLVED,
        operationName="B",
    ),
    document(
        "two operations of one name",
        "query A { __typename } query A { __typename }",
        code=INVALID,
        operationName="A",
    ),
    document(
        "50 directives on a field", f"{{ __typename {'@include(if: true) ' * 50} }}", code=INVALID
    ),
    document("a mutation", "mutation { delete }", code=INVALID),
    document("a subscription", "subscription { activities }", code=INVALID),
    document("a type definition", "type Query { a: Int }", code=INVALID),
    document(
        "the schema, six times over",
        f"{{ __schema {{ types {{ fields {{ type {{ {'fields { type { ' * 6} name {'} }' * 6} }} }} }} }} }}",
    ),
    document(
        "the largest honest operation three times",
        repeated(30).replace("first: 100", "first: 1"),
        200,
        None,
        is_large=True,
        variables={"client": 1100},
    ),
    document(
        "threads of threads of threads",
        f"{{ client(id: 1100) {{ {nested('activities { nodes { ... on AppointmentActivity { appointment { current { %s } } } } }', 4)} }} }}",
    ),
]
