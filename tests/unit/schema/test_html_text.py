import itertools

import pytest
from hypothesis import given, strategies as st

from gateway.observability.event_loop import run_to_completion
from gateway.schema.html_text import plain_text, plain_text_in_steps

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
    "tags that only begin alike": ("<title>t</titles></title>one<titles>", "one<titles>"),
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
# What only looks like markup
BODIES |= {
    "an address": ("a\nJo <jo@example.org>", "a\nJo <jo@example.org>"),
    "an address within markup": ("<p>Jo <jo@example.org></p>", "Jo <jo@example.org>"),
    "an address like a tag": ("<b@example.org> <a.b@c> <i-j@k>", "<b@example.org> <a.b@c> <i-j@k>"),
    "a link in brackets": (
        "See <https://x.org/a?b> and <mailto:jo@x.org>",
        "See <https://x.org/a?b> and <mailto:jo@x.org>",
    ),
    "a limit": ("Hb <norm, see lab.\nCall back.", "Hb <norm, see lab.\nCall back."),
    "a limit within markup": (
        "<p>Hb <norm, see lab.<br>Call back.",
        "Hb <norm, see lab.\nCall back.",
    ),
    "comparisons": ("if a<c and b>d: x<y", "if a<c and b>d: x<y"),
    "a placeholder": ("Dear <firstName>,\nhello", "Dear <firstName>,\nhello"),
    "an element nobody has standardised": (
        "<my-box>one</my-box><ITEM/>two",
        "<my-box>one<ITEM/>two",
    ),
    "text up to a tag": ("1 <two<b>three</b><four", "1 <twothree<four"),
    "names that do not end as one": ("<b,c> <p;> <a'b> <b<p>one", "<b,c> <p;> <a'b> <b\none"),
    "entities beside it": ("<p>&lt;b&gt; &amp;<jo&amp;co>", "<b> &<jo&co>"),
    "a quote as text": ("<p>one</p>\n<quote 'two>\nthree</p>", "one\n<quote 'two> three"),
}
# Names
BODIES |= {
    "ends of a name": ("<b>1</b><b/>2<b\tx>3<B\n>4<br/>5<u", "1234\n5"),
    "obsolete names": (
        "<font color=red>a</font><tt>b</tt><strike>c</strike><big>d<marquee>e",
        "abcde",
    ),
    "names with a prefix": (
        "<o:p>one</o:p><v:shape id=a/>t<st1:place w:x='>'>w</st1:place>o",
        "onetwo",
    ),
    "no prefix": (
        "<a:> <:b> <http://x> <a:b:c> <1:a> <mailto:j@x>",
        "<a:> <:b> <http://x> <a:b:c> <1:a> <mailto:j@x>",
    ),
    "instructions": ("<?xml:namespace prefix = o ?>one<?php 1 > 2 ?>two", "one 2 ?>two"),
    "any end, declaration or instruction": ("a</b@c>b<!x y>c<?x>d</3>e", "abcde"),
    "a picture": ("a<svg viewBox='0'><g><path d='M0'/><circle/></g></svg>b<path>", "ab<path>"),
    "a formula": ("<math><mi>x</mi><mo>&lt;</mo><mn>3</mn></math>", "x<3"),
    "a picture left open": ("<svg><path d=''><p>one <jo@x></p><path>", "one <jo@x>\n<path>"),
    "a title of a picture that ends itself": (
        "<svg><title/><g/><style/></svg>one<title/>two",
        "one",
    ),
    "a picture that ends itself": ("<svg/>one<path>", "one<path>"),
}
BODIES |= {
    f"a block: {name}": (f"one<{name} id=x>two</{name}>three", "one\ntwo\nthree")
    for name in (
        *("address", "article", "aside", "blockquote", "caption", "center", "dd", "details"),
        *("dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form"),
        *("frameset", "h1", "h6", "header", "hgroup", "legend", "li", "listing", "main", "menu"),
        *("nav", "ol", "optgroup", "option", "p", "pre", "search", "section", "summary", "table"),
        *("tbody", "textarea", "tfoot", "thead", "tr", "ul", "xmp"),
    )
}
BODIES |= {
    f"part of a line: {name}": (f"one<{name} id=x>two</{name}>three", "onetwothree")
    for name in ("a", "abbr", "button", "ins", "label", "mark", "q", "select", "span", "time")
}
# Line breaks that stay
BODIES |= {
    "lines of a pre": (
        "<p>a\nb</p><pre>\nc\n  d   e\n\nf\r\ng\n</pre>h\ni",
        "a b\nc\nd e\n\nf\ng\nh i",
    ),
    "markup in a pre": ("<pre>a\n<b>b\nc</b>&#10;<jo@x>\nd</pre>", "a\nb\nc\n<jo@x>\nd"),
    "blocks in a pre": ("<pre>a\n<div>b\nc</div>\nd</pre>", "a\nb\nc\nd"),
    "a pre in a pre": ("<pre>a\nb<pre>c\nd</pre>e\nf</pre>g\nh", "a\nb\nc\nd\ne\nf\ng h"),
    "a pre left open": ("<div><pre>a\nb</div>c\nd", "a\nb\nc d"),
    "lines of a textarea": (
        "a<textarea rows=2>\nb\n\n <b>c</b> &amp;\r\nd</textarea>e\nf",
        "a\nb\n\n<b>c</b> &\nd\ne f",
    ),
    "a textarea left open": ("<textarea>a\n<p>b", "a\n<p>b"),
    "lines of another time": ("<listing>a\nb</listing><xmp>c\n<b>&amp;</xmp>", "a\nb\nc\n<b>&amp;"),
    "signs for lines": ("<p>a\vb\fc&#12;d&#11;e</p>", "a b c de"),
}
# What is hidden
BODIES |= {
    "hidden": ("a<div hidden>b</div>c<span HIDDEN=''>d</span>e<p hidden=until-found>f</p>", "ace"),
    "not displayed": (
        "<div style='display:none'>a</div>b<span style=\"color:red; DISPLAY : None !important;\">c</span>d",
        "bd",
    ),
    "displayed": (
        "<p style='display:block'>a</p><p style='no-display:none'>b</p><p class=hidden data-hidden title='hidden'>c</p>",
        "a\nb\nc",
    ),
    "displayed by the last word": (
        "<b style='display:none;display:inline'>a</b><b style='display:inline;display:none'>b</b>",
        "a",
    ),
    "displayed by the important word": (
        "<b style='display:inline!important;display:none'>a</b>",
        "a",
    ),
    "displayed since the declaration is none": ("<b style='display:none !'>a</b>", "a"),
    "the first of two attributes": ("<b style='color:red' style='display:none'>a</b>", "a"),
    "a style with remarks": (
        "<b style='/* ; */ display/**/:/* x */none'>a</b>b<b style='/*display:none'>c</b>",
        "bc",
    ),
    "a style in entities": ("<b style='display&colon;none'>a</b>b", "b"),
    "a style without quotes": (
        "<b style=display:none>a</b>b<b style = display:none;x>c</b>d",
        "bd",
    ),
    "a preheader": (
        "<body><div style='display:none;max-height:0'>Your code&nbsp;&zwnj;&nbsp;&zwnj;</div><table><tr><td>Hello</td></tr></table></body>",
        "Hello",
    ),
    "elements in what is hidden": (
        "<div hidden><div>a</div><p>b<p>c<br><ul><li>d</ul></div>e",
        "e",
    ),
    "hidden in what is hidden": ("<div hidden>a<div hidden>b</div>c</div>d", "d"),
    "text that looks like an end": (
        "<div hidden>a<!-- </div> --><b title='</div>'>b</b><script></div></script></div>c",
        "c",
    ),
    "hidden words within a word": ("a<span hidden>b</span>c", "ac"),
    "hidden and without content": ("a<br hidden>b<img style='display:none'>c<hr hidden>d", "abcd"),
    "a hidden textarea": ("<textarea hidden>a</textarea>b", "b"),
    "hidden paragraphs left open": (
        "<p hidden>a<p>b<p hidden>c<div>d</div>e<p hidden>f",
        "b\nd\ne",
    ),
    "hidden items left open": ("<ul><li hidden>a<ul><li>b</ul>c<li>d</ul>e", "d\ne"),
    "hidden terms left open": ("<dl><dt hidden>a<dd>b<dt>c<dd hidden>d</dl>e", "b\nc\ne"),
    "hidden cells left open": (
        "<table><tr><td hidden>a<td>b<tr><th>c<th hidden>d</table>e",
        "b\nc\ne",
    ),
    "hidden rows left open": (
        "<table><tr hidden><td>a<tr><td>b<tbody hidden><tr><td>c<tbody><tr><td>d</table>",
        "b\nd",
    ),
    "hidden options left open": (
        "<select><option hidden>a<option>b<option hidden>c</select>d",
        "bd",
    ),
    "a table in a hidden cell": (
        "<table><tr><td hidden><table><tr><td>a</table>b<td>c</table>",
        "c",
    ),
    "hidden up to the end of what it stands in": (
        "<div><span hidden>a</div>b<td><div hidden>c</td>d",
        "b d",
    ),
    "hidden and never ended": ("<div hidden>a<p>b</p>c", "a\nb\nc"),
    "hidden and never ended, in a page": ("<body><div hidden>a<p>b</p></body></html>", "a\nb"),
    "hidden and ended in what is never": ("<div hidden>a<div hidden>b</div>c", "ac"),
    "ends of nothing in what is hidden": ("<div hidden>a</p>b</span></ul></i>c</div>d", "d"),
    "wrong nesting in what is hidden": ("<b><div hidden>a</b>b</div>c</b>d", "cd"),
    "a pre that is hidden": ("<pre hidden>a\nb</pre>c\nd", "c d"),
    "hidden in a picture": (
        "<svg><g hidden/><g style='display:none'><text>a</text></g><text>b</text></svg>",
        "b",
    ),
    "a part of another language that ends itself": ("<o:p hidden/>a", "a"),
}
# What has no width
BODIES |= {
    "soft hyphens": ("<p>Termin\u00adverein&shy;barung</p>", "Terminvereinbarung"),
    "soft hyphens without markup": ("Termin\u00adverein&shy;barung\nb", "Terminvereinbarung\nb"),
    "padding": (
        "<p>Hello" + "&zwnj;&nbsp;" * 9 + "&#847;&#8199;&#65279;&#8203; " * 9 + "</p>you",
        "Hello\nyou",
    ),
    "padding between words": ("<p>Hello&nbsp;&zwnj;&#8203;&nbsp;you", "Hello you"),
    "padding without markup": (
        "Hello\n" + "\u200c\u00a0\u034f \u00ad" * 9 + "\n\nyou",
        "Hello\n\n\nyou",
    ),
    "padding with blanks alone": ("one\u00a0\u00a0two", "one\u00a0\u00a0two"),
    "padding without blanks": ("one\u200b\u200b\u200btwo", "onetwo"),
    "padding across tags": ("<p>one<b>\u200c</b>&zwnj;<i>two</i> \u200b<u>three", "onetwo three"),
    "nothing but padding": ("\ufeff", ""),
    "nothing but padding in blocks": ("<p>\u200b</p><p>&zwj;&nbsp;</p>", ""),
    "a mark of byte order": ("\ufeffone", "one"),
    "joined emoji": (
        "<p>\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525</p>",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525",
    ),
    "parted letters": (
        "<p>\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645</p>",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ),
    "marks of direction": ("\u200f\u05d0 \u200e(1)", "\u200f\u05d0 \u200e(1)"),
}


