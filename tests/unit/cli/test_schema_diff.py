import pytest

from gateway.cli.schema_diff import Criticality, classify_changes
from gateway.schema import schema_sdl

SCHEMA = """
interface Activity { id: ID! }
type Note implements Activity { id: ID! text(length: Int): String }
type Consent { note: Note }
type Left { note: Note }
enum Kind { NOTE CONSENT }
union Value = Note | Consent
input Filter { kind: Kind }
type Query {
  activity(kind: Kind): Activity
  value: Value
  size: Int
  find(filter: Filter = {kind: NOTE}): Note
  left: Left @deprecated(reason: "Gone since 2025-01-01: ask for `value`.")
}
"""


def list_changes(old, new):
    return [str(change) for change in classify_changes(old, new)]


def after(*replaced):
    """The schema, changed."""
    new = SCHEMA
    for old, text in replaced:
        assert old in new
        new = new.replace(old, text)
    return list_changes(SCHEMA, new)


def test_a_schema_does_not_differ_from_itself():
    assert list_changes(SCHEMA, SCHEMA) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("text(length: Int): String", "", "Field Note.text was removed."),
        ("value: Value", "value: Note", "Field Query.value changed type from Value to Note."),
        ("(length: Int)", "", "Argument Note.text(length:) was removed."),
        ("length: Int", "length: Int!", "Argument Note.text(length:) has changed type from Int"),
        ("NOTE CONSENT", "NOTE", "Enum value Kind.CONSENT was removed."),
        ("= Note | Consent", "= Note", "Consent was removed from union type Value."),
        (" implements Activity", "", "Note no longer implements interface Activity."),
        ("= {kind: NOTE}", ", all: Int!", "A required argument Query.find(all:) was added."),
    ],
)
def test_what_documents_may_use_is_promised(old, new, expected):
    first, *_ = after((old, new))
    assert first.startswith(f"breaking: {expected}")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("NOTE CONSENT", "NOTE CONSENT FORM", "Enum value Kind.FORM was added."),
        ("Note | Consent", "Note | Consent | Left", "Left was added to union type Value."),
        ("type Left {", "type Left implements Activity { id: ID!", "Activity added to int"),
        ("{kind: NOTE}", "{kind: CONSENT}", "Query.find(filter:) has changed defaultValue"),
    ],
)
def test_what_an_app_never_met_is_dangerous(old, new, expected):
    first, *_ = after((old, new))
    assert first.startswith(f"dangerous: {expected}")


def test_a_new_action_is_dangerous():
    served = schema_sdl()
    new = served.replace("\n  NOTE_UPDATED\n", "\n  NOTE_UPDATED\n\n  NOTE_PINNED\n")
    assert list_changes(served, new) == [
        "dangerous: Enum value ActivityAction.NOTE_PINNED was added."
    ]


def test_a_new_kind_is_a_new_type_and_dangerous():
    eighth = "type Form implements Activity { id: ID! }\n\nenum Kind"
    assert after(("enum Kind", eighth)) == [
        "dangerous: Form was added to interface Activity.",
        "safe: Form was added.",
    ]


def test_the_first_kind_of_a_new_interface_is_safe():
    both = "interface Event { id: ID! }\ntype Form implements Event { id: ID! }\n\nenum Kind"
    assert {each.partition(":")[0] for each in after(("enum Kind", both))} == {"safe"}


def test_more_to_ask_for_is_safe():
    assert after(("type Query {", 'type Query { "How many." count(of: Kind): Int')) == [
        "safe: Field Query.count was added."
    ]


def test_a_change_is_one_line():
    assert after(("type Query {", '"""\nWhere\nall starts.\n"""\ntype Query {')) == [
        'safe: Description of Query has changed to "Where all starts.".'
    ]


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ("value: Value", "Query.value"),
        ("length: Int", "Note.text(length:)"),
        ("CONSENT", "Kind.CONSENT"),
        ("kind: Kind }", "Filter.kind"),
    ],
)
def test_a_deprecation_is_safe_and_so_is_its_end(member, place):
    name, brace, _ = member.partition(" }")
    text = f'{name} @deprecated(reason: "Gone from 2026-06-30 on."){brace}'
    deprecated = SCHEMA.replace(member, text)
    assert list_changes(SCHEMA, deprecated) == [
        f"safe: {place} is deprecated: Gone from 2026-06-30 on."
    ]
    assert list_changes(deprecated, SCHEMA) == [f"safe: {place} is not deprecated any more."]


def test_what_was_deprecated_may_go_with_the_types_that_only_it_led_to():
    deprecated = '  left: Left @deprecated(reason: "Gone since 2025-01-01: ask for `value`.")\n'
    assert after((deprecated, ""), ("type Left { note: Note }\n", "")) == [
        "dangerous: Left was removed.",
        "dangerous: Field Query.left was removed.",
    ]


def test_a_type_that_something_else_leads_to_may_not_go_with_what_was_deprecated():
    shared = SCHEMA.replace("= Note | Consent", "= Note | Consent | Left")
    without = SCHEMA.replace("type Left { note: Note }", "").replace("  left: Left", "  note: Note")
    assert list_changes(shared, without)[0] == "breaking: Left was removed."


def test_what_was_deprecated_may_not_become_something_else():
    assert after(("left: Left", "left: Note"))[0].startswith("breaking: Field Query.left changed")


def test_kinds_that_an_interface_leads_to_are_not_taken_for_deprecated():
    one = SCHEMA.replace("union Value = Note | Consent", "union Value = Consent")
    one = one.replace("type Left { note: Note }", "").replace("left: Left", "left: Note")
    one = one.replace("find(filter: Filter = {kind: NOTE}): Note", "").replace(
        "{ note: Note }", "{ id: ID! }"
    )
    without = one.replace("type Note implements Activity { id: ID! text(length: Int): String }", "")
    without = without.replace("left: Note", "left: Consent")
    assert list_changes(one, without)[0] == "breaking: Note was removed."


def test_the_worst_comes_first():
    listed = classify_changes(
        SCHEMA, SCHEMA.replace("NOTE CONSENT", "NOTE FORM").replace("left:", "new:")
    )
    assert [each.criticality for each in listed] == sorted(
        (each.criticality for each in listed), key=list(Criticality).index
    )
