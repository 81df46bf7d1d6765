import re

import pytest

from tips import figures
from tips.blocks import SIGNS, WHOM_TO_CALL
from tips.markdown import PARSER, contents, plain_text, to_html

ANCHOR = re.compile(r'<h[2-4] id="([^"]*)">')


def test_the_usual_marks_become_the_usual_elements():
    text = "One *two* **three** `four`\n\n> five\n\n1. six\n\n- seven\n\n---\n"

    html = to_html(text)

    assert html == (
        "<p>One <em>two</em> <strong>three</strong> <code>four</code></p>\n"
        "<blockquote>\n<p>five</p>\n</blockquote>\n<ol>\n<li>six</li>\n</ol>\n<ul>\n<li>seven</li>\n</ul>\n<hr>\n"
    )


@pytest.mark.parametrize("text", ["# Warm up", "Warm up\n=======", "> # Warm up", "- # Warm up"])
def test_no_heading_of_the_text_is_the_page_s_own(text):
    html = to_html(text)

    assert re.findall(r"<h\d", html) == ["<h2"]


@pytest.mark.parametrize("marks", ["##", "###", "####"])
def test_a_heading_keeps_its_level_and_has_an_anchor(marks):
    level = len(marks)

    html = to_html(f"{marks} Warm up first")

    assert html == f'<h{level} id="warm-up-first">Warm up first</h{level}>\n'


@pytest.mark.parametrize("marks", ["#####", "######"])
def test_a_heading_deeper_than_the_design_knows_is_still_set_apart(marks):
    html = to_html(f"{marks} Warm up\nThen go on.")

    assert re.match(r"<(h4|p)\b[^>]*>Warm up</\1>", html)


def test_anchors_are_all_different_and_none_is_empty():
    text = "## Warm up\n\n## Warm up\n\n## 🙂\n\n## 🙂\n\n## 漢字\n"

    anchors = ANCHOR.findall(to_html(text))

    assert (len(set(anchors)), "" in anchors) == (5, False)


def test_contents_name_each_second_level_heading_by_the_anchor_it_has():
    text = "# Title\n\n## Why *now* and `how`\n\n### Not this one\n\n## Why now and how\n\n## See [more](/tips/)\n"

    found = contents(text)

    assert found == (
        ("title", "Title"),
        ("why-now-and-how", "Why now and how"),
        ("why-now-and-how--2", "Why now and how"),
        ("see-more", "See more"),
    )
    assert {anchor for anchor, _ in found} <= set(ANCHOR.findall(to_html(text)))


def test_contents_of_a_text_without_headings_are_none():
    found = contents("Only words, and #no heading.")

    assert found == ()


def test_plain_text_tells_the_fields_of_an_exercise_from_what_they_say():
    words = plain_text("::: exercise squat\nName: Squat\nFor: Your thighs.\nSets: 2 sets of 8.\n:::")

    assert " ".join(words.split()) == "Squat What for: Your thighs. Sets and repetitions: 2 sets of 8."


def test_plain_text_is_the_words_without_their_marks():
    text = "## Warm *up*\n\nSee [the plan](/tips/plan/) & `rest`.\n\n::: exercise squat\n- **How:** down\n:::\n"

    words = plain_text(text)

    assert words == "Warm up\nSee the plan & rest.\nHow: down"


def test_a_table_is_set_as_a_table_in_a_box_that_keys_can_scroll():
    html = to_html("| Day | Plan |\n| --- | :-: |\n| Monday | Rest |\n")

    assert re.sub(r"\s", "", html) == (
        '<divclass="scroll"role="group"aria-label="Table"tabindex="0">'
        "<table><thead><tr><th>Day</th><th>Plan</th></tr></thead>"
        "<tbody><tr><td>Monday</td><td>Rest</td></tr></tbody></table></div>"
    )


