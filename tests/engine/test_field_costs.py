from graphql import OperationType, build_schema

from gateway.engine.complexity.cost import Length, Weight, weights

SCHEMA = build_schema("""
    type Query { me: Person people(first: Int): Page! name: String names: [String!] any: [Any!]! }
    type Mutation { count: Int }
    interface Named { name: String friends: [Person] }
    type Person implements Named { name: String friends: [Person] }
    type Robot implements Named { name: String friends: [Person] }
    type Page { nodes: [Person!]! total: Int }
    union Any = Person | Robot
""")
PAGE = Length(("first",), usually=5, most=10)
SAID = {
    ("Query", "people"): Weight(10, page=PAGE),
    ("Page", "nodes"): Weight(is_paged=True),
    ("Robot", "name"): Weight(10),
}
FIELDS = weights(SCHEMA, SAID).fields


def test_a_field_weighs_one_if_nothing_else_is_said():
    assert FIELDS["Query", "name"] == Weight()
    assert FIELDS["Query", "me"] == Weight(type="Person")


def test_what_is_said_counts_and_the_type_is_the_schema_s():
    assert FIELDS["Query", "people"] == Weight(10, page=PAGE, type="Page")


def test_a_list_counts_ten_times():
    assert FIELDS["Person", "friends"] == Weight(times=10, type="Person")
    assert FIELDS["Query", "any"] == Weight(times=10, type="Any")
    assert FIELDS["Query", "names"] == Weight(times=10)


def test_a_list_of_a_page_counts_as_the_page_says():
    assert FIELDS["Page", "nodes"] == Weight(is_paged=True, type="Person")


def test_a_field_of_an_interface_weighs_as_much_as_the_heaviest_that_it_may_be():
    assert FIELDS["Named", "name"] == Weight(10)
    assert FIELDS["Named", "friends"] == Weight(times=10, type="Person")


def test_the_schema_itself_can_be_asked_for():
    assert FIELDS["Query", "__schema"] == Weight(type="__Schema")
    assert FIELDS["Query", "__type"] == Weight(type="__Type")
    assert FIELDS["__Schema", "types"] == Weight(times=10, type="__Type")


def test_operations_start_from_the_root_types():
    assert weights(SCHEMA, {}).roots == {
        OperationType.QUERY: "Query",
        OperationType.MUTATION: "Mutation",
    }


def test_a_schema_may_have_no_queries():
    assert weights(build_schema("scalar Nothing"), {}).roots == {}
