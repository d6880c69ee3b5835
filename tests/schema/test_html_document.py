import pytest

from gateway.schema.html_document import Document

VERY_MANY = 150_000
"""More elements than may be open within each other."""


def started(document: Document, *names: str) -> None:
    for name in names:
        document.start(name, hidden=False, ends_itself=False)


def test_what_is_hidden_is_not_shown_and_what_follows_it_is():
    document = Document(is_flat=False)
    document.words("one ")
    document.start("b", hidden=True, ends_itself=False)
    document.words("two")
    document.end("b")
    document.words("three")
    assert document.text() == "one three"


def test_where_nothing_nests_only_separators_are_shown():
    document = Document(is_flat=True)
    started(document, "b", "p", "td")
    document.words("a")
    document.end("p")
    assert (document.text(), document.has_markup) == ("\f a\f", True)


@pytest.mark.parametrize("inside", ["b", "div", "svg"])
def test_elements_are_open_only_so_far_inside_of_each_other(inside):
    document = Document(is_flat=False)
    document.start("section", hidden=True, ends_itself=False)
    started(document, *[inside] * VERY_MANY)
    document.words("hidden")
    for _ in range(VERY_MANY):
        document.end(inside)
    document.words("hidden")
    document.end("section")
    document.words("shown")
    assert document.text().strip() == "shown"


def test_what_ends_very_many_elements_at_once_ends_those_that_are_open():
    document = Document(is_flat=False)
    document.start("section", hidden=True, ends_itself=False)
    started(document, *["b"] * 90_000)
    document.words("hidden")
    document.end("section")
    document.words("shown")
    assert document.text() == "shown"


def test_hidden_elements_of_which_very_many_are_open_hide_nothing():
    document = Document(is_flat=False)
    for _ in range(VERY_MANY):
        document.start("div", hidden=True, ends_itself=False)
    document.words("shown")
    assert document.text().strip() == "shown"
