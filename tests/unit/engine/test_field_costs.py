from graphql import OperationType, build_schema

from gateway.engine.complexity.cost import FieldCost, ListSize, build_field_costs

SCHEMA = build_schema("""
    type Query { me: Person people(first: Int): Page! name: String names: [String!] any: [Any!]! }
    type Mutation { count: Int }
    interface Named { name: String friends: [Person] }
    type Person implements Named { name: String friends: [Person] }
    type Robot implements Named { name: String friends: [Person] }
    type Page { nodes: [Person!]! total: Int }
    union Any = Person | Robot
""")
PAGE = ListSize(("first",), default=5, maximum=10)
SAID = {
    ("Query", "people"): FieldCost(10, page_multiplier=PAGE),
    ("Page", "nodes"): FieldCost(is_paginated=True),
    ("Robot", "name"): FieldCost(10),
}
FIELDS = build_field_costs(SCHEMA, SAID).cost_by_field


def test_a_field_weighs_one_if_nothing_else_is_said():
    assert FIELDS["Query", "name"] == FieldCost()
    assert FIELDS["Query", "me"] == FieldCost(type_name="Person")


def test_what_is_said_counts_and_the_type_is_the_schema_s():
    assert FIELDS["Query", "people"] == FieldCost(10, page_multiplier=PAGE, type_name="Page")


def test_a_list_counts_ten_times():
    assert FIELDS["Person", "friends"] == FieldCost(multiplier=10, type_name="Person")
    assert FIELDS["Query", "any"] == FieldCost(multiplier=10, type_name="Any")
    assert FIELDS["Query", "names"] == FieldCost(multiplier=10)


def test_a_list_of_a_page_counts_as_the_page_says():
    assert FIELDS["Page", "nodes"] == FieldCost(is_paginated=True, type_name="Person")


def test_a_field_of_an_interface_weighs_as_much_as_the_heaviest_that_it_may_be():
    assert FIELDS["Named", "name"] == FieldCost(10)
    assert FIELDS["Named", "friends"] == FieldCost(multiplier=10, type_name="Person")


def test_the_schema_itself_can_be_asked_for():
    assert FIELDS["Query", "__schema"] == FieldCost(type_name="__Schema")
    assert FIELDS["Query", "__type"] == FieldCost(type_name="__Type")
    assert FIELDS["__Schema", "types"] == FieldCost(multiplier=10, type_name="__Type")


def test_operations_start_from_the_root_types():
    assert build_field_costs(SCHEMA, {}).root_type_by_operation == {
        OperationType.QUERY: "Query",
        OperationType.MUTATION: "Mutation",
    }


def test_a_schema_may_have_no_queries():
    assert build_field_costs(build_schema("scalar Nothing"), {}).root_type_by_operation == {}