@pytest.mark.parametrize(("body", "text"), BODIES.values(), ids=BODIES)
def test_a_body_is_read_as_its_words(body, text):
    assert plain_text(body) == text


NAMES = [
    *("p", "DIV", "b", "script", "style", "td", "br/", "!--", "!doctype", "/p", "/b", "/script"),
    *("pre", "/pre", "svg", "/svg", "o:p", "?xml", "center", "option", "span", "/span"),
]
MARKUP = st.builds(
    "<{}{}>".format,
    st.sampled_from(NAMES),
    st.sampled_from(
        ["", " class=x", ' title="<>"', " x='>'", "\n", " =", " a=b=c", " --", " hidden", " /"]
    ),
)
WORDS = st.text(alphabet="ab \n\té&;'\"=-/", max_size=8)


@given(st.lists(st.one_of(MARKUP, WORDS)).map("".join))
def test_no_markup_is_left(body):
    assert "<" not in plain_text(body)


@given(st.text(alphabet="<>/!-='\" \nabpscript&#;0\u00a0\u200c\u00ad"))
def test_any_body_has_a_text(body):
    text = plain_text(body)
    assert text == text.strip()
    assert "\u00ad" not in text


ELEMENTS = {"b", "div", "o:p", "td", "table", "pre", "svg", "ul", "li", "span", "textarea"}