def test_an_exercise_is_set_with_its_drawing_before_its_words():
    html = to_html("::: exercise squat\n**Squat.** Sit back.\n:::\nAfter.")

    assert html == (
        f'<section class="exercise">\n<figure class="exercise__figure">{figures.svg("squat")}</figure>\n'
        "<div>\n<p><strong>Squat.</strong> Sit back.</p>\n</div>\n</section>\n<p>After.</p>\n"
    )


@pytest.mark.parametrize(
    "key", ["", "nothing-like-it", "<script>alert(1)</script>", '"><svg/onload=x>', "../../etc/passwd", "squat2squat"]
)
def test_an_unknown_exercise_has_no_drawing_and_keeps_its_words(key):
    html = to_html(f"::: exercise {key}\nSit back.\n:::\n")

    assert re.sub(r"\s", "", html) == '<sectionclass="exercise"><div><p>Sitback.</p></div></section>'


def test_the_same_exercise_twice_on_a_page_does_not_share_its_ids():
    html = to_html("::: exercise squat\nOnce.\n:::\n\n::: exercise squat\nTwice.\n:::\n")

    ids = re.findall(r'\bid="([^"]*)"', html)

    assert len(set(ids)) == len(ids)


def test_an_exercise_left_open_ends_with_the_text():
    html = to_html("::: exercise squat\nSit back.")

    assert (html.count("<section"), html.endswith("<p>Sit back.</p>\n</div>\n</section>\n")) == (1, True)


def words_of_exercise(lines):
    html = to_html(f"::: exercise squat\n{lines}\n:::\n")
    return html.split("<div>\n")[1].split("</div>")[0].replace("\n", "")


def test_the_fields_of_an_exercise_are_a_list_under_its_name():
    lines = "Name: Squat\nFor: Your *thighs*.\nHow: Sit back.\nSets: 2–3 sets.\nStop if: it hurts."

    html = words_of_exercise(lines)

    assert html == (
        '<h2 id="squat">Squat</h2>'
        "<dl><dt>What for</dt><dd>Your <em>thighs</em>.</dd><dt>How</dt><dd>Sit back.</dd>"
        "<dt>Sets and repetitions</dt><dd>2–3 sets.</dd><dt>Stop if</dt><dd>it hurts.</dd></dl>"
    )


@pytest.mark.parametrize(
    ("lines", "html"),
    [
        ("How: a\n\nSets: b", "<dl><dt>How</dt><dd>a</dd><dt>Sets and repetitions</dt><dd>b</dd></dl>"),
        ("  how:   a  ", "<dl><dt>How</dt><dd>a</dd></dl>"),
        ("Before.\nHow: a\nAfter: b.", "<p>Before.</p><dl><dt>How</dt><dd>a</dd></dl><p>After: b.</p>"),
        ("How:\n\n1. a", "<p>How:</p><ol><li>a</li></ol>"),
        ("- How: a", "<ul><li>How: a</li></ul>"),
        ("How: a\nHow: b", "<dl><dt>How</dt><dd>a</dd><dt>How</dt><dd>b</dd></dl>"),
        ("How: ::: x", "<dl><dt>How</dt><dd>::: x</dd></dl>"),
    ],
)
def test_whatever_is_no_field_stays_as_it_is(lines, html):
    found = words_of_exercise(lines)

    assert found == html


def test_there_are_no_fields_outside_an_exercise():
    html = to_html("How: down")

    assert html == "<p>How: down</p>\n"


@pytest.mark.parametrize(("above", "level"), [("", 2), ("# A", 3), ("## A", 3), ("## A\n\n### B", 4), ("#### A", 4)])
def test_a_card_of_warning_signs_has_a_heading_below_the_one_it_stands_under(above, level):
    html = to_html(f"{above}\n\n::: help\n- chest pain\n:::\n")

    assert html.endswith(
        f'<section class="help-now">\n<h{level} id="get-help-now-if">Get help now if</h{level}>\n'
        f"{SIGNS}\n<ul>\n<li>chest pain</li>\n</ul>\n{WHOM_TO_CALL}\n</section>\n"
    )


