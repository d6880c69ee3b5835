"""Variables that do not fit, or fit too well."""

from tests.security.hostile.row import BAD_REQUEST, INPUT, Row, document

ONE = "query($id: ID!, $first: Int) { activities(clientId: $id, first: $first) { totalCount } }"

VARIABLES: list[Row] = [
    *(
        document(f"a client's id that is {word}", ONE, 400, INPUT, variables={"id": value})
        for word, value in {
            "a list": ["1001"],
            "an object": {"toString": "1001"},
            "a boolean": True,
            "a fraction": 1.5,
            "null": None,
            "60 lists in lists": __import__("functools").reduce(
                lambda inner, _: [inner], range(61), 1
            ),
        }.items()
    ),
    *(
        document(f"a page of {word}", ONE, 400, INPUT, variables={"id": 1, "first": value})
        for word, value in {
            "a string": "1",
            "half an item": 0.5,
            "2 to the power of 31": 2**31,
            "10 to the power of 99": 10**99,
            "a list of numbers": [1],
            "1e308 items": 1e308,
        }.items()
    ),
    document("no variables where one is needed", ONE, 400, INPUT),
    document(
        "9,000 ids",
        "query($a: [ID!]!) { clients(ids: $a) { id } }",
        400,
        BAD_REQUEST,
        variables={"a": list(range(9_000))},
    ),
    document(
        "900 ids",
        "query($a: [ID!]!) { clients(ids: $a) { id } }",
        200,
        INPUT,
        variables={"a": list(range(900))},
    ),
    document(
        "900 wrong ids",
        "query($a: [ID!]!) { clients(ids: $a) { id } }",
        400,
        INPUT,
        variables={"a": [[]] * 900},
    ),
    document(
        "a variable of 900,000 characters",
        ONE,
        400,
        INPUT,
        variables={"id": 1, "first": "x" * 900_000},
    ),
    document(
        "an id that leads elsewhere",
        ONE,
        200,
        "NOT_FOUND",
        variables={"id": "../../1001?clientId=1#"},
    ),
    document(
        "an id with a line break",
        ONE,
        200,
        "NOT_FOUND",
        variables={"id": "1001\r\nHost: elsewhere"},
    ),
    document("an id of 50,000 characters", ONE, 200, "NOT_FOUND", variables={"id": "1" * 50_000}),
]
