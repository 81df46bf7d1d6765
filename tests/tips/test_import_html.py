import re
from html import escape
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tips.importing.html import LOST as LEFT_OUT
from tips.importing.html import TAGS, to_markdown, words_of
from tips.importing.shortcodes import with_line_breaks, without_blocks, without_shortcodes
from tips.importing.text import cut, first_sentences
from tips.markdown import plain_text, to_html

SHAPES = {
    # Text
    "<p>Hello <b>Note:</b>text <i>a</i><i>b</i></p>": "Hello **Note:** text *ab*",
    "<p><b>bold<br></b>after</p>": "**bold**\\\nafter",
    "<p><b><i>both</i></b> and <strong> room </strong>left</p>": "***both*** and **room** left",
    "<p><b></b> <span>plain</span> <u>line</u></p>": "plain line",
    "<p>&nbsp;</p><p>a&nbsp;&nbsp;b\u200b</p>": "a b",
    "<p>x<sup>2</sup>, 1<sup>st</sup>, H<sub>2</sub>O, 10<sup>ab</sup></p>": "x², 1st, H₂O, 10^ab",
    "<p><q>so</q></p>": "“so”",
    "<p>one<br><br>two<br></p>": "one\n\ntwo",
    "<p>unclosed <b>tag": "unclosed **tag**",
    # Signs that would be marks
    "<p>1. a<br>- b<br># c<br>2019) d<br>+ e<br>&gt; f</p>": "1\\. a\\\n\\- b\\\n\\# c\\\n2019\\) d\\\n\\+ e\\\n\\> f",
    "<p>[x](y) snake_case _x_ 5*3 &lt;3 &lt;b&gt; &amp;amp; a\\b</p>": "\\[x](y) snake_case \\_x\\_ 5\\*3 <3 \\<b> \\&amp; a\\b",
    # Headings
    "<h1>One</h1><h4><b>Two</b></h4><h2>Three</h2>": "## One\n\n### Two\n\n### Three",
    "<h3>A</h3><h1>B</h1><h2>C</h2><h5>D</h5><h6>E</h6>": "## A\n\n## B\n\n### C\n\n#### D\n\n#### E",
    "<h2></h2><h2><img src='a.png'></h2>": "![](picture:a.png)",
    # Lists
    "<ul><li>a<ul><li>b</li></ul></li><li>c<br>d</li></ul>": "- a\n  - b\n- c\\\n  d",
    "<ul><li>a</li><ul><li>b</li></ul></ul>": "- a\n  - b",
    "<ol start=3><li>- x</li><li><p>p</p><p>q</p></li></ol>": "3. \\- x\n4. p\n\n   q",
    "<ul>loose<li>a</li></ul>": "- loose\n- a",
    "<dl><dt>Term</dt><dd>What it means</dd></dl>": "**Term**\n\nWhat it means",
    # Boxes
    "<div><div>foo<div>bar</div>baz</div></div>": "foo\n\nbar\n\nbaz",
    "<center>foo</center>bar<aside>baz</aside>": "foo\n\nbar\n\nbaz",
    "<blockquote><p>q</p><cite>who</cite></blockquote>": "> q\n>\n> who",
    "<details><summary>More</summary>inside</details>": "**More**\n\ninside",
    "<pre><code>a *b*\n```\n</code></pre>": "````\na *b*\n```\n````",
    "<pre class='wp-block-verse'>a\nb</pre>": "a\\\nb",
    "<table><tr><td>a|b</td><td>c</td></tr><tr><td>d<br>e</td><td>f</td></tr></table>": "| a\\|b | c |\n| --- | --- |\n| d e | f |",
    "<table><caption>Cap</caption><thead><tr><th>h</th></tr></thead><tbody><tr><td>v</td></tr></tbody></table>": "Cap\n\n| h |\n| --- |\n| v |",
    # Links and pictures
    "<a href='https://x.example/y (z)'><h3>T</h3><p>p</p></a>": "## [T](https://x.example/y%20%28z%29)\n\n[p](https://x.example/y%20%28z%29)",
    "<p><a name=x>no address</a> <a href='https://x.example'></a> <a href='javascript:alert(1)'>js</a></p>": "no address js",
    "<figure><a href='/o.jpg'><img src='o.jpg' alt='A [knee]'></a><figcaption>Cap <b>x</b></figcaption></figure>": "![A \\[knee\\]](picture:o.jpg)\n\n*Cap **x***",
    "<p><a href='/step/' rel='attachment wp-att-3'><img src='o.jpg' alt=''></a></p>": "![](picture:o.jpg)",
    "<p><a href='https://x.example/'><img src='o.jpg' alt=''></a></p>": "[![](picture:o.jpg)](https://x.example/)",
}
LOST = {
    "<script>alert(1)</script>": "A script is not kept.",
    "<style>p{}</style>": "A style sheet is not kept.",
    "<iframe src='https://y.example/z'>x</iframe>": "An embedded frame is not kept (https://y.example/z).",
    "<form action='/send'><input name=a><button>Send</button></form>": "A form is not kept (/send).",
    "<video><source src='https://y.example/v.mp4'></video>": "A video is not kept (https://y.example/v.mp4).",
    "<audio src='a.mp3'></audio>": "A sound is not kept (a.mp3).",
    "<svg><path d='M0'/></svg>": "A drawing is not kept.",
    "<table><tr><td colspan=2>a</td></tr></table>": "A table had joined cells; look at it again.",
    "<del>gone</del>": "Words that were struck out stand there like the others.",
}
CODES = {
    "Some [sic] and [see below] and [1].": ("Some [sic] and [see below] and [1].", []),
    "a [[gallery]] b": ("a [gallery] b", []),
    "[contact-form-7 id=\"5\"]": ("", ["A shortcode is not kept: [contact-form-7 id=\"5\"]."]),
    "a\n[toc]\nb": ("a\n\nb", ["A shortcode is not kept: [toc]."]),
    "[button url='/x']Go[/button]": ("Go", ["A shortcode is not kept: [button url='/x']."]),
    "[gallery ids=\"1,9\"]": ("", ["A gallery is not kept: a.png, number 9."]),
    "[gallery]": ("", ["A gallery is not kept."]),
    "[embed]https://v.example/1[/embed]": ("\n\n<a href=\"https://v.example/1\">https://v.example/1</a>\n\n", []),
    "[caption id=\"a\" width=\"3\"]<img src=\"a.png\" /> Words[/caption]": ("\n\n<figure><img src=\"a.png\" /><figcaption>Words</figcaption></figure>\n\n", []),
    "[caption]no picture[/caption]": ("no picture", []),
}  # fmt: skip