@pytest.mark.parametrize(("above", "level"), [("", 2), ("# A", 3), ("## A", 3), ("## A\n\n### B", 4), ("#### A", 4)])
def test_each_exercise_has_its_name_as_a_heading_below_the_one_it_stands_under(above, level):
    exercise = "::: exercise squat\nName: {}\n:::\n\n"

    html = to_html(f"{above}\n\n" + exercise.format("Squat") + exercise.format("Deep *squat*"))

    assert re.findall(r"<h.*", html)[-2:] == [
        f'<h{level} id="squat">Squat</h{level}>',
        f'<h{level} id="deep-squat">Deep <em>squat</em></h{level}>',
    ]


def test_the_headings_of_blocks_are_none_of_the_contents_and_nothing_stands_below_them():
    blocks = "::: exercise squat\nName: Squat\n:::\n\n::: help\n- chest pain\n:::\n\n"

    text = blocks + "## Warm up\n\n" + blocks

    assert contents(text) == (("warm-up", "Warm up"),)
    assert re.findall(r"<(h\d)", to_html(text)) == ["h2", "h2", "h2", "h3", "h3"]


def test_a_list_to_tick_has_its_boxes_alone():
    html = to_html("- ☐ one\n- ☐ two\n\nThen.\n\n- three\n-\n\n1. ☐ four\n")

    assert re.findall(r"<[uo]l[^>]*>", html) == ['<ul class="ticks">', "<ul>", "<ol>"]


def test_words_on_two_lines_stay_two_words():
    words = plain_text("One\ntwo  \nthree")

    assert words == "One two three"


@pytest.mark.parametrize("indent", ["    ", "\t", "\t\t"])
def test_an_indented_paragraph_is_a_paragraph(indent):
    html = to_html(f"One.\n\n{indent}Two.\n\n- three\n\n{indent}{indent}Four.\n")

    assert html == "<p>One.</p>\n<p>Two.</p>\n<ul>\n<li>\n<p>three</p>\n<p>Four.</p>\n</li>\n</ul>\n"


def test_html_in_the_text_is_shown_as_text():
    html = to_html("<b onclick=x>Bold</b> & <!-- hidden -->")

    assert html == "<p>&lt;b onclick=x&gt;Bold&lt;/b&gt; &amp; &lt;!-- hidden --&gt;</p>\n"


@pytest.mark.parametrize("href", ["https://a.example/b?c=1", "http://a.example/", "/tips/a/", "mailto:a@b.example", "tel:+14076985558", "#rest"])  # fmt: skip
def test_a_link_keeps_its_address(href):
    html = to_html(f"[words]({href})")

    assert html == f'<p><a href="{href}" rel="noopener">words</a></p>\n'


def test_a_picture_from_elsewhere_is_its_words():
    html = to_html("Look: ![a knee](https://a.example/knee.png)")

    assert html == "<p>Look: a knee</p>\n"


def test_our_drawings_cannot_be_called_by_html():
    text = '<figure class="exercise__figure">squat</figure>'

    html = to_html(text)

    assert ("<svg" in html, "&lt;figure" in html) == (False, True)


@pytest.mark.parametrize(
    ("let_through", "shown"),
    [
        ('<p onclick="x()">Sit.</p><script>x()</script>', "<p>Sit.</p>"),
        ('<a href="javascript:x()">Sit.</a>', '<a rel="noopener">Sit.</a>'),
        ('<a href="java\u200bscript:x()">Sit.</a>', '<a rel="noopener">Sit.</a>'),
        ('<img src="https://a.example/x.png" onerror="x()" alt="A knee">', '<img alt="A knee">'),
    ],
)
def test_what_the_parser_should_let_through_does_not_reach_the_page(monkeypatch, let_through, shown):
    """The parser makes no such thing; the allow-list does not rely on it."""
    monkeypatch.setattr(PARSER, "render", lambda text: let_through)

    assert to_html.__wrapped__("Sit.") == shown
