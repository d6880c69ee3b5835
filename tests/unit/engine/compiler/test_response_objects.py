import gc
import weakref

import msgspec
import pytest

from gateway.engine.compiler.response_objects import ResponseClassCache, assign, attribute_name
from tests.unit.engine.compiler.engine import in_order
from tests.unit.engine.compiler.library import Context, Person

ODD_KEYS = ("class", "__class__", "__struct_fields__", "__init__", "_", "f_a", "a", "None", "b")


def test_a_response_object_is_encoded_under_its_keys_in_order():
    response_class = ResponseClassCache().response_class(ODD_KEYS)
    response = response_class(*range(len(ODD_KEYS)))
    assert in_order(response) == in_order(dict(zip(ODD_KEYS, range(9), strict=True)))


def test_a_key_without_a_value_is_absent():
    response = ResponseClassCache().response_class(("a", "b", "c"))("first")
    assign(response, "c", None)
    assert in_order(response) == b'{"a":"first","c":null}'


@pytest.mark.parametrize(
    ("result", "key"), [({"a": 1}, "a"), ([1], 0), (ResponseClassCache().response_class(("a",))(1), "a")]
)  # fmt: skip
def test_a_value_is_assigned_wherever_it_belongs(result, key):
    assign(result, key, 2)
    assert msgspec.to_builtins(result) in ({"a": 2}, [2])


def test_an_attribute_is_never_one_that_structs_have():
    struct = ResponseClassCache().response_class(())
    assert not any(hasattr(struct, attribute_name(key)) for key in (*ODD_KEYS, *dir(struct)))


def test_objects_with_equal_keys_have_one_class():
    cache = ResponseClassCache()
    ab = cache.response_class(("a", "b"))
    assert cache.response_class(("a", "b")) is ab
    assert cache.response_class(("b", "a")) is not ab


def test_a_class_that_no_operation_needs_is_freed():
    cache = ResponseClassCache()
    class_ = weakref.ref(cache.response_class(("a", "b")))
    gc.collect()
    assert class_() is None


async def test_operations_share_the_classes_of_equal_objects(library):
    """Also selections of different types, which differ in nothing that is encoded."""
    answers = [
        await library.compile(text).run(
            Context(people={"1": Person(name="N")}), library.variables(text, {}), pytest.fail
        )
        for text in (
            "{ x: author(id: 1) { id } }",
            "{ x: shelf { id } }",
            "{ x: shelf { id: count } }",
        )
    ]
    [data] = {answer.data.__class__ for answer in answers}
    [shown] = {answer.data.f_x.__class__ for answer in answers}
    assert data is not shown


REPEATED = (
    "query($x: Boolean!) { shelf { id @include(if: $x) count places @skip(if: $x) { number } id } }"
)


@pytest.mark.parametrize(
    ("x", "keys"), [(True, ["id", "count"]), (False, ["count", "places", "id"])]
)
async def test_keys_stand_where_they_come_first_whatever_the_conditions(library, x, keys):
    answered = await library.same(REPEATED, Context, x=x)
    assert [*answered.data["shelf"]] == keys


@pytest.mark.parametrize("x", [True, False])
async def test_a_deferred_field_is_assigned_in_objects_of_either_form(library, x):
    text = """query($x: Boolean!) {
        a: author(id: 1) { born @include(if: $x) name born }
        b: author(id: 1) { name born @include(if: $x) } }"""
    await library.same(text, lambda: Context(people={"1": Person(born=5)}), x=x)


def test_each_class_counts_for_the_memory_of_a_compiled_query(library):
    """Though the texts are of equal length."""
    same = library.compile("{ a: shelf { x: id } b: shelf { x: id } }")
    different = library.compile("{ a: shelf { x: id } b: shelf { y: id } }")
    assert different.memory_bytes - same.memory_bytes > 4_000
