"""The words of a mail, as text and as HTML."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumber_field.phonenumber import to_python

from clinic.letter import as_html, write
from tests.factories import make_clinic

PHONE = to_python("+14076985558")
FACTS = {"reference": "CR-ACDEFG", "answer_by": "Tuesday, March 3, 12:00 PM EST", "status_path": "/r/token/"}


def tags(html):
    return set(re.findall(r"<(\w+)", html))


def bare(text):
    """Without white space and the dashes of lists."""
    return re.sub(r"[\s-]", "", text)


# From text to HTML


def test_a_blank_line_parts_paragraphs_and_a_line_end_is_kept():
    html = as_html("One,\ntwo.\n\nThree.")

    assert html == "<p>One,<br>two.</p>\n<p>Three.</p>"


def test_lines_with_a_dash_become_a_list():
    html = as_html("We have found times:\n- Tuesday\n- Friday\nor later")

    assert html == "<p>We have found times:</p>\n<ul><li>Tuesday</li><li>Friday</li></ul>\n<p>or later</p>"


def test_an_address_of_ours_is_a_button_with_the_words_above_it_and_is_shown_in_full(settings):
    address = f"{settings.BASE_URL}/r/token/"

    html = as_html(f"Open your own page:\n{address}")

    assert html == (
        f'<p class="link"><a class="button" href="{address}" target="_blank">Open your own page</a>'
        f"<br><small>{address}</small></p>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Win a prize:\nhttps://evil.example/r/token/",
        "Win a prize:\nhttp://localhost:8000.evil.example/",
        "Win a prize:\njavascript:alert(1)",
        "Win a prize:\nhttp://localhost:8000/ and more",
        "http://localhost:8000/r/token/",
    ],
)
def test_any_other_address_stays_text(settings, text):
    settings.BASE_URL = "http://localhost:8000"

    html = as_html(text)

    assert tags(html) <= {"p", "br"}


def test_the_clinics_number_can_be_tapped_wherever_it_stands():
    html = as_html("Call us: (407) 698-5558, or write.", phone=PHONE)

    assert html == '<p>Call us: <a class="tel" href="tel:+1-407-698-5558">(407) 698-5558</a>, or write.</p>'


def test_the_address_of_a_talk_can_be_tapped_and_no_other():
    ours, longer = "https://talk.example/room", "https://talk.example/room?id=1&pwd=ab=="

    html = as_html(f"Open {longer} or {ours}. Not https://evil.example/room.", addresses=[ours, longer])

    assert html == (
        '<p>Open <a href="https://talk.example/room?id=1&amp;pwd=ab==" target="_blank">'
        "https://talk.example/room?id=1&amp;pwd=ab==</a>"
        f' or <a href="{ours}" target="_blank">{ours}</a>. Not https://evil.example/room.</p>'
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "addresses"),
    [
        ("open https://talk.example/room?a=1&b=2= (ten minutes before).", ["https://talk.example/room?a=1&b=2="]),
        ("open (https://talk.example/), or call.", ["https://talk.example/"]),
        ("open http://talk.example or javascript:alert(1) or talk.example", []),
        ('open https://talk.example/"onclick="alert(1)', ["https://talk.example/"]),
    ],
)
def test_what_staff_wrote_of_a_talk_holds_its_address(words, addresses):
    make_clinic(video_words=words)

    html = write("booked", FACTS | {"times": ["Tuesday"], "mode": f"By video: {words}"}).html

    assert [unescape(found) for found in re.findall(r'<a href="(.*?)"', html)] == addresses
    assert unescape(re.sub(r"<[^>]*>", "", html)).count(words) == 1


@given(st.text() | st.text(alphabet="ab <>&\"'/:-.\n(407) 698-5558"))
def test_whatever_is_put_in_stays_text(text):
    html = as_html(text, phone=PHONE)

    assert tags(html) <= {"p", "br", "ul", "li", "a"}
    assert bare(unescape(re.sub(r"<[^>]*>", "", html))) == bare(text)


# A whole letter


@pytest.mark.django_db
def test_a_name_with_signs_of_html_is_text_in_both_parts():
    make_clinic(name='Tom & <b>"Ann"</b>')

    letter = write("received", FACTS)

    assert 'Tom & <b>"Ann"</b>\n(407) 698-5558' in letter.text
    assert "<b>" not in letter.html
    assert letter.html.count("Tom &amp; &lt;b&gt;&quot;Ann&quot;&lt;/b&gt;") == 2


@pytest.mark.django_db
def test_a_clinic_without_a_number_asks_nobody_to_call_and_leaves_no_gap():
    make_clinic(phone="")

    letter = write("received", FACTS)

    assert [
        sign for sign in ("Call us", "tel:", "\n\n\n") if sign in letter.text + letter.html.split("<body>")[1]
    ] == []
    assert letter.text.endswith("open your page.\n\nElm Street Clinic\n")


@pytest.mark.django_db
def test_a_demonstration_says_so_at_the_foot_of_both_parts():
    make_clinic(address="12 Elm Street", is_demo=True)

    letter = write("staff_new", FACTS)

    assert letter.text.endswith(
        "Elm Street Clinic\n12 Elm Street\n(407) 698-5558\n\nThis is a demonstration. No clinic stands behind it.\n"
    )
    assert "<p>This is a demonstration. No clinic stands behind it.</p>" in letter.html


@pytest.mark.django_db
def test_the_page_of_a_mail_has_its_subject_for_a_title_and_says_its_language(clinic):
    html = write("received", FACTS).html

    assert re.findall(r"<title>(.*?)</title>|<h1>(.*?)</h1>", html) == [
        ("We received your request", ""),
        ("", "We received your request"),
    ]
    assert re.findall(r'lang="(.*?)"', html) == ["en-us", "en-us"]