@given(
    st.lists(
        st.sampled_from(sorted(ELEMENTS)).map(lambda name: f"<{name} x=y>{name}</{name}>"),
        max_size=5,
    ).map("".join),
    st.sampled_from(["b", "div", "o:p", "pre", "section", "span", "table", "ul"]),
    st.sampled_from(["hidden", "style='display:none'"]),
)
def test_what_is_in_order_in_a_hidden_element_is_hidden(inside, name, hidden):
    assert plain_text(f"<i>one</i><{name} {hidden}>{inside}</{name}><i>two</i>") == "onetwo"


@pytest.mark.slow
@given(st.text(alphabet="ab@.,:;!?=+ \n0123456789").filter(lambda text: "\n" in text.strip()))
def test_what_follows_a_sign_is_text(text):
    sent = f"x <q@{text}"
    assert plain_text(sent) == sent.strip()


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
    *("<div hidden>", "<p hidden>", "<td hidden>a", "<li hidden>", "<b style='display:none'>a"),
    *("<div hidden><p hidden>", "<div hidden></div>", "<div hidden><b></div>", "</div>", "</b>"),
    *("<pre>", "<pre>\n", "<pre>a</pre>", "<textarea>", "<textarea>\n</textarea", "<xmp></xmp>"),
    *("<svg>", "<svg><path>", "<svg><path/>", "<svg hidden>", "<math><p>", "<o:p>", "<o:p/>"),
    *("<foo ", "<foo>", "<a@b", "<b,", "<a:b:", "<a.b-c_d ", "<b<", "a<c "),
    *("\u00ad", "\u200c", "\u200c ", "&zwnj;&nbsp;", "\u200c\n", "a\u200c", "&shy;", "\r\n", "\v"),
    *("&", "&#", "&#0", "&#1", "&#x1", "&notit", "&amp", " ", "\n", "\u00a0", "a"),
]
CONTINUED = {
    "<a ": ["=", "=' ", "='' ", " = ", "b ", "a='b' "],
    "<a b='": ["<p>", '"', "a"],
    "<a hidden": [" hidden", " style", "=", " = ", "='display' ", "/", "\n"],
    "<a style='": [
        "display:",
        "display:none;",
        "display",
        ";",
        " ",
        ": ",
        "!",
        "/*",
        "*/",
        "&#59;",
    ],
    "<div hidden>": ["<b>", "</b>", "<b><i></b>", "<p>", "<p></div><div>", "<td>", "a"],
    "<div hidden><i>": ["<b><p></i>", "<b></i>", "</p>", "<ul><li></ul>"],
    "<b style='display&#": ["0", "1"],
    "<svg>": ["<foo ", "<foo>", "<p>", "<foo/>", "</svg><svg>"],
    "<pre>": ["\n", "\r", "a\n", "<b>\n", " \n "],
    "<textarea>": ["</", "</textarea", "\n", "<textarea>"],
    "<!--": ["-", "--", "--!", "<!--"],
    "<script>": ["</", "</script", "</scripty>", "<script>"],
    "&#": ["0", "1"],
    "&#x": ["0", "f"],
    "&": ["a", "amp"],
}
ENDLESS = [(start, part) for start in ("", "<p>") for part in REPEATED] + [
    (start, part) for start, parts in CONTINUED.items() for part in parts
]