def convert(html):
    return to_markdown(html, keep=lambda address, alt: f"picture:{address}", lead=lambda address: address or None)


@pytest.mark.parametrize("html", SHAPES)
def test_html_becomes_markdown_of_the_same_shape(html):
    markdown, _ = convert(html)

    assert markdown == SHAPES[html]


@pytest.mark.parametrize("html", LOST)
def test_what_markdown_cannot_say_is_left_out_and_told(html):
    markdown, lost = convert(f"<p>before</p>{html}")

    assert lost == [LOST[html]]
    assert re.findall(r"alert|p\{|Send|path", markdown) == []


@pytest.mark.parametrize("text", CODES)
def test_shortcodes_are_told_from_ordinary_brackets(text):
    left = without_shortcodes(text, {"1": "https://x.example/a.png"})

    assert left == CODES[text]


def test_a_block_that_is_filled_in_by_wordpress_is_told_and_the_others_are_their_html():
    text = '<!-- wp:paragraph {"a":{"b":1}} --><p>x</p><!-- /wp:paragraph --><!-- wp:core/rss {"url":"https://f.example"} /--><!--more--><!-- wp:block {"ref":7} /-->'

    left = without_blocks(text)

    assert left == (
        "<p>x</p>",
        [
            "A block that WordPress filled in itself is not kept: core/rss (https://f.example).",
            "A block that WordPress filled in itself is not kept: reusable block.",
        ],
    )


