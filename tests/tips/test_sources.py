"""Sources as editors paste them: numbered or not, with a DOI, an address, or a link of their own."""

import pytest

from tests.factories import NOON, make_tip
from tips import pdf, sources
from tips.markdown import to_html

DOI = "https://doi.org/"


@pytest.mark.parametrize(
    ("line", "links"),
    [
        ("Smith J. *Sports Med*. 2018;48(5):1117. doi:10.1007/s40279-017-0835-7", [f"{DOI}10.1007/s40279-017-0835-7"]),
        ("Smith J. doi: 10.1016/S0140-6736(16)00000-0.", [f"{DOI}10.1016/S0140-6736(16)00000-0"]),
        ("(DOI:10.1002/14651858.CD004577.pub3)", [f"{DOI}10.1002/14651858.CD004577.pub3"]),
        ("https://dx.doi.org/10.1000/a_b_c, seen in May", [f"{DOI}10.1000/a_b_c"]),
        ("WHO guidelines, https://www.who.example/a_(b)?c=1&d=2.", ["https://www.who.example/a_(b)?c=1&d=2"]),
        ("[NHS](https://nhs.example/backs/)", ["https://nhs.example/backs/"]),
        ("<https://nhs.example/backs/>", ["https://nhs.example/backs/"]),
        ("Smith [doi:10.1000/xyz].", [f"{DOI}10.1000/xyz"]),
        ("“https://a.example/b”, and *https://nhs.example/a*", ["https://a.example/b", "https://nhs.example/a"]),
        ("\thttps://a.example/b", ["https://a.example/b"]),
        ("`https://a.example/b` and see!https://a.example/b", []),
        ("A book of 2018, pages 10.1 to 10.5", []),
        ("javascript:alert(1) and data:text/html,hello", []),
    ],
)
def test_what_is_named_can_be_opened(line, links):
    [opened] = sources.lines(line)

    html = to_html(opened)

    assert [each.replace("&amp;", "&") for each in hrefs(html)] == links


def hrefs(html):
    return [part.partition('"')[0] for part in html.split('href="')[1:]]


@pytest.mark.parametrize("mark", ["1. ", "12) ", "- ", "* ", "• ", "  3.  "])
def test_a_list_that_was_pasted_is_not_numbered_twice(mark):
    assert sources.lines(f"{mark}Smith J. 2018.\n\n{mark}Wu H.") == ["Smith J. 2018.", "Wu H."]


@pytest.mark.parametrize("line", ["2018. The year stands first.", "*Sports Med*. 2018."])
def test_what_is_no_mark_of_a_list_stays(line):
    assert sources.lines(line) == [line]


@pytest.mark.django_db
def test_they_are_links_on_the_page_and_in_the_pdf(clinic, client):
    text = {"sources": "1. Smith J. doi:10.1007/s40279-017-0835-7"}
    make_tip(slug="stronger", text=text)
    guide = make_tip(kind="guide", text=text)

    page = client.get("/tips/stronger/").content.decode()

    assert f'<a href="{DOI}10.1007/s40279-017-0835-7"' in page
    assert f"{DOI}10.1007/s40279-017-0835-7".encode() in pdf.guide(guide, day=NOON.date())
