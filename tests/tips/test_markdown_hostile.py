"""Texts written to break the page: what comes out holds nothing that the allow-list does not know, and comes out soon."""

import re
from html.parser import HTMLParser
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tips.markdown import ATTRIBUTES, TAGS, contents, plain_text, to_html

# What a browser takes for a scheme, once it has dropped what it drops; any other address leads within the site.
SCHEME = re.compile(r"^[\x00-\x20]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
HARMLESS = {"https", "http", "mailto", "tel"}

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x00>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="x" onmouseover="alert(1)">x</a>',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    "<style>*{background:url(//evil.example)}</style>",
    '<p style="position:fixed">x</p>',
    "<iframe src=//evil.example></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<meta http-equiv="refresh" content="0;url=//evil.example">',
    "<base href=//evil.example>",
    "<form action=//evil.example><input name=q><button>x</button></form>",
    "<object data=//evil.example></object><embed src=x>",
    "<link rel=stylesheet href=//evil.example>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<div><p><b><i>never closed",
    "</p></div></main></body></html><script>alert(1)</script>",
    '<figure class="exercise__figure"><svg onload=alert(1)></figure>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\x01script:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61;vascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](javascript&Tab;:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](blob:https://evil.example/1)",
    "<javascript:alert(1)>",
    "[x][r]\n\n[r]: javascript:alert(1)",
    '[x](https://a.example "title\\" onmouseover=alert(1) \\"")',
    "[x](https://a.example/\"onmouseover=alert(1))",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](y)',
    "# <script>alert(1)</script>",
    '## " onclick="alert(1)',
    "```<script>\nalert(1)\n```",
    "```x\" onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "| <script>alert(1)</script> |\n| --- |\n| <img src=x onerror=alert(1)> |",
    "::: exercise squat\"><script>alert(1)</script>\nx\n:::",
    "::: exercise\n<svg onload=alert(1)>\n:::",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)\\</script>",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "<scrıpt>alert(1)</scrıpt>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
]  # fmt: skip

# Seconds of processor time: far above what is needed, far below what work that grows with the square of the text takes.
QUADRATIC = 10

DEEP = {
    "quotes": "> " * 5000 + "x",
    "quotes without spaces": ">" * 60_000,
    "lists": "- " * 5000 + "x",
    "numbered lists": "1. " * 5000 + "x",
    "emphasis": "*a " * 5000 + "b*" * 5000,
    "emphasis in bold": "*a **b " * 4000 + "c** d*" * 4000,
    "exercises in each other": "::: exercise squat\n" * 3000,
}
LONG = {
    "stars": "*" * 60_000,
    "brackets": "[" * 60_000,
    "brackets closed": "[" * 30_000 + "]" * 30_000,
    "pictures": "![" * 30_000,
    "links left open": "[a](" * 15_000,
    "addresses left open": "[a](<" * 12_000,
    "references": "[a]: b\n" * 8000,
    "back-ticks": " ".join("`" * size for size in range(1, 340)),
    "angle brackets": "<" * 60_000,
    "ampersands": "&" * 60_000,
    "backslashes": "\\" * 60_000,
    "one word": "x" * 60_000,
    "exercises": "::: exercise squat\n:::\n" * 2600,
    "equal headings": "# a\n" * 15_000,
    "wide table": "|a" * 9000 + "|\n" + "|-" * 9000 + "|\n" + "|\n" * 6000,
    "long table": "|a" * 100 + "|\n" + "|-" * 100 + "|\n" + "|\n" * 29_000,
    "pipes": "|\n" * 30_000,
    "empty lines": "\n" * 60_000,
}


class Elements(HTMLParser):
    """Each element with its attributes, without our own drawings."""

    def __init__(self, html):
        super().__init__()
        self.found, self.drawing = [], 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.drawing += tag == "svg"
        if not self.drawing:
            self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        self.drawing -= tag == "svg"


def dangers(html):
    """What the page should not hold: elements, attributes and addresses that the allow-list does not know."""
    for tag, attributes in Elements(html).found:
        if tag not in TAGS:
            yield tag
        allowed = ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        yield from (f"{tag} {name}" for name in attributes if name not in allowed)
        href = attributes.get("href") or ""
        scheme = SCHEME.match(re.sub(r"[\t\n\r]", "", href))
        if scheme and scheme[1].lower() not in HARMLESS:
            yield href


def drawings(html):
    return html.count("<svg")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_dangerous_is_left_of_a_hostile_text(text):
    html = to_html(text)

    assert list(dangers(html)) == []
    assert drawings(html) <= text.count("::: exercise")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_dangerous_is_left_of_a_hostile_text_inside_other_marks(text):
    html = to_html(f"> - before\n>\n>   {text}\n>\n> **x** {text} *y*\n\n::: exercise plank\n{text}\n:::\n")

    assert list(dangers(html)) == []


@settings(max_examples=150, deadline=None, database=None)
@given(
    st.lists(
        st.sampled_from([*HOSTILE, "\n\n", "> ", "- ", "*", "`", "[", "](", ")", "<", '"', "&#", ":::"]), max_size=12
    )
)
def test_nothing_dangerous_is_left_of_hostile_texts_run_together(parts):
    html = to_html("".join(parts))

    assert list(dangers(html)) == []


def test_the_check_itself_sees_each_kind_of_danger():
    html = '<script></script><p onclick="x">y</p><a href=" java\tscript:x">z</a><svg><path onload="x"/></svg>'

    found = list(dangers(html))

    assert found == ["script", "p onclick", " java\tscript:x"]


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_a_deep_text_is_shown_within_two_seconds(text):
    begun = process_time()

    html = to_html(text[:60_000])

    assert process_time() - begun < 2
    assert list(dangers(html)) == []


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_words_and_contents_of_a_deep_text_are_found_within_two_seconds(text):
    begun = process_time()

    found = (type(plain_text(text[:60_000])), contents(text[:60_000]))

    assert process_time() - begun < 2
    assert found == (str, ())


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_the_longest_text_is_shown_within_ten_seconds(text):
    begun = process_time()

    html = to_html(text[:60_000])

    assert process_time() - begun < 10
    assert list(dangers(html)) == []
