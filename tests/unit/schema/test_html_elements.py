import pytest

from gateway.schema import html_elements
from gateway.schema.html_elements import ELEMENTS, ENDED_BY, is_element

LIVING = """
a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption cite code col
colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure footer form h1 h2 h3
h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map mark math menu meta meter
nav noscript object ol optgroup option output p picture pre progress q rp rt ruby s samp script search section select
selectedcontent slot small source span strong style sub summary sup svg table tbody td template textarea tfoot th
thead time title tr track u ul var video wbr
"""
OBSOLETE = """
acronym applet basefont bgsound big blink center dir font frame frameset isindex keygen listing marquee menuitem
multicol nextid nobr noembed noframes param plaintext rb rtc spacer strike tt xmp
"""
"""Of the standard's section 16.2, those that are no longer elements at all."""


def test_the_elements_are_those_of_the_standard():
    assert {*LIVING.split(), *OBSOLETE.split()} == ELEMENTS


@pytest.mark.parametrize(
    "name", ["p", "center", "o:p", "v:shape", "st1:place", "w:data-x.y", "svg"]
)
def test_a_name_of_the_standard_or_with_a_prefix_is_one(name):
    assert is_element(name)


@pytest.mark.parametrize(
    "name",
    ["", "norm", "pp", "my-box", "path", "http:", ":p", "1:p", "a:b:c", "a:1", "o:", "tel:+33"],
)
def test_any_other_name_is_none(name):
    assert not is_element(name)


def test_what_is_said_of_elements_is_said_of_elements():
    kinds = [value for value in vars(html_elements).values() if isinstance(value, set)]
    assert len(kinds) > 5
    assert all(kind <= ELEMENTS for kind in kinds)
    assert {*ENDED_BY, *frozenset[str]().union(*ENDED_BY.values())} <= ELEMENTS


def test_no_element_without_content_holds_any():
    assert not html_elements.VOID & (
        html_elements.NON_RENDERED | html_elements.RAW_TEXT | html_elements.PREFORMATTED
    )
    assert not html_elements.VOID & {*ENDED_BY}