def test_a_classic_text_without_paragraphs_gets_them_where_its_lines_end():
    text = "one\ntwo\n\n\nthree <b>x</b>\n<ul>\n\t<li>a\n\nb</li>\n</ul>\n<pre>k\n\nl</pre>\nlast"

    markdown, _ = convert(with_line_breaks(text))

    assert markdown == "one\\\ntwo\n\nthree **x**\n\n- a\n\n  b\n\n```\nk\n\nl\n```\n\nlast"


def test_a_text_that_is_nested_beyond_measure_is_refused_and_not_worse():
    with pytest.raises(RecursionError):
        convert("<div>" * 3000 + "x")


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Co"])
    | st.sampled_from(" *_[]()<>#-+.!`|\\&~=:1"),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(words, min_size=1, max_size=3))
@example(["- x"])
@example(["![a](b)"])
@example(["a&amp;b"])
@example(["::: exercise squat"])
@example(["    code"])
def test_words_stay_the_same_words(lines):
    wanted = [" ".join(line.split()) for line in lines]
    html = "".join(f"<p>{escape(line)}</p>" for line in wanted)

    markdown, _ = convert(html)

    assert plain_text(markdown).split("\n") == [line for line in wanted if line] or [""]
    assert re.findall(r"<(?!/?p>)[^>]*>", to_html(markdown)) == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "b", "i", "a"]), st.text("ab:. ", min_size=1, max_size=6)),
        min_size=1,
        max_size=5,
    )
)
def test_emphasis_never_shows_as_stars(parts):
    inner = "".join(f"<{tag} href='/x'>{text}</{tag}>" if tag else text for tag, text in parts)

    markdown, _ = convert(f"<p>{inner}</p>")

    said = plain_text(markdown).replace(" ", "")
    assert said == "".join(text for _, text in parts).replace(" ", "")


names = st.sampled_from(sorted(TAGS - set(LEFT_OUT) - {"sup", "sub", "q", "source", "img"}))
pieces = st.one_of(
    names.map(lambda name: f"<{name} href=/x>"),
    names.map(lambda name: f"</{name}>"),
    st.sampled_from(["\n", "\n\n", "<br>", "word", "word ", "word."]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join), st.booleans())
@example("<dt>word<code>word<br><br>word</code>word<div></div>word</dt>", False)
@example("<h3><blockquote>word</blockquote><div>word</div></h3>", False)
@example("<b>word<pre>word</pre></b><ul>word<ul><br><li>word", True)
@example("<a href=/x>word<br></a><code></code><br>", True)
def test_no_word_is_lost_in_any_soup_of_tags_and_no_mark_shows(html, classic):
    markdown, _ = convert(with_line_breaks(html) if classic else html)

    shown = to_html(markdown)
    words = re.sub("<[^>]*>", "", shown)
    levels = [1, *map(int, re.findall(r"<h(\d)", shown))]
    assert words.count("word") == html.count("word")
    assert re.findall(r"&lt;|[*_~\\`]|\]\(", words) == []
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_words_of_a_title_have_no_marks():
    words = words_of("Knees &amp; <em>hips</em><br>on stairs<script>x</script>")

    assert words == "Knees & hips on stairs"


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("one two", 7, "one two"),
        ("one two three", 9, "one two…"),
        ("one, two", 6, "one…"),
        ("oneword", 4, "one…"),
        ("a  b\n", 9, "a b"),
    ],
)
def test_a_text_is_cut_at_a_word(text, limit, short):
    assert cut(text, limit) == short


def test_a_summary_is_whole_sentences():
    text = "Knees bend. They also ache! What then? " + "A very long sentence that goes on and on. " * 5

    assert first_sentences(text, 90) == "Knees bend. They also ache! What then?"