@pytest.mark.sample(1)
@pytest.mark.parametrize(("start", "part"), ENDLESS)
def test_a_megabyte_of_anything_is_read(start, part):
    """At once: where time is not in proportion to length, this takes minutes."""
    body = start + part * (1_000_000 // len(part))
    assert len(plain_text(body)) <= len(body)


@pytest.mark.slow
def test_each_part_of_a_megabyte_is_read_as_alone():
    assert plain_text("<p>one <b>two</b></p>" * 50_000) == "\n".join(["one two"] * 50_000)


@pytest.mark.parametrize(("body", "text"), BODIES.values(), ids=BODIES)
def test_a_body_is_the_same_in_steps(body, text):
    steps = plain_text_in_steps(body)
    next(steps)
    assert run_to_completion(steps) == text


LONG = {
    "lines": ("", "<p>one <b>two</b></p>", "one two", "\n"),
    "words": ("", "<b>one</b> ", "one", " "),
    "one word": ("", "<b>o</b>", "o", ""),
    "entities": ("", "<b>&amp;</b>&eacute;&#233;", "&éé", ""),
    "entities without markup": ("", "&amp;&eacute;&#233;", "&éé", ""),
    "words of entities without markup": ("", "a&amp;b &ampc", "a&b &c", ""),
    "padding": ("", "<b>é</b>\u200b \u200b", "é", " "),
    "blank blocks": ("", "a<br> \n<p>&nbsp;</p>", "a", "\n"),
    "a sign": ("", "<b></b><", "<", ""),
    "signs": ("<b>", "a < b ", "a < b", " "),
    "one comment": ("<b>a</b><!--", "- -", "", ""),
    "comments": ("", "<!-- a -->b<!---->", "b", ""),
    "one script": ("<b>a</b><script>", "</s ", "", ""),
    "one tag": ("<b>a</b><p ", "a=' >' ", "", ""),
    "one tag that may be hidden": ("<b>a</b><p display ", "style='' ", "", ""),
    "one text area": ("<textarea>", "a&lt;\r\n", "a<", "\n"),
    "elements within each other": ("<p>a</p><div hidden>", "<b>", "", ""),
    "hidden elements": ("", "<i hidden>a</i>b", "b", ""),
    "lines that are kept": ("<pre>", "a\r\n", "a", "\n"),
}
"""What there is once, what there is many times, what is shown of each of the latter, and what between two."""


def in_steps(body: str) -> tuple[str, int]:
    """The text of a body, and in how many steps it was read."""
    steps = plain_text_in_steps(body)
    for count in itertools.count():
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value, count
    raise AssertionError


@pytest.mark.sample(1)
@pytest.mark.parametrize(("begin", "part", "text", "between"), LONG.values(), ids=LONG)
def test_a_long_body_is_read_in_steps_that_divide_nothing(begin, part, text, between):
    count = 1_000_000 // len(part)
    found, steps = in_steps(begin + part * count)
    once = plain_text(begin + "</b>") if not text else ""
    assert found == once + between.join([text] * count)
    assert steps >= 7


def test_a_tag_is_hidden_by_the_last_of_very_many_attributes():
    attributes = "a=' >' " * 60_000
    assert plain_text(f"<p {attributes}>a</p><p {attributes} hidden>b</p>") == "a"


def test_a_long_comment_is_read_in_steps_up_to_its_end():
    text, steps = in_steps(f"a<!--{'- ' * 100_000}-->b")
    assert text == "ab"
    assert steps >= 3
