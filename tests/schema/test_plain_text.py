import pytest
from hypothesis import given, strategies as st

from gateway.schema.plain_text import plain_text

BODIES = {
    "nothing": ("", ""),
    "plain text": ("Prefers mornings.", "Prefers mornings."),
    "plain text in lines": ("one\ntwo\n\n  three  \r\nfour", "one\ntwo\n\n  three  \r\nfour"),
    "plain text between blanks": ("\n one \n", "one"),
    "plain text with entities": ("Tom &amp; Jerry &eacute;&#233;&#xE9;", "Tom & Jerry ééé"),
    "signs of comparison": ("3 < 5 > 4 <3 < b", "3 < 5 > 4 <3 < b"),
    "paragraphs": ("<p>one</p><p>two</p>", "one\ntwo"),
    "paragraphs left open": ("<p>one<p>two", "one\ntwo"),
    "upper case": ("<P>one</P><DIV>two</DIV>", "one\ntwo"),
    "line breaks": ("one<br>two<br/>three<br />four", "one\ntwo\nthree\nfour"),
    "headings": ("<h1>one</h1>two<h2>three</h2>", "one\ntwo\nthree"),
    "blocks within blocks": ("<div><div><p>one</p></div></div><div>two</div>", "one\ntwo"),
    "a list": ("<ul>\n <li>one</li>\n <li>two</li>\n</ul>", "one\ntwo"),
    "a list left open": ("<ol><li>one<li>two</ol>three", "one\ntwo\nthree"),
    "a table": (
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
        "a b\n1 2",
    ),
    "inline markup": ("<p>a <b>bo</b>ld <i>word</i></p>", "a bold word"),
    "a link": ('<a href="https://example.com?a=1&b=2">here</a>', "here"),
    "an image": ('before<img src="x" alt="a cat">after', "beforeafter"),
    "blanks": ("<p>  one \n\t two\u00a0three </p>", "one two three"),
    "blank blocks": ("<p>one</p><p>&nbsp;</p><p> </p><p>two</p>", "one\ntwo"),
    "entities": ("<p>Tom &amp; Jerry &lt;3 &eacute;&#233;&#xE9;</p>", "Tom & Jerry <3 ééé"),
    "entities of entities": ("<p>&amp;lt;b&amp;gt;</p>", "&lt;b&gt;"),
    "markup as text": ("<p>&lt;script&gt;</p>", "<script>"),
    "an entity cut short": ("<p>a &am b &</p>", "a &am b &"),
    "an entity across tags": ("<p>&am<b>p;</b></p>", "&amp;"),
    "no character": ("<p>&#0;&#xFFFFFFFF;&#99999999;</p>", "\N{REPLACEMENT CHARACTER}" * 3),
    "a number of many zeros": ("<p>&#000000000065;</p>", "A"),
    "a script": ("one<script>if (1 < 2) alert('</p>')</script> two", "one two"),
    "a script left open": ("<p>one</p><script>two</p>three", "one"),
    "a script that ends oddly": ("a<SCRIPT src='>'>b</scripty>c</script\n x>d", "ad"),
    "a script cut short": ("a<script", "a"),
    "a style": ("<style>p { color: red }</style><p>one</p>", "one"),
    "a whole page": (
        "<!DOCTYPE html><html><head><title>t</title><style>s</style></head><body><p>one</body></html>",
        "one",
    ),
    "what is for other readers": (
        "<template>t</template><noscript>n</noscript><iframe>i</iframe><p>one",
        "one",
    ),
    "tags that only begin alike": ("<titles>one</titles>", "one"),
    "a comment": ("one<!-- <p>two</p> -- > three -->four", "onefour"),
    "comments that are over at once": ("a<!-->b<!--->c<!---->d", "abcd"),
    "a comment left open": ("one<!-- two <p>three", "one"),
    "a declaration": ("<?xml version='1.0'?><p>one</p><![CDATA[two]]>", "one"),
    "a sign within quotes": ("<a title='1 > 2' alt = \"</a>\">one</a>", "one"),
    "quotes where none belong": ("<a b'c>one</a>", "one"),
    "quotes left open": ('one<a title="two>three', "one"),
    "a tag left open": ("<p>one</p><b two", "one"),
    "a tag cut short": ("<p>one</", "one"),
    "an end of nothing": ("one</>two</ p>three</b>", "onetwothree"),
    "tags in tags": ("<<b>b>one</<b>b>", "<b>oneb>"),
    "wrong nesting": ("<b><p>one</b>two</p>three", "onetwo\nthree"),
}


@pytest.mark.parametrize(("body", "text"), BODIES.values(), ids=BODIES)
def test_a_body_is_read_as_its_words(body, text):
    assert plain_text(body) == text


NAMES = ["p", "DIV", "b", "script", "style", "td", "br/", "!--", "!doctype", "/p", "/b", "/script"]
MARKUP = st.builds(
    "<{}{}>".format,
    st.sampled_from(NAMES),
    st.sampled_from(["", " class=x", ' title="<>"', " x='>'", "\n", " =", " a=b=c", " --"]),
)
WORDS = st.text(alphabet="ab \n\té&;'\"=-/", max_size=8)


@given(st.lists(st.one_of(MARKUP, WORDS)).map("".join))
def test_no_markup_is_left(body):
    assert "<" not in plain_text(body)


@given(st.text(alphabet="<>/!-='\" \nabpscript&#;0\u00a0"))
def test_any_body_has_a_text(body):
    text = plain_text(body)
    assert text == text.strip()


REPEATED = [
    *(
        "<div>",
        "<b><p>",
        "<a><p>",
        "<table><tr><td>",
        "<ul><li>",
        "<svg><p>",
        "<b id=1>",
        "<a b=''>",
    ),
    *("<", "<!", "<!--", "<!-- -", "</", "<a", "<script", "<script></scrip", "<style>", "<p>\n"),
    *("&", "&#", "&#0", "&#1", "&#x1", "&notit", "&amp", " ", "\n", "\u00a0", "a"),
]
CONTINUED = {
    "<a ": ["=", "=' ", "='' ", " = ", "b ", "a='b' "],
    "<a b='": ["<p>", '"', "a"],
    "<!--": ["-", "--", "--!", "<!--"],
    "<script>": ["</", "</script", "</scripty>", "<script>"],
    "&#": ["0", "1"],
    "&#x": ["0", "f"],
    "&": ["a", "amp"],
}
ENDLESS = [(start, part) for start in ("", "<p>") for part in REPEATED] + [
    (start, part) for start, parts in CONTINUED.items() for part in parts
]


@pytest.mark.parametrize(("start", "part"), ENDLESS)
def test_a_megabyte_of_anything_is_read(start, part):
    """At once: where time is not in proportion to length, this takes minutes."""
    body = start + part * (1_000_000 // len(part))
    assert len(plain_text(body)) <= len(body)


def test_each_part_of_a_megabyte_is_read_as_alone():
    assert plain_text("<p>one <b>two</b></p>" * 50_000) == "\n".join(["one two"] * 50_000)
