import pytest

from gateway.schema.html_document import HtmlDocument

VERY_MANY = 150_000
"""More elements than may be open within each other."""


def started(document: HtmlDocument, *names: str) -> None:
    for name in names:
        document.start_element(name, is_hidden=False, self_closing=False)


def test_what_is_hidden_is_not_shown_and_what_follows_it_is():
    document = HtmlDocument(is_flat=False)
    document.add_text("one ")
    document.start_element("b", is_hidden=True, self_closing=False)
    document.add_text("two")
    document.end_element("b")
    document.add_text("three")
    assert document.text() == "one three"


def test_where_nothing_nests_only_separators_are_shown():
    document = HtmlDocument(is_flat=True)
    started(document, "b", "p", "td")
    document.add_text("a")
    document.end_element("p")
    assert (document.text(), document.has_markup) == ("\f a\f", True)


@pytest.mark.slow
@pytest.mark.parametrize("inside", ["b", "div", "svg"])
def test_elements_are_open_only_so_far_inside_of_each_other(inside):
    document = HtmlDocument(is_flat=False)
    document.start_element("section", is_hidden=True, self_closing=False)
    started(document, *[inside] * VERY_MANY)
    document.add_text("hidden")
    for _ in range(VERY_MANY):
        document.end_element(inside)
    document.add_text("hidden")
    document.end_element("section")
    document.add_text("shown")
    assert document.text().strip() == "shown"


def test_what_ends_very_many_elements_at_once_ends_those_that_are_open():
    document = HtmlDocument(is_flat=False)
    document.start_element("section", is_hidden=True, self_closing=False)
    started(document, *["b"] * 90_000)
    document.add_text("hidden")
    document.end_element("section")
    document.add_text("shown")
    assert document.text() == "shown"


def test_hidden_elements_of_which_very_many_are_open_hide_nothing():
    document = HtmlDocument(is_flat=False)
    for _ in range(VERY_MANY):
        document.start_element("div", is_hidden=True, self_closing=False)
    document.add_text("shown")
    assert document.text().strip() == "shown"
